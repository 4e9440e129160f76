"""``STATIC_URL``, ``MEDIA_URL``, and what else in the settings names the CDN's hosts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage

from dj_cloudfront.checks import ids
from dj_cloudfront.config import Cdn

_COOKIES = ("SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "LANGUAGE_COOKIE_DOMAIN")
_COMES_AGAIN = {
    *("current", "dev", "head", "latest", "live", "main", "master", "prod"),
    *("production", "release", "stable", "staging", "static", "test"),
}


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """Mistakes in the URLs, of a site that uses the CDN."""
    if cdn.static_origin is not None:
        yield from _static_url(cdn)
        yield from _build_version(cdn)
    if cdn.media_origin is not None and cdn.media_url != settings.MEDIA_URL:
        yield ids.OTHER_MEDIA_URL.found(
            f"MEDIA_URL must be CDN.media_url, {cdn.media_url!r}, got {settings.MEDIA_URL!r}"
        )
    if settings.DEBUG:
        yield ids.DEBUG_WITH_CDN.found(
            "DEBUG must be False with the CDN's URLs, got True: runserver serves neither "
            "static files nor media then, and changes do not show"
        )


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """Mistakes in what the process was started with, local URLs among them."""
    if cdn.is_local and not settings.DEBUG:
        yield ids.LOCAL_WITHOUT_DEBUG.found(
            "CDN must have the URLs of the CDN without DEBUG, got local ones: they have no "
            "build, so caches mix old and new files"
        )
    plain = [
        repr(url)
        for url in (cdn.static_origin, cdn.media_origin, cdn.private_origin)
        if url is not None and url.startswith("http:")
    ]
    if plain:
        yield ids.PLAIN_HTTP.found(
            "DJ_CLOUDFRONT_URL_FORMAT must begin with https:// on a server, such as "
            f"'https://{{domain}}', but URLs begin with {' and '.join(plain)}"
        )


def find_exposed_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
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
        yield ids.CDN_HOST_ALLOWED.found(
            "ALLOWED_HOSTS must not have the CDN's hosts, such as ['www.example.com'], got "
            f"{', '.join(found)}"
        )


def _static_url(cdn: Cdn) -> Iterator[CheckMessage]:
    url = settings.STATIC_URL or ""
    parts = urlsplit(url)
    if parts.query:
        yield ids.QUERY_IN_URL.found(
            "STATIC_URL must not have a query string, such as "
            f"{cdn.static_url!r}, got {url!r}"
        )
    if not parts.path.endswith(f"/{cdn.build_version}/"):
        yield ids.NO_BUILD_IN_URL.found(
            f"STATIC_URL must end with the build version {cdn.build_version!r}, such as "
            f"{cdn.static_url!r}, got {url!r}"
        )
    elif not parts.query and url != cdn.static_url:
        yield ids.OTHER_STATIC_URL.found(
            f"STATIC_URL must be CDN.static_url, {cdn.static_url!r}, got {url!r}"
        )


def _build_version(cdn: Cdn) -> Iterator[CheckMessage]:
    if (cdn.build_version or "").lower() in _COMES_AGAIN:
        yield ids.NAME_COMES_AGAIN.found(
            "build_version must be new for each release, such as '2026-11-23.1', got "
            f"{cdn.build_version!r}: caches keep for a year what was under that name"
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
