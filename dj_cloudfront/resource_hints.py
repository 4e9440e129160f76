"""Resource hints, ``preconnect`` and ``preload``: a browser begins earlier.

https://html.spec.whatwg.org/multipage/links.html#link-type-preconnect
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from dj_cloudfront import cdn_setting
from dj_cloudfront.config import Cdn

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@dataclass(frozen=True, kw_only=True)
class Preconnect:
    """A connection to open early.

    :param is_anonymous: For requests by CORS without credentials: fonts, modules, ``fetch()``.
        Browsers keep those apart from the connections for stylesheets, images and scripts.
    """

    origin: str
    is_anonymous: bool = False


@dataclass(frozen=True, kw_only=True)
class Preload:
    """How a kind of file is asked for; another way would load it a second time.

    :param destination: For ``as``.
    :param media_type: For ``type``: a browser that cannot use it does not load it.
    :param is_anonymous: Whether the page will ask by CORS without credentials.
    """

    destination: str
    media_type: str = ""
    is_anonymous: bool = False


_FONT = {"woff2": "woff2", "woff": "woff", "ttf": "ttf", "otf": "otf"}
_IMAGE = {
    **{kind: kind for kind in ("avif", "gif", "jpeg", "png", "webp")},
    "jpg": "jpeg",
    "svg": "svg+xml",
}

PRELOADS: dict[str, Preload] = {
    "css": Preload(destination="style"),
    "js": Preload(destination="script"),
    "mjs": Preload(destination="script"),
    "json": Preload(destination="fetch", is_anonymous=True),
    "wasm": Preload(destination="fetch", is_anonymous=True),
    **{
        suffix: Preload(
            destination="font", media_type=f"font/{kind}", is_anonymous=True
        )
        for suffix, kind in _FONT.items()
    },
    **{
        suffix: Preload(destination="image", media_type=f"image/{kind}")
        for suffix, kind in _IMAGE.items()
    },
}
"""By the end of a name, without the dot."""


def preconnects(cdn: Cdn) -> list[Preconnect]:
    """The connections that a page needs. None with local URLs.

    Two for static files, since stylesheets and fonts do not share one; one for media, whose
    images are asked for without CORS.
    """
    found = []
    if cdn.static_origin is not None:
        found.append(Preconnect(origin=cdn.static_origin))
        found.append(Preconnect(origin=cdn.static_origin, is_anonymous=True))
    if cdn.media_origin is not None:
        found.append(Preconnect(origin=cdn.media_origin))
    return found


def preload(name: str) -> Preload:
    """How a static file of this name is asked for.

    :raises ValueError: for a kind of file that browsers do not preload.
    """
    _, dot, suffix = name.lower().rpartition(".")
    if dot and suffix in PRELOADS:
        return PRELOADS[suffix]
    raise ValueError(
        "cdn_preload must get the name of a static file that browsers can preload, such as "
        f"'css/site.css', got {name!r}: it may end in {', '.join(sorted(PRELOADS))}"
    )


def link_header(links: list[Preconnect]) -> str:
    """The links as the value of a ``Link`` header: https://www.rfc-editor.org/rfc/rfc8288"""
    return ", ".join(
        f"<{link.origin}>; rel=preconnect{'; crossorigin' * link.is_anonymous}"
        for link in links
    )


class PreconnectMiddleware:
    """Let pages say the CDN's hosts in a ``Link`` header, which a browser reads first.

    Only HTML gets it, and no redirect. An existing ``Link`` keeps what it says. With local
    URLs the middleware takes itself out.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._header = link_header(preconnects(cdn_setting.cdn()))
        if not self._header:
            raise MiddlewareNotUsed("the URLs are local")
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer(request)
        return self._with_link(cast(HttpResponseBase, self.get_response(request)))

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        response = await cast("Awaitable[HttpResponseBase]", self.get_response(request))
        return self._with_link(response)

    def _with_link(self, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind.lower() == "text/html" and not 300 <= response.status_code < 400:
            there = response.headers.get("Link")
            response.headers["Link"] = (
                f"{there}, {self._header}" if there else self._header
            )
        return response
