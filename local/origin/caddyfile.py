"""``caddyfile()``: the rules of docs/web-server.md, in Caddy's words."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from dj_cloudfront.contract import TREE_HEADER

_LISTEN = re.compile(r"127\.0\.0\.1:(\d{1,5})")
_UPSTREAM = re.compile(r"127\.0\.0\.1:\d{1,5}|unix//[\w./-]+")

# A snippet stands before its use, and ``route`` keeps the order of what it holds: sorted by
# Caddy, ``respond`` would come after ``handle`` and refuse nothing.
# ``header`` acts at once, so that it stays on errors; with ``match`` or ``?`` it acts when
# the status is known. Go's file server removes Cache-Control from a 416: hence the ``?``.
_TEMPLATE = Template(r"""{
	admin off
	persist_config off
	auto_https off
	storage file_system $storage
	servers {
		protocols h1
	}
}

(cdn) {
	header {
		Access-Control-Allow-Origin *
		Access-Control-Allow-Methods "GET, HEAD, OPTIONS"
		Access-Control-Allow-Headers *
		Access-Control-Expose-Headers "X-Cache, Age, ETag, Content-Length, Content-Range"
		Access-Control-Max-Age 86400
		X-Content-Type-Options nosniff
		Cache-Control no-store
	}
}

(tree) {
	import cdn
	header ?Cache-Control no-store
	@no_file path_regexp /(\.|$$)
	handle @no_file {
		respond 404
	}
	@preflight method OPTIONS
	handle @preflight {
		header Cache-Control "public, max-age=86400"
		respond 204
	}
	@other not method GET HEAD
	handle @other {
		header Allow "GET, HEAD, OPTIONS"
		respond 405
	}
	header {
		match status 200 206 304
		Cache-Control {args[2]}
	}
	root {args[1]}
	uri strip_prefix {args[0]}
	file_server {
		index .no-index
		precompressed br gzip
	}
}

http://:$port {
	bind 127.0.0.1
	log {
		output $log
	}
	route {
		@odd vars_regexp {http.request.orig_uri} "$odd"
		handle @odd {
			import cdn
			respond 404
		}
		@stray {
			header $header *
			not {
				header $header static
				path_regexp ^/static/
			}
			not {
				header $header media
				path_regexp ^/media/
			}
		}
		handle @stray {
			import cdn
			respond 404
		}
		@static path_regexp ^/static/
		handle @static {
			import tree /static $static_root "public, max-age=31536000, immutable"
		}
		@media path_regexp ^/media/
		handle @media {
			header Content-Security-Policy "default-src 'none'; style-src 'unsafe-inline'; sandbox"
			import tree /media $media_root "public, max-age=86400"
		}
		handle {
			reverse_proxy $upstream
		}
	}
}
""")

# On the raw target, before "?", of what a distribution can send: its path begins with the
# tree. "%25" is "%", so that "%252e" is refused however often it was encoded.
_ODD = r"(?i)^(https?://[^/?]*)?/(static|media)[^?]*(/\.\.|//|\\|%(25)*(2e|2f|5c|00))"


def caddyfile(
    *,
    listen: str,
    static_root: Path,
    media_root: Path,
    upstream: str,
    storage: Path,
    log: Path | None = None,
) -> str:
    """The text of a Caddyfile. Nothing is read or written.

    Caddy follows symbolic links and has no option against it; the nginx configuration of
    the README does.

    :param listen: Where to listen, such as ``127.0.0.1:8080``; loopback only.
    :param static_root: The folder that holds one folder for each build.
    :param upstream: Django's server, such as ``127.0.0.1:8000`` or ``unix//run/app.sock``.
    :param storage: The folder for what Caddy itself writes.
    :param log: The file of the access log. Default: standard output.
    :raises ValueError: when an address or a path cannot be written into a Caddyfile.
    """
    address = _LISTEN.fullmatch(listen)
    if address is None:
        raise ValueError(
            "listen must be 127.0.0.1 and a port, such as '127.0.0.1:8080', "
            f"got {listen!r}"
        )
    if not _UPSTREAM.fullmatch(upstream):
        raise ValueError(
            "upstream must be 127.0.0.1 and a port or a socket, such as "
            f"'127.0.0.1:8000' or 'unix//run/app.sock', got {upstream!r}"
        )
    return _TEMPLATE.substitute(
        port=address[1],
        static_root=_quote("static_root", static_root),
        media_root=_quote("media_root", media_root),
        upstream=upstream,
        storage=_quote("storage", storage),
        log="stdout" if log is None else f"file {_quote('log', log)}",
        odd=_ODD,
        header=TREE_HEADER,
    )


def _quote(name: str, path: Path) -> str:
    text = str(path)
    # Braces are placeholders and environment variables to Caddy, inside quotes too.
    if path.is_absolute() and not re.search(r'[{}"`\\\x00-\x1f]', text):
        return f'"{text}"'
    raise ValueError(
        f"{name} must be an absolute path without braces, quotes, backslashes or line "
        f"breaks, such as '/var/mysite/{name}', got {text!r}"
    )
