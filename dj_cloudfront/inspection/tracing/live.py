"""What a server or the CDN says of one file."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.encoding import filepath_to_uri

from dj_cloudfront.http_probe import Answer, UnreachableError
from dj_cloudfront.inspection.places import Place
from dj_cloudfront.inspection.questions import CODINGS
from dj_cloudfront.inspection.tracing.trace import Told


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What ought to come.

    :param sha256: Of its bytes; None where nothing is known.
    :param brotli: Of the compressed form that was published with it; empty for none.
    """

    sha256: str | None = None
    brotli: str = ""


def ask(place: Place, *, build: str, name: str, site: str, expected: Expected) -> Told:
    """Ask as a browser does for a font or a module, from a page of the site.

    :param build: Empty for media.
    """
    path = f"/{build}/{filepath_to_uri(name)}" if build else f"/{filepath_to_uri(name)}"
    url = f"{place.url}{place.prefix}{path}"
    headers = {"Accept-Encoding": CODINGS["br"], "Origin": site}
    try:
        answer = place.ask(path, headers=headers)
    except UnreachableError as error:
        return Told(
            kind=place.kind,
            place=place.url,
            url=url,
            status=None,
            trouble=str(error),
            is_same=None,
        )
    return Told(
        kind=place.kind,
        place=place.url,
        url=url,
        status=answer.status,
        trouble="",
        is_same=_is_same(answer, expected),
        cache=answer.get("X-Cache"),
        age=answer.get("Age"),
        cache_control=answer.get("Cache-Control"),
        allow_origin=answer.get("Access-Control-Allow-Origin"),
        encoding=answer.get("Content-Encoding") or "identity",
        content_type=answer.get("Content-Type"),
    )


def _is_same(answer: Answer, expected: Expected) -> bool | None:
    if answer.status != 200 or expected.sha256 is None:
        return None
    if answer.content is None:
        return True if answer.wire == expected.brotli else None
    return answer.content == expected.sha256
