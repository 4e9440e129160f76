"""From settings and options to a ``Site``: every value is checked on the way."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dj_cloudfront.servers import inputs
from dj_cloudfront.servers.rules import MEDIA, PRIVATE, STATIC
from dj_cloudfront.servers.site import Certificate, Site, Tree

CERTBOT = "/etc/letsencrypt/live"
UPLOAD_MIB = 5
UPSTREAM = "127.0.0.1:8000"

_MIB = 1024 * 1024
_SECRETS_AT_ONCE = 2
_DOTTED = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*", re.I)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What Django's settings say.

    :param body_bytes: ``DATA_UPLOAD_MAX_MEMORY_SIZE``. Files of an upload do not count there.
    """

    builds_root: str
    media_root: str
    allowed_hosts: Sequence[str] = ()
    body_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """What no setting says, by the names of the command's options."""

    server_name: Sequence[str] = ()
    listen: str | None = None
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


def gather(
    settings: Settings,
    options: Options,
    *,
    command: str,
    makes_certificates: bool = False,
) -> Site:
    """Check everything that a web server has to know.

    :param makes_certificates: Whether the server gets one by itself, when none is given.
    :raises ValueError: with one sentence.
    """
    names = _names(settings, options)
    log = options.access_log
    return Site(
        command=command,
        trees=_trees(settings, options),
        listen=inputs.address("--listen", options.listen or _port(options)),
        upstream=inputs.upstream("--upstream", options.upstream),
        names=names,
        plain=options.http,
        certificate=_certificate(options, None if makes_certificates else names),
        upload_mib=_upload_mib(settings, options),
        secrets=_secrets(options),
        access_log=inputs.path("--access-log", log) if log else None,
        prefix=inputs.word("--name", options.name) if options.name else "",
    )


def _port(options: Options) -> str:
    return "80" if options.http else "443"


def _names(settings: Settings, options: Options) -> tuple[str, ...]:
    if options.server_name:
        return tuple(inputs.host("--server-name", name) for name in options.server_name)
    if options.http:
        return ()
    found = tuple(name for name in settings.allowed_hosts if _DOTTED.fullmatch(name))
    if found:
        return found
    raise ValueError(
        "--server-name must be given, such as 'www.example.com', because ALLOWED_HOSTS "
        f"names no host, got {list(settings.allowed_hosts)}"
    )


def _trees(settings: Settings, options: Options) -> tuple[Tree, ...]:
    roots = [(STATIC, settings.builds_root, "static_root of CDN")]
    if settings.media_root:
        roots.append((MEDIA, settings.media_root, "MEDIA_ROOT"))
    if options.private_root:
        roots.append((PRIVATE, options.private_root, "--private-root"))
    guarded = _guarded([name for name, _, _ in roots], options)
    return tuple(
        Tree(
            name=name,
            root=inputs.path(source, root),
            source=source,
            guarded=name in guarded,
        )
        for name, root, source in roots
    )


def _guarded(trees: Sequence[str], options: Options) -> set[str]:
    """The trees that ask for the origin secret: all, unless some were named."""
    if not options.origin_secret_variable:
        if options.guard or PRIVATE in trees:
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
    return {*options.guard, PRIVATE} if options.guard else set(trees)


def _certificate(options: Options, names: tuple[str, ...] | None) -> Certificate | None:
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
            f"{CERTBOT}/{names[0]}/{name}.pem" for name in ("fullchain", "privkey")
        )
    return Certificate(
        file=inputs.path("--certificate", given[0] or ""),
        key=inputs.path("--certificate-key", given[1] or ""),
    )


def _upload_mib(settings: Settings, options: Options) -> int:
    if options.max_upload is not None:
        if 0 < options.max_upload < _MIB:
            return options.max_upload
        raise ValueError(
            f"--max-upload must be from 1 to {_MIB - 1} MiB, such as 50, "
            f"got {options.max_upload}"
        )
    return max(UPLOAD_MIB, -(-(settings.body_bytes or 0) // _MIB))


def _secrets(options: Options) -> tuple[str, ...]:
    variables = options.origin_secret_variable
    if len(variables) > _SECRETS_AT_ONCE:
        raise ValueError(
            "--origin-secret-variable must be given at most twice, for the old value and "
            f"the new one while it rotates, got {len(variables)}"
        )
    return tuple(
        inputs.secret(
            inputs.variable("--origin-secret-variable", name),
            options.environment.get(name, ""),
        )
        for name in variables
    )
