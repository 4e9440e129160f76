"""Resource hints, ``preconnect`` and ``preload``: a browser begins earlier.

https://html.spec.whatwg.org/multipage/links.html#link-type-preconnect
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.middleware import GetResponse, SyncAndAsyncMiddleware


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
        kind: Preload(destination="font", media_type=f"font/{kind}", is_anonymous=True)
        for kind in ("woff2", "woff", "ttf", "otf")
    },
    **{
        suffix: Preload(destination="image", media_type=f"image/{kind}")
        for suffix, kind in _IMAGE.items()
    },
}
"""By the end of a name, without the dot."""


def preconnects() -> list[Preconnect]:
    """The connections that a page needs. None with local URLs.

    Two for static files, since stylesheets and fonts do not share one; one for media, whose
    images are asked for without CORS.
    """
    found = []
    if static := cdn().static_origin:
        found.append(Preconnect(origin=static))
        found.append(Preconnect(origin=static, is_anonymous=True))
    if media := cdn().media_origin:
        found.append(Preconnect(origin=media))
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


class PreconnectMiddleware(SyncAndAsyncMiddleware):
    """Let pages say the CDN's hosts in a ``Link`` header, which a browser reads first.

    Only HTML gets it, and no redirect. An existing ``Link`` keeps what it says. With local
    URLs the middleware takes itself out.
    """

    def __init__(self, get_response: GetResponse) -> None:
        # https://www.rfc-editor.org/rfc/rfc8288
        self._header = ", ".join(
            f"<{link.origin}>; rel=preconnect{'; crossorigin' * link.is_anonymous}"
            for link in preconnects()
        )
        if not self._header:
            raise MiddlewareNotUsed("the URLs are local")
        super().__init__(get_response)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind.lower() == "text/html" and not 300 <= response.status_code < 400:
            given = response.headers.get("Link")
            response["Link"] = f"{given}, {self._header}" if given else self._header
        return response
