"""A site of Caddy, to be imported into a Caddyfile or to be one."""

from __future__ import annotations

from dj_cloudfront.contract import (
    ORIGIN_SECRET_HEADER,
    TREE_HEADER,
    UPLOAD_POLICY,
    Tree,
)
from dj_cloudfront.server_config import responses
from dj_cloudfront.server_config.site import (
    ListenAddress,
    ServedTree,
    Site,
    common,
    fill,
    lines,
)

# A snippet stands before its use, and ``route`` keeps the order of what it holds: sorted by
# Caddy, ``respond`` would come after ``handle`` and refuse nothing.
# ``header`` acts at once, so that it stays on errors; with ``match`` or ``?`` it acts when
# the status is known. Go's file server removes Cache-Control from a 416: hence the ``?``.
_TEXT = r"""# <<command>>
(<<p>>cdn) {
	header {
		Access-Control-Allow-Origin *
		Access-Control-Expose-Headers "<<exposed>>"
		X-Content-Type-Options nosniff
		Cache-Control no-store
	}
}

# import tree <path> <folder> <Cache-Control>
(<<p>>tree) {
	import <<p>>cdn
	header ?Cache-Control no-store
	@no_file path_regexp /(\.|$)
	handle @no_file {
		respond 404
	}
	@preflight method OPTIONS
	handle @preflight {
		header {
			Access-Control-Allow-Methods "<<methods>>"
			Access-Control-Allow-Headers *
			Access-Control-Max-Age <<preflight>>
			Cache-Control "<<a_day>>"
		}
		respond 204
	}
	@other not method GET HEAD
	handle @other {
		header Allow "<<methods>>"
		respond 405
	}
	map {path} {file_type} {
<<types>>
		default <<unknown>>
	}
	header Content-Type {file_type}
	header {
		match status 200 206 304
		Cache-Control {args[2]}
	}
	header {
		match status 404
		-Content-Type
	}
	root {args[1]}
	uri strip_prefix {args[0]}
}

<<address>> {
<<options>>	route {
		# First of all: a path that says one thing and may mean another leads nowhere.
		@path_traversal vars_regexp {http.request.orig_uri} "(?i)^(https?://[^/?]*)?<<path_traversal>>"
		handle @path_traversal {
			import <<p>>cdn
			respond 404
		}
<<refusals>>
<<trees>>
		# Lines of your own, which stay when this file is made again.
		import <<own_lines>>
		handle {
			request_body {
				max_size <<upload>>MiB
			}
			reverse_proxy <<upstream>><<proxy>>
		}
	}
}
"""
_REFUSAL = """@<<name>> {
<<when>>
}
handle @<<name>> {
	import <<p>>cdn
	respond <<status>>
}"""
_TREE = """@<<name>> path_regexp ^/<<name>>/
handle @<<name>> {
<<policy>>	import <<p>>tree /<<name>> "<<root>>" "<<cache>>"
	file_server {
		index .no-index
<<companions>>	}
}"""


def render(site: Site) -> str:
    """The text of a file for ``import`` in ``/etc/caddy/Caddyfile``.

    Caddy follows symbolic links and has no option against it.
    """
    return fill(
        _TEXT,
        **common(site),
        p=_prefix(site),
        types=_types(),
        address=_address(site),
        options=_options(site),
        refusals=_refusals(site),
        trees=_block(lines(_tree(site, tree) for tree in site.trees)),
        upload=str(site.upload_mib),
        upstream=site.upstream.replace("unix:", "unix/", 1),
        proxy=_proxy(site),
    )


def _prefix(site: Site) -> str:
    return f"{site.prefix}_" if site.prefix else ""


def _address(site: Site) -> str:
    ports = dict.fromkeys(one.port for one in site.listen)
    scheme = "http" if site.plain else "https"
    return ", ".join(
        name if port == 443 and not site.plain else f"{scheme}://{name}:{port}"
        for port in ports
        for name in site.names or ("",)
    )


def _hosts(listen: tuple[ListenAddress, ...]) -> list[str]:
    # Caddy binds every port of the site to each of them.
    hosts = list(dict.fromkeys(one.host for one in listen))
    if len(listen) != len(hosts) * len({one.port for one in listen}):
        raise ValueError(
            "--listen must give every address the same ports for Caddy, such as "
            f"'127.0.0.1:8080' and '[::1]:8080', got {', '.join(map(str, listen))}"
        )
    return [] if None in hosts else [host.strip("[]") for host in hosts if host]


def _options(site: Site) -> str:
    certificate = site.certificate
    hosts = _hosts(site.listen)
    found = lines(
        f"bind {' '.join(hosts)}" if hosts else "",
        f'tls "{certificate.file}" "{certificate.key}"' if certificate else "",
        _log(site) if site.access_log else "",
    )
    return f"{_block(found, 1)}\n" if found else ""


def _log(site: Site) -> list[str]:
    # Caddy logs all headers.
    secret = f"request>headers>{ORIGIN_SECRET_HEADER} delete"
    hidden = (
        ["	format filter {", f"		{secret}", "	}"] if site.secrets else []
    )
    return ["log {", f'	output file "{site.access_log}"', *hidden, "}"]


def _refusals(site: Site) -> str:
    # A distribution outside its tree, its tree without it, and who comes past it.
    stray = lines(
        f"header {TREE_HEADER} *",
        (
            f"not {{\n\theader {TREE_HEADER} {name}\n\tpath_regexp ^/{name}/\n}}"
            for name in site.tree_names
        ),
    )
    found = [_refusal(site, "stray", 404, stray)]
    for tree in site.trees:
        if tree.needs_header:
            bare = f"path_regexp ^/{tree.name}/\nnot header {TREE_HEADER} {tree.name}"
            found.append(_refusal(site, f"bare_{tree.name}", 404, bare))
    if site.secrets:
        names = "|".join(tree.name for tree in site.guarded)
        past = lines(
            f"path_regexp ^/({names})/",
            (f"not header {ORIGIN_SECRET_HEADER} {value}" for value in site.secrets),
        )
        found.append(_refusal(site, "past_the_cdn", 403, past))
    return _block(lines(found))


def _refusal(site: Site, name: str, status: int, when: str) -> str:
    return fill(
        _REFUSAL,
        name=name,
        when=_block(when, 1),
        p=_prefix(site),
        status=str(status),
    )


def _tree(site: Site, tree: ServedTree) -> str:
    policy = f'header Content-Security-Policy "{UPLOAD_POLICY}"\n'
    return fill(
        _TREE,
        name=tree.name,
        policy="" if tree.name == Tree.STATIC else f"\t{policy}",
        p=_prefix(site),
        root=tree.root,
        cache=responses.cache_control(tree.name),
        companions="\t\tprecompressed br gzip\n" if tree.has_companions else "",
    )


def _types() -> str:
    return _block(
        lines(
            f"~(?i)\\.({extensions.replace(' ', '|')})$ {_quoted(responses.content_type(kind))}"
            for kind, extensions in responses.TYPES.items()
        )
    )


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _proxy(site: Site) -> str:
    if not site.plain:
        return ""
    # Whoever ends TLS says so in X-Forwarded-Proto.
    return " {\n\t\t\t\ttrusted_proxies private_ranges\n\t\t\t}"


def _block(text: str, depth: int = 2) -> str:
    return "\n".join(f"{'	' * depth}{line}" for line in text.split("\n"))
