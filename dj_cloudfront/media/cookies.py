"""Signed cookies: one signature for many private files, with URLs that stay as they are."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.files.storage import storages
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.utils.encoding import filepath_to_uri

from cdn_model.cookies import shared_cookie_domain
from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.media.signer import Policy, signature_expiry
from dj_cloudfront.media.storages import PrivateMediaStorage

NAMES = (
    *("CloudFront-Policy", "CloudFront-Signature"),
    *("CloudFront-Key-Pair-Id", "CloudFront-Hash-Algorithm"),
)
STORAGE = "private"
"""The alias in ``STORAGES`` whose key signs."""


def set_media_cookies(
    request: HttpRequest,
    response: HttpResponse,
    *,
    prefix: str = "",
    lifetime: int | None = None,
    using: str = STORAGE,
) -> None:
    """Let this browser read private files.

    The cookies are ``Secure`` and ``HttpOnly``. They go to every host under the domain that
    the site and the distribution share.

    :param prefix: Which folder, such as ``reports/2026/``. Default: all files.
    :param lifetime: Seconds for which they are good at least. Default: the storage's.
    :param using: The alias of a ``PrivateMediaStorage`` in ``STORAGES``. Default: ``private``.
    :raises ValueError: if no cookie of the site reaches the distribution, if ``prefix`` is no
        folder, or if ``lifetime`` is no number of seconds.
    """
    if prefix and not prefix.endswith("/"):
        # It would open "reports-of-others/", too.
        raise ValueError(
            f"prefix must be a folder that ends in '/', such as 'reports/', got {prefix!r}"
        )
    storage = _storage(using)
    seconds = storage.lifetime if lifetime is None else lifetime
    expires = signature_expiry(seconds, storage.window)
    if cdn().is_local:
        return
    folder = filepath_to_uri(prefix.lstrip("/")).replace("*", "%2A")
    policy = Policy(resource=f"{storage.base_url}{folder}*", expires=expires)
    cookies = storage.signer.cookies(policy)
    # A cached page must not hand out the cookies of another.
    patch_vary_headers(response, ["Cookie"])
    if _has(request, cookies):
        return
    domain = _domain(request, storage)
    for name, value in cookies.items():
        response.set_cookie(
            name,
            value,
            max_age=seconds + storage.window,
            domain=domain,
            secure=True,
            httponly=True,
            samesite="Lax",
        )


def delete_media_cookies(
    request: HttpRequest, response: HttpResponse, *, using: str = STORAGE
) -> None:
    """Take the cookies from this browser. A copy of them is good until it expires."""
    if cdn().is_local:
        return
    domain = _domain(request, _storage(using))
    for name in NAMES:
        response.delete_cookie(name, domain=domain, samesite="Lax")
        # As it was set: browsers compare.
        for flag in ("secure", "httponly"):
            response.cookies[name][flag] = True


def with_media_cookies(
    prefix: str = "", *, lifetime: int | None = None, using: str = STORAGE
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a view whose visitors may read the private files below a prefix.

    The view decides who is a visitor: a redirect or an error gives no cookies.

    :param prefix: Which folder, such as ``reports/2026/``. Default: all files.
    :param lifetime: Seconds for which they are good at least. Default: the storage's.
    :param using: The alias of a ``PrivateMediaStorage`` in ``STORAGES``. Default: ``private``.
    :raises ValueError: in a request, as ``set_media_cookies()``.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        def add(request: HttpRequest, response: HttpResponse) -> HttpResponse:
            if response.status_code < 300:
                set_media_cookies(
                    request, response, prefix=prefix, lifetime=lifetime, using=using
                )
            return response

        async def add_later(
            request: HttpRequest, response: Awaitable[HttpResponse]
        ) -> HttpResponse:
            return add(request, await response)

        @functools.wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            response = view(request, *args, **kwargs)
            # The dispatch() of an asynchronous View is no coroutine function.
            later = inspect.isawaitable(response)
            return add_later(request, response) if later else add(request, response)

        return markcoroutinefunction(wrapped) if iscoroutinefunction(view) else wrapped

    return decorate


@sync_and_async_middleware
def media_cookies_middleware(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Give every user who is logged in the cookies, and take them at logout.

    After ``AuthenticationMiddleware``. For other rules, decorate views with
    ``with_media_cookies()`` instead. A host that shares no domain with the distribution, such
    as an internal one, gets none.

    :raises ValueError: in a request, if ``STORAGES["private"]`` is no ``PrivateMediaStorage``
        or has no key.
    """

    def adapt(request: HttpRequest, response: HttpResponse, known: bool) -> None:
        hosts = _hosts(request, _storage(STORAGE))
        if shared_cookie_domain(*hosts) is None and not cdn().is_local:
            return
        if known and response.status_code < 300:
            set_media_cookies(request, response)
        elif not known and any(name in request.COOKIES for name in NAMES):
            delete_media_cookies(request, response)

    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = await get_response(request)
            user = await request.auser()
            adapt(request, response, user.is_authenticated)
            return response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        adapt(request, response, request.user.is_authenticated)
        return response

    return synchronous


def _has(request: HttpRequest, cookies: Mapping[str, str]) -> bool:
    """Whether the browser has these. ECDSA gives another signature each time."""
    return all(
        name in request.COOKIES
        and (name == "CloudFront-Signature" or request.COOKIES[name] == value)
        for name, value in cookies.items()
    )


def _storage(alias: str) -> PrivateMediaStorage:
    storage = storages[alias] if alias in settings.STORAGES else None
    if not isinstance(storage, PrivateMediaStorage):
        got = "none" if storage is None else type(storage).__name__
        raise ValueError(
            f"STORAGES[{alias!r}] must be a PrivateMediaStorage for signed cookies, got {got}: "
            "the middleware takes this alias, with_media_cookies() another with using="
        )
    return storage


def _domain(request: HttpRequest, storage: PrivateMediaStorage) -> str:
    site, host = _hosts(request, storage)
    domain = shared_cookie_domain(site, host)
    if domain is None:
        raise ValueError(
            "private files must be under a domain that they share with the site for signed "
            f"cookies, such as 'private.example.com' for 'www.example.com', got {host!r} for "
            f"{site!r}: use signed URLs"
        )
    return domain


def _hosts(request: HttpRequest, storage: PrivateMediaStorage) -> tuple[str, str]:
    site = urlsplit(f"//{request.get_host()}").hostname or ""
    return site.rstrip("."), urlsplit(storage.base_url).hostname or ""
