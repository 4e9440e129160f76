"""Compression by CloudFront itself.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Protocol

import brotli

from cdn_edge.body import BodyStream
from cdn_edge.messages import Response

SMALLEST, LARGEST = 1_000, 10_000_000
STATUSES = (200, 403, 404)
TYPES = frozenset(
    (
        *("application/dash+xml", "application/eot", "application/font"),
        *("application/font-sfnt", "application/javascript", "application/json"),
        *("application/opentype", "application/otf", "application/pdf"),
        *("application/pkcs7-mime", "application/protobuf", "application/rss+xml"),
        *("application/truetype", "application/ttf", "application/vnd.apple.mpegurl"),
        *("application/vnd.mapbox-vector-tile", "application/vnd.ms-fontobject"),
        *("application/wasm", "application/xhtml+xml", "application/xml"),
        *("application/x-font-opentype", "application/x-font-truetype"),
        *("application/x-font-ttf", "application/x-httpd-cgi"),
        *("application/x-javascript", "application/x-mpegurl"),
        *("application/x-opentype", "application/x-otf", "application/x-perl"),
        *("application/x-ttf", "font/eot", "font/opentype", "font/otf", "font/ttf"),
        *("image/svg+xml", "text/css", "text/csv", "text/html", "text/javascript"),
        *("text/js", "text/plain", "text/richtext", "text/tab-separated-values"),
        *("text/x-component", "text/x-java-source", "text/x-script", "text/xml"),
        *("vnd.apple.mpegurl",),
    )
)


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Brotli:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=5)

    def compress(self, data: bytes, /) -> bytes:
        return bytes(self._compressor.process(data))

    def flush(self) -> bytes:
        return bytes(self._compressor.finish())


_COMPRESSORS: dict[str, Callable[[], _Compressor]] = {
    "br": _Brotli,
    "gzip": lambda: zlib.compressobj(6, zlib.DEFLATED, 31),
}


class CompressedStream(BodyStream):
    """Another stream, compressed as it comes."""

    def __init__(self, source: BodyStream, compressor: _Compressor) -> None:
        super().__init__(size=None, pause=lambda _: None, leave=source.close)
        self._source = source
        self._compressor = compressor

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._source.chunks():
            if data := self._compressor.compress(chunk):
                yield data
        yield self._compressor.flush()
        self.finish()


def compressed(response: Response, accepted: str) -> Response:
    """The response of an origin, compressed if CloudFront would.

    :param accepted: ``br,gzip`` or one of them, as the viewer and the policy have it.
    """
    body, headers = response.body, response.headers
    content_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if (
        not isinstance(body, BodyStream)
        or response.status not in STATUSES
        or body.size is None
        or not SMALLEST <= body.size <= LARGEST
        or content_type not in TYPES
        or "Content-Encoding" in headers
    ):
        return response
    coding = accepted.partition(",")[0]
    headers = headers.copy()
    headers["Content-Encoding"] = coding
    if headers.get("ETag", "").startswith('"'):
        headers["ETag"] = "W/" + headers["ETag"]
    stream = CompressedStream(body, _COMPRESSORS[coding]())
    return replace(response, headers=headers, body=stream)
