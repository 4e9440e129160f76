"""Targets by which a distribution might leave its tree, as no HTTP client would send them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# {page} is a path from the server's root without its first slash, such as admin/.
_SHAPES = (
    "/../{page}",
    "/%2e%2e/{page}",
    "/.%2e/{page}",
    "/%2E%2E/{page}",
    "/x/../../{page}",
    "/x/y/../../../{page}",
    "/..%2f{page}",
    "/%2e%2e%2f{page}",
    "/x/..//../{page}",
    "//{page}",
    "/..;/{page}",
    "/..%5c{page}",
    "/..\\{page}",
    "/%252e%252e/{page}",
    "/%25252e%25252e/{page}",
    "/..%252f{page}",
    "/%c0%ae%c0%ae/{page}",
    "/x%00/../../{page}",
    "/../{page}?x=1",
)
# As to a proxy (RFC 9112, 3.2.2): no edge sends them on, but a rule on "/static" may miss them.
_ABSOLUTE = ("http://{host}/{page}", "http://{host}{prefix}/../{page}")


def odd_targets(pages: Iterable[str], *, prefix: str, host: str) -> Iterator[str]:
    """Every shape for every page.

    :param pages: Paths such as ``/admin/``.
    :param prefix: What an edge puts in front, such as ``/static``; empty to ask the edge.
    :param host: The name that is asked for.
    """
    for page in dict.fromkeys(pages):
        path = page.removeprefix("/")
        for shape in _SHAPES:
            yield prefix + shape.format(page=path)
        for shape in _ABSOLUTE:
            yield shape.format(page=path, prefix=prefix, host=host)
