"""From settings and options to a ``Site``: every value is checked on the way."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dj_cloudfront.contract import Tree
from dj_cloudfront.server_config.site import (
    Certificate,
    ListenAddress,
    ServedTree,
    Site,
)

CERTBOT = "/etc/letsencrypt/live"
UPLOAD_MIB = 5
UPSTREAM = "127.0.0.1:8000"
_MIB = 1024 * 1024
_SECRETS_AT_ONCE = 2
_DOTTED = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*", re.I)
# What can stand in a configuration, in the syntax of every server.
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.I)
_PORT = re.compile(r"[1-9]\d{0,4}")
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_IPV6 = re.compile(r"\[[0-9a-f:.]+\]", re.I)
# Everything else means something to one of the servers, inside of quotes too.
_PATH = re.compile(r"/[\w ./+=@~()&:'!-]*")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, kw_only=True)
class DjangoSettings:
    """What Django's settings say.

    :param body_bytes: ``DATA_UPLOAD_MAX_MEMORY_SIZE``. Files of an upload do not count there.
    :param file_bytes: The largest file that an app of the site takes, such as Wagtail's.
    """

    builds_root: str
    media_root: str
    allowed_hosts: Sequence[str] = ()
    body_bytes: int | None = None
    file_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """What no setting says, by the names of the command's options."""

    server_name: Sequence[str] = ()
    listen: Sequence[str] = ()
    http: bool = False
    certificate: str | None = None
    certificate_key: str | None = None
    upstream: str = UPSTREAM
    max_upload: int | None = None
    private_root: str | None = None
    origin_secret_variable: Sequence[str] = ()
    guard: Sequence[str] = ()
    access_log: str | None = None
    name: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


def from_settings(
    settings: DjangoSettings,
    options: ServerOptions,
    *,
    command: str,
    makes_certificates: bool = False,
) -> Site:
    """Check everything that a web server has to know.

    :param makes_certificates: Whether the server gets one by itself, when none is given.
    :raises ValueError: with one sentence.
    """
    names = _names(settings, options, makes_certificates=makes_certificates)
    log = options.access_log
    return Site(
        command=command,
        trees=_trees(settings, options),
        listen=tuple(
            dict.fromkeys(
                map(_listen, options.listen or ["80" if options.http else "443"])
            )
        ),
        upstream=_upstream(options.upstream),
        names=names,
        plain=options.http,
        certificate=_certificate(options, None if makes_certificates else names),
        upload_mib=_upload_mib(settings, options),
        secrets=_secrets(options),
        access_log=_path("--access-log", log) if log else None,
        prefix=_prefix(options.name) if options.name else "",
    )


def _names(
    settings: DjangoSettings, options: ServerOptions, *, makes_certificates: bool
) -> tuple[str, ...]:
    needs_dns = makes_certificates and not (options.http or options.certificate)
    if options.server_name:
        given = tuple(map(_server_name, options.server_name))
        if needs_dns and any(name.startswith("*") for name in given):
            raise ValueError(
                "--certificate must be given with a wildcard in --server-name, such as "
                "'*.example.com': Caddy gets such a certificate only with a module for DNS"
            )
        return tuple(dict.fromkeys(given))
    if options.http:
        return ()
    allowed = [name.lower() for name in settings.allowed_hosts]
    found: dict[str, None] = {}
    for name in allowed:
        if not _DOTTED.fullmatch(name.removeprefix(".")):
            continue
        found[name.removeprefix(".")] = None
        if name.startswith(".") and not needs_dns:
            found[f"*{name}"] = None
    if found:
        return tuple(found)
    raise ValueError(
        "--server-name must be given, such as 'www.example.com', because ALLOWED_HOSTS "
        f"names no host, got {list(settings.allowed_hosts)}"
    )


def _trees(settings: DjangoSettings, options: ServerOptions) -> tuple[ServedTree, ...]:
    roots = [(Tree.STATIC, settings.builds_root, "static_root of CDN")]
    if settings.media_root:
        roots.append((Tree.MEDIA, settings.media_root, "MEDIA_ROOT"))
    if options.private_root:
        roots.append((Tree.PRIVATE, options.private_root, "--private-root"))
    guarded = _guarded([name for name, _, _ in roots], options)
    return tuple(
        ServedTree(
            name=name,
            root=_path(source, root),
            source=source,
            guarded=name in guarded,
        )
        for name, root, source in roots
    )


def _guarded(trees: Sequence[str], options: ServerOptions) -> set[str]:
    # All trees ask for the origin secret, unless some were named.
    if not options.origin_secret_variable:
        if options.guard or Tree.PRIVATE in trees:
            given = "--guard" if options.guard else "--private-root"
            raise ValueError(
                "--origin-secret-variable must name the variable that holds the origin "
                f"secret, such as 'ORIGIN_SECRET', when {given} is given: without it the "
                "server can be asked past the CDN"
            )
        return set()
    for name in options.guard:
        if name not in trees:
            raise ValueError(
                f"--guard must be one of the trees: {', '.join(trees)}, got {name!r}"
            )
    return {*options.guard, Tree.PRIVATE} if options.guard else set(trees)


def _certificate(
    options: ServerOptions, names: tuple[str, ...] | None
) -> Certificate | None:
    given: tuple[str | None, ...] = (options.certificate, options.certificate_key)
    if options.http and any(given):
        raise ValueError(
            "--certificate must not be given with --http, which has no TLS"
        )
    if any(given) and not all(given):
        raise ValueError(
            "--certificate and --certificate-key must be given together, such as "
            f"'{CERTBOT}/www.example.com/fullchain.pem' and 'privkey.pem' beside it"
        )
    if not any(given):
        if options.http or names is None:
            return None
        given = tuple(
            f"{CERTBOT}/{names[0].removeprefix('*.')}/{name}.pem"
            for name in ("fullchain", "privkey")
        )
    return Certificate(
        file=_path("--certificate", given[0] or ""),
        key=_path("--certificate-key", given[1] or ""),
    )


def _upload_mib(settings: DjangoSettings, options: ServerOptions) -> int:
    if options.max_upload is not None:
        if 0 < options.max_upload < _MIB:
            return options.max_upload
        raise ValueError(
            f"--max-upload must be from 1 to {_MIB - 1} MiB, such as 50, "
            f"got {options.max_upload}"
        )
    # A form around a file is a little longer, and its message is better than a bare 413.
    file = (settings.file_bytes or 0) and settings.file_bytes + _MIB
    return max(UPLOAD_MIB, -(-max(settings.body_bytes or 0, file or 0) // _MIB))


def _secrets(options: ServerOptions) -> tuple[str, ...]:
    variables = options.origin_secret_variable
    if len(variables) > _SECRETS_AT_ONCE:
        raise ValueError(
            "--origin-secret-variable must be given at most twice, for the old value and "
            f"the new one while it rotates, got {len(variables)}"
        )
    return tuple(_secret(name, options.environment) for name in variables)


def _listen(text: str) -> ListenAddress:
    host, colon, port = text.rpartition(":")
    if _is_port(port) and (not colon or _IPV4.fullmatch(host) or _IPV6.fullmatch(host)):
        return ListenAddress(host=host or None, port=int(port))
    raise ValueError(
        "--listen must be a port or an IP address and a port, such as '443' or "
        f"'127.0.0.1:8080', got {text!r}"
    )


def _upstream(text: str) -> str:
    if text.startswith("unix:/") and " " not in text:
        return f"unix:{_path('--upstream', text.removeprefix('unix:'))}"
    host, _, port = text.rpartition(":")
    if _is_port(port) and (_HOST.fullmatch(host) or _IPV6.fullmatch(host)):
        return text
    raise ValueError(
        "--upstream must be a host and a port or a socket, such as '127.0.0.1:8000' or "
        f"'unix:/run/mysite/gunicorn.sock', got {text!r}"
    )


def _server_name(text: str) -> str:
    if _HOST.fullmatch(text.removeprefix("*.")) and ".." not in text:
        return text.lower()
    raise ValueError(
        "--server-name must be a host name such as 'www.example.com' or "
        f"'*.example.com', got {text!r}"
    )


def _path(what: str, text: str | os.PathLike[str]) -> str:
    found = os.fspath(text)
    if _PATH.fullmatch(found) and ".." not in found.split("/"):
        return "/" + os.path.normpath(found).strip("/")
    raise ValueError(
        f"{what} must be an absolute path of letters, digits, spaces and . / + = @ ~ "
        f"( ) & : ' ! _ -, such as '/var/mysite/static', got {found!r}"
    )


def _secret(variable: str, environment: Mapping[str, str]) -> str:
    if not _VARIABLE.fullmatch(variable):
        raise ValueError(
            "--origin-secret-variable must be the name of an environment variable, such as "
            f"'ORIGIN_SECRET', got {variable!r}"
        )
    text = environment.get(variable, "")
    if _SECRET.fullmatch(text):
        return text
    raise ValueError(
        f"the environment variable {variable} must hold 16 to 256 letters, digits, '-' or "
        f"'_', such as what 'openssl rand -hex 32' prints, got {len(text)} characters"
    )


def _prefix(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    raise ValueError(
        "--name must be 1 to 32 lower-case letters, digits or '_' that begin with a "
        f"letter, such as 'shop', got {name!r}"
    )


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and int(text) < 65536
