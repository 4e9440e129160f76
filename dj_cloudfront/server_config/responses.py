"""Headers, types and refused paths that all servers share: docs/web-server.md has the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dj_cloudfront.contract import Tree

A_YEAR = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
NO_STORE = "no-store"
METHODS = "GET, HEAD, OPTIONS"
EXPOSED_HEADERS = "X-Cache, Age, ETag, Content-Length, Content-Range"
PREFLIGHT_SECONDS = 86400
UNKNOWN_TYPE = "application/octet-stream"

TYPES: Mapping[str, str] = {
    "text/css": "css",
    "text/html": "html htm",
    "text/javascript": "js mjs",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/vtt": "vtt",
    "application/json": "json map",
    "application/manifest+json": "webmanifest",
    "application/pdf": "pdf",
    "application/wasm": "wasm",
    "application/xml": "xml",
    "application/zip": "zip",
    "application/gzip": "gz",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/avif": "avif",
    "image/gif": "gif",
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "video/mp4": "mp4 m4v",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
"""Extensions by type. The tables that servers bring differ by age, and what a page needs is
missing in some; a file of another kind is ``UNKNOWN_TYPE``, which browsers download."""


def content_type(kind: str) -> str:
    """A type as it is sent: text is UTF-8, also what somebody uploaded.

    JSON is UTF-8 by its own rules, and XML says it inside of the file.
    """
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def cache_control(tree: str) -> str:
    """Of a file that is there. A build never changes; media may have to disappear."""
    return A_YEAR if tree == Tree.STATIC else A_DAY


def path_traversal(trees: Iterable[str]) -> str:
    r"""A pattern for the raw path of a request that says one thing and may mean another.

    It begins at the first slash and ignores case. ``%25`` is ``%``, so that ``%252e`` is found
    however often it was encoded, and ``\x5c`` the backslash, which some servers eat in quotes.
    """
    return rf"/({'|'.join(trees)})[^?]*(/\.\.|//|\x5c|%(25)*(2e|2f|5c|00))"
