"""A trace for a person: a line for each station."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.inspection.places import Kind
from dj_cloudfront.inspection.tracing.trace import Copy, Told, Trace

_WIDTH = 8


def lines(trace: Trace) -> Iterator[str]:
    """What is known, from the source to the CDN."""
    yield trace.name
    for number, source in enumerate(trace.sources):
        hidden = ", hidden by the one above" if number else ""
        yield _line(
            "source",
            f"{source.path}, {source.size} bytes ({source.found_by}){hidden}",
        )
    for copy in trace.copies:
        yield _line("build", _copy(copy))
    if trace.url:
        yield _line("page", trace.url)
    for told in trace.told:
        label = "server" if told.kind is Kind.ORIGIN else "CDN"
        yield _line(label, f"{told.url}: {_told(told)}")


def _line(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"


def _copy(copy: Copy) -> str:
    same = {
        True: "the same as the source",
        False: "differs from the source",
        None: "without a source",
    }
    used = ", which pages use" if copy.is_used else ""
    return f"{copy.build}/{copy.name}, {copy.size} bytes, {same[copy.is_same]}{used}"


def _told(told: Told) -> str:
    if told.trouble:
        return told.trouble
    same = {True: "the same bytes", False: "other bytes", None: ""}
    parts = [
        str(told.status),
        same[told.is_same],
        told.encoding,
        told.cache,
        f"{told.age} s old" if told.age else "",
        told.cache_control and f"Cache-Control: {told.cache_control}",
        f"Access-Control-Allow-Origin: {told.allow_origin or 'none'}",
    ]
    return "; ".join(part for part in parts if part)
