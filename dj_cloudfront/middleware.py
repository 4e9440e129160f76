"""``CdnTreeMiddleware``: Django refuses every request that carries ``X-Cdn-Tree``.

The web server compares the header with the tree of the path: see ``server_config/`` and
``whitenoise.py``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.utils.http import escape_leading_slashes

from dj_cloudfront import cdn_setting
from dj_cloudfront.contract import TREE_HEADER

BUILD_HEADER = "X-Cdn-Build"
"""The header by which a page says of which build it is."""

RELOAD_COOKIE = "cdn-reloaded"
"""Set for a minute with each reload, so that none follows another one at once."""

_SAFE = ("GET", "HEAD")

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class CdnTreeMiddleware:
    """Answer 404 to every request that comes through a distribution.

    Distributions read files, which the web server answers; a request of theirs that reaches
    Django has left its tree, by ``..`` in the path or by a rule missing in the web server.
    Each carries ``X-Cdn-Tree``, which a viewer can neither remove nor overwrite:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html

    Put it first in ``MIDDLEWARE``; behind WhiteNoise's, if that serves the files.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if TREE_HEADER not in request.headers:
            return self.get_response(request)
        return _refuse_async() if self._is_async else _refusal()


def _refusal() -> HttpResponse:
    # An edge keeps a 404 that says nothing for as long as its own error TTL.
    return HttpResponseNotFound(
        "Not found\n", content_type="text/plain", headers={"Cache-Control": "no-store"}
    )


async def _refuse_async() -> HttpResponse:
    return _refusal()


class FragmentMiddleware:
    """Let a page of another build reload when it asks for a fragment.

    Such a fragment would name files of this build in a page with the styles and scripts of
    another. A page sends ``X-Cdn-Build`` with ``{% cdn_build %}``; htmx is answered by
    ``HX-Refresh``, a boosted link by ``HX-Redirect``, a frame of Turbo by
    ``turbo-visit-control``. A request that changes something is carried out first. Other
    scripts get the fragment with ``X-Cdn-Build`` in the response, and decide for themselves.
    So do all within a minute of a reload. With local URLs it is not used.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        if cdn_setting.cdn().is_local:
            raise MiddlewareNotUsed("the URLs are local")
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer_async(request)
        response = _reload(request) or self.get_response(request)
        assert isinstance(response, HttpResponseBase)
        return _marked(request, response)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        response = _reload(request)
        if response is None:
            pending = self.get_response(request)
            assert not isinstance(pending, HttpResponseBase)
            response = await pending
        return _marked(request, response)


def _is_of_another_build(request: HttpRequest) -> bool:
    build = request.headers.get(BUILD_HEADER)
    return build is not None and build != cdn_setting.cdn().build_version


def _reload(request: HttpRequest) -> HttpResponseBase | None:
    """What is sent in place of a fragment, where nothing is lost by it."""
    if not _is_of_another_build(request) or request.method not in _SAFE:
        return None
    # A page from a cache is as old as before, and would reload for as long as that has it.
    if RELOAD_COOKIE in request.COOKIES:
        return None
    response = HttpResponse(headers={"Cache-Control": "no-store"})
    if "HX-Boosted" in request.headers:
        response["HX-Redirect"] = escape_leading_slashes(request.get_full_path())
    elif "HX-Request" in request.headers:
        response["HX-Refresh"] = "true"
    elif "Turbo-Frame" in request.headers:
        response.content = format_html(
            '<!doctype html><meta name="turbo-visit-control" content="reload">'
            '<turbo-frame id="{}"></turbo-frame>',
            request.headers["Turbo-Frame"],
        ).encode()
    else:
        return None
    response.set_cookie(
        RELOAD_COOKIE,
        "1",
        max_age=60,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if BUILD_HEADER not in request.headers:
        return response
    patch_vary_headers(response, [BUILD_HEADER])
    if _is_of_another_build(request):
        response[BUILD_HEADER] = cdn_setting.cdn().build_version or ""
        if "HX-Request" in request.headers and request.method not in _SAFE:
            response["HX-Refresh"] = "true"
    return response
