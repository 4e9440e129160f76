"""Middleware for pages: no page for a distribution, and a reload for pages of another build.

The web server compares ``X-Cdn-Tree`` with the tree of the path: see ``server_config/`` and
``whitenoise.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.utils.http import escape_leading_slashes

from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.contract import TREE_HEADER

BUILD_HEADER = "X-Cdn-Build"
"""The header by which a page says of which build it is."""

RELOAD_COOKIE = "cdn-reloaded"
"""Set for a minute with each reload, so that none follows another one at once."""

_SAFE = ("GET", "HEAD")

GetResponse = Callable[[HttpRequest], Any]


class SyncAndAsyncMiddleware:
    """The hooks of Django's ``MiddlewareMixin``, which has a thread run them under ASGI."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self._is_async:
            return self._call_async(request)
        response = self.process_request(request) or self.get_response(request)
        return self.process_response(request, response)

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        response = self.process_request(request) or await self.get_response(request)
        return self.process_response(request, response)

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        return None

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        return response


class CdnTreeMiddleware(SyncAndAsyncMiddleware):
    """Answer 404 to every request that comes through a distribution.

    Distributions read files, which the web server answers; a request of theirs that reaches
    Django has left its tree, by ``..`` in the path or by a rule missing in the web server.
    Each carries ``X-Cdn-Tree``, which a viewer can neither remove nor overwrite:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html

    Put it first in ``MIDDLEWARE``; behind WhiteNoise's, if that serves the files.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if TREE_HEADER not in request.headers:
            return None
        # An edge keeps a 404 that says nothing for as long as its own error TTL.
        headers = {"Cache-Control": "no-store"}
        return HttpResponseNotFound(
            "Not found\n", content_type="text/plain", headers=headers
        )


class FragmentMiddleware(SyncAndAsyncMiddleware):
    """Let a page of another build reload when it asks for a fragment.

    Such a fragment would name files of this build in a page with the styles and scripts of
    another. A page sends ``X-Cdn-Build`` with ``{% cdn_build %}``; htmx is answered by
    ``HX-Refresh``, a boosted link by ``HX-Redirect``, a frame of Turbo by
    ``turbo-visit-control``. A request that changes something is carried out first. Other
    scripts get the fragment with ``X-Cdn-Build`` in the response, and decide for themselves.
    So do all within a minute of a reload. With local URLs it is not used.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if cdn().is_local:
            raise MiddlewareNotUsed("the URLs are local")
        super().__init__(get_response)

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
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

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # Also without the header, or a cache would give that response to a page that has it.
        patch_vary_headers(response, [BUILD_HEADER])
        if _is_of_another_build(request):
            response[BUILD_HEADER] = cdn().build_version or ""
            if "HX-Request" in request.headers and request.method not in _SAFE:
                response["HX-Refresh"] = "true"
        return response


def _is_of_another_build(request: HttpRequest) -> bool:
    return request.headers.get(BUILD_HEADER, cdn().build_version) != cdn().build_version
