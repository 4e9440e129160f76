"""``CdnTreeMiddleware``: Django refuses every request that carries ``X-Cdn-Tree``.

The web server compares the header with the tree of the path: see ``server_config/`` and
``whitenoise.py``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase

from dj_cloudfront.contract import TREE_HEADER

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
