"""Cookie domains, trusted origins and ``ALLOWED_HOSTS`` that cover the CDN's hosts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage

from dj_cloudfront.checks import ids
from dj_cloudfront.config import Cdn

_COOKIES = ("SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "LANGUAGE_COOKIE_DOMAIN")


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """Domains that are too wide. Only names are compared."""
    hosts = [
        urlsplit(origin).hostname or ""
        for origin in (cdn.static_origin, cdn.media_origin)
        if origin is not None
    ]
    yield from _cookies(hosts)
    if cdn.media_origin is not None:
        yield from _trusted(cdn.media_origin)
    found = [host for host in settings.ALLOWED_HOSTS if host.lower() in hosts]
    if found:
        yield ids.CDN_AS_SITE.found(
            "ALLOWED_HOSTS must not have the CDN's hosts, such as ['www.example.com'], got "
            f"{', '.join(found)}"
        )


def _cookies(hosts: list[str]) -> Iterator[CheckMessage]:
    for name in _COOKIES:
        domain = getattr(settings, name, None)
        covered = [host for host in hosts if domain and _is_below(host, domain)]
        if covered:
            yield ids.COOKIE_DOMAIN.found(
                f"{name} must not cover the CDN's hosts, such as None, got {domain!r}: "
                f"browsers send the cookie to {' and '.join(covered)} with each file"
            )


def _trusted(origin: str) -> Iterator[CheckMessage]:
    asked = urlsplit(origin)
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        parts = urlsplit(trusted)
        wide = parts.netloc.startswith("*.") and _is_below(
            asked.hostname or "", parts.netloc[1:]
        )
        if parts.scheme == asked.scheme and (wide or parts.netloc == asked.netloc):
            yield ids.TRUSTED_UPLOADS.found(
                "CSRF_TRUSTED_ORIGINS must not cover the host of uploads, such as "
                f"['https://www.example.com'], got {trusted!r}: an uploaded page could "
                "send forms to the site"
            )


def _is_below(host: str, domain: str) -> bool:
    """Whether a host is a domain or below it, as for cookies."""
    bare = domain.lower().removeprefix(".")
    return host == bare or host.endswith(f".{bare}")
