"""Ranges of bytes: what a viewer asks for, what the origin is asked for, and what is sent.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RangeGETs.html
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from cdn_edge.messages import Headers

BOUNDARY = "cloudfront-3f1c9e5a7b2d4806"

_UNIT = re.compile(r"\s*bytes\s*=", re.I)
_RANGE = re.compile(r"\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.A)
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.A | re.I)
_MOST = 50


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """The bytes of an object that are sent: from ``start`` up to, not with, ``stop``."""

    start: int
    stop: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{size}"


@dataclass(frozen=True)
class Ranges:
    """A ``Range`` header that CloudFront acts by: in ascending order, without overlaps.

    :param pairs: First and last position; no first means the last so many bytes, no last
        means to the end.
    """

    pairs: tuple[tuple[int | None, int | None], ...]
    if_range: str | None = None

    def of(self, size: int) -> Sequence[ByteRange]:
        """Those that an object of this size has; none when it has none of them."""
        found = []
        for first, last in self.pairs:
            if first is None:
                start, stop = max(0, size - (last or 0)), size
            else:
                start, stop = first, size if last is None else min(size, last + 1)
            if start < stop:
                found.append(ByteRange(start=start, stop=stop))
        return found

    @property
    def header(self) -> str | None:
        """The ``Range`` for the origin, that has all of them; None for the whole."""
        first, last = self.pairs[0][0], self.pairs[-1][1]
        if len(self.pairs) > 1 and self.pairs[-1][0] is None:
            return None
        return f"bytes={_text(first)}-{_text(last)}"

    @property
    def request_headers(self) -> Mapping[str, str]:
        """For the origin; none where it is asked for the whole."""
        if self.header is None:
            return {}
        condition = {"If-Range": self.if_range} if self.if_range is not None else {}
        return {"Range": self.header, **condition}

    def allowed_by(self, response: Headers) -> bool:
        """Whether ``If-Range`` names this version of the object."""
        asked = self.if_range
        if asked is None:
            return True
        etag = response.get("ETag", "")
        is_strong = asked == etag and not etag.startswith("W/")
        return is_strong or asked == response.get("Last-Modified")


def ranges(request: Headers) -> Ranges | None:
    """What a request asks for; None means the whole object."""
    text = request.get("Range", "")
    unit = _UNIT.match(text)
    if unit is None:
        return None
    found = [_RANGE.fullmatch(part) for part in text[unit.end() :].split(",")]
    pairs = tuple((_number(m[1]), _number(m[2])) for m in found if m)
    if len(pairs) != len(found) or len(pairs) > _MOST or not _is_ascending(pairs):
        return None
    return Ranges(pairs, request.get("If-Range"))


def content_range(response: Headers) -> tuple[ByteRange, int] | None:
    """What the origin says that it sent, and the size of the whole."""
    found = _CONTENT_RANGE.fullmatch(response.get("Content-Range", "").strip())
    if found is None:
        return None
    start, last, size = int(found[1]), int(found[2]), int(found[3])
    if not start <= last < size:
        return None
    return ByteRange(start=start, stop=last + 1), size


def multipart_size(parts: Sequence[ByteRange], size: int, content_type: str) -> int:
    heads = sum(len(_part_head(part, size, content_type)) for part in parts)
    return heads + sum(part.stop - part.start for part in parts) + len(_end())


async def multipart(
    parts: Sequence[ByteRange],
    size: int,
    content_type: str,
    read: Callable[[ByteRange], AsyncIterator[bytes]],
) -> AsyncIterator[bytes]:
    """The body of ``multipart/byteranges``."""
    for part in parts:
        yield _part_head(part, size, content_type)
        async for data in read(part):
            yield data
    yield _end()


def _part_head(part: ByteRange, size: int, content_type: str) -> bytes:
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = (
        f"\r\n--{BOUNDARY}\r\n{kind}Content-Range: {part.content_range(size)}\r\n\r\n"
    )
    return head.encode("latin-1")


def _end() -> bytes:
    return f"\r\n--{BOUNDARY}--\r\n".encode()


def _is_ascending(pairs: Sequence[tuple[int | None, int | None]]) -> bool:
    for first, last in pairs:
        if first is None and last is None:
            return False
        if first is not None and last is not None and last < first:
            return False
    for (_, last), (following, _) in zip(pairs, pairs[1:], strict=False):
        if last is None or (following is not None and following <= last):
            return False
    return all(first is not None for first, _ in pairs[:-1])


def _number(digits: str) -> int | None:
    return int(digits) if digits else None


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
