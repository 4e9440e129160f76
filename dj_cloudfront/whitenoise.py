"""Files from Django's own process, with WhiteNoise: every build, by the web server's rules.

WhiteNoise alone lists the files of one build when it starts, keeps them for a minute, and
leaves errors and preflights to Django. Nothing else imports this module; it needs the package
``whitenoise``.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import ClassVar
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from whitenoise.media_types import MediaTypes  # type: ignore[import-untyped]
from whitenoise.middleware import (  # type: ignore[import-untyped]
    WhiteNoiseFileResponse,
)
from whitenoise.responders import (  # type: ignore[import-untyped]
    NotARegularFileError,
    StaticFile,
)

from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.contract import TREE_HEADER, UPLOAD_POLICY, Tree
from dj_cloudfront.server_config import responses

# In any tree: some servers resolve a path before Django sees it, and pass on the raw one.
_PATH_TRAVERSAL = re.compile(
    rf"(https?://[^/?]*)?{responses.path_traversal(Tree)}",
    re.IGNORECASE,
)
_OF_A_PREFLIGHT = {
    "Access-Control-Allow-Methods": responses.METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": str(responses.PREFLIGHT_SECONDS),
    "Cache-Control": responses.A_DAY,
}
_OF_A_304 = {"etag", "last-modified", "vary"}


class StaticFilesMiddleware:
    """Serve ``/static/<build>/…`` of every build that is published, and nothing else of it.

    A build is there as soon as it is published and gone as soon as it is pruned, without a
    restart. Put it first in ``MIDDLEWARE``, before ``CdnTreeMiddleware``: a redirect to HTTPS
    would lead past the CDN. With ``local=True`` it is not used.
    """

    tree: ClassVar[str] = Tree.STATIC

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if cdn().is_local:
            raise MiddlewareNotUsed("the URLs are local")
        self.get_response = get_response
        self._prefix, self._root = f"/{self.tree}/", self.root()
        is_static = self.tree == Tree.STATIC
        self._companions = {"gzip": ".gz", "br": ".br"} if is_static else {}
        types = {
            f".{extension}": responses.content_type(kind)
            for kind, extensions in responses.TYPES.items()
            for extension in extensions.split()
        }
        self._types = MediaTypes(extra_types=types)

    def root(self) -> str:
        """The folder of the tree."""
        return cdn().builds_root

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.headers.get(TREE_HEADER, "")
        is_inside = request.path_info.startswith(self._prefix)
        if _PATH_TRAVERSAL.match(_raw_target(request)):
            return self._finished(HttpResponse(status=404))
        if is_inside and asked in ("", self.tree):
            return self._finished(self._answer(request))
        if is_inside or asked == self.tree:
            # A distribution outside its tree.
            return self._finished(HttpResponse(status=404))
        return self.get_response(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=_OF_A_PREFLIGHT)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": responses.METHODS})
        try:
            file = self._find(request.path_info)
            if file is None:
                return HttpResponse(status=404)
            response = _response(file, request.method, request.META)
        except (OSError, ValueError, NotARegularFileError):
            # Pruned between the look and the reading, or no name of a file at all.
            return HttpResponse(status=404)
        if isinstance(response, WhiteNoiseFileResponse) and hasattr(request, "scope"):
            # Of a plain file under ASGI Django warns, and reads it whole.
            return _AsyncResponse(response)
        return response

    def _find(self, url: str) -> StaticFile | None:
        """The file of a URL: no folder, nothing hidden, and no link on the way to it.

        The disk is looked at each time, since builds come and go.

        :raises OSError: when it is there and cannot be read.
        """
        parts = url.removeprefix(self._prefix).split("/")
        if any(not part or part.startswith(".") or "\0" in part for part in parts):
            return None
        path = os.path.join(os.path.realpath(self._root), *parts)
        if os.path.realpath(path) != path or not os.path.isfile(path):
            return None
        return StaticFile(
            path,
            [("Content-Type", self._types.get_type(path))],
            encodings={
                name: path + ending
                for name, ending in self._companions.items()
                if not os.path.islink(path + ending)
            },
        )

    def _finished(self, response: HttpResponseBase) -> HttpResponseBase:
        """The headers that every answer of a tree has."""
        if response.status_code not in (200, 204, 206, 304):
            response["Cache-Control"] = responses.NO_STORE
        elif not response.has_header("Cache-Control"):
            response["Cache-Control"] = responses.cache_control(self.tree)
        if not getattr(response, "streaming", False):
            # Django's own type says nothing of an answer without content.
            del response["Content-Type"]
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = responses.EXPOSED_HEADERS
        response["X-Content-Type-Options"] = "nosniff"
        if self.tree != Tree.STATIC:
            response["Content-Security-Policy"] = UPLOAD_POLICY
        return response


class MediaFilesMiddleware(StaticFilesMiddleware):
    """Serve ``/media/…`` from ``MEDIA_ROOT``, where nothing else can.

    Each download keeps a thread of the application server busy for as long as it lasts. A web
    server or a bucket does that better.
    """

    tree = Tree.MEDIA

    def root(self) -> str:
        if not settings.MEDIA_ROOT:
            raise ImproperlyConfigured(
                "MEDIA_ROOT must be a folder, such as '/var/mysite/media', got ''"
            )
        root: str = os.fspath(settings.MEDIA_ROOT)
        return root


def _response(
    file: StaticFile, method: str, meta: Mapping[str, str]
) -> HttpResponseBase:
    _, headers = file.get_path_and_headers(meta)
    etag = _etag(headers)
    if _is_known(file, etag, meta):
        kept = [(name, value) for name, value in headers if name.lower() in _OF_A_304]
        return HttpResponse(status=304, headers={**dict(kept), "ETag": etag})
    asked = {"HTTP_ACCEPT_ENCODING": meta.get("HTTP_ACCEPT_ENCODING", "")}
    wanted = meta.get("HTTP_RANGE", "")
    if wanted and meta.get("HTTP_IF_RANGE", etag) == etag:
        asked["HTTP_RANGE"] = wanted
    found = file.get_response(method, asked)
    if found.status == 416 and not _is_beyond(wanted, dict(found.headers)):
        # WhiteNoise refuses a range of one byte; the whole file is an answer too.
        del asked["HTTP_RANGE"]
        found = file.get_response(method, asked)
    response: HttpResponseBase = WhiteNoiseFileResponse(
        found.file or (), status=int(found.status)
    )
    for name, value in found.headers:
        response[name] = value
    response["Accept-Ranges"] = "bytes"
    if found.status != 416:
        response["ETag"] = etag
    return response


class _AsyncResponse(StreamingHttpResponse):
    """The same, read in parts."""

    def __init__(self, file: WhiteNoiseFileResponse) -> None:
        super().__init__(_chunks(file), status=file.status_code)
        self.headers = file.headers
        self._file = file

    def close(self) -> None:
        super().close()
        self._file.close()


async def _chunks(file: WhiteNoiseFileResponse) -> AsyncIterator[bytes]:
    parts = iter(file.streaming_content)
    read = sync_to_async(lambda: next(parts, b""), thread_sensitive=False)
    while part := await read():
        yield part


def _etag(headers: list[tuple[str, str]]) -> str:
    """The tag of one representation: WhiteNoise gives a file and its companions the same one.

    https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3
    """
    given = {name.lower(): value for name, value in headers}
    encoding = given.get("content-encoding")
    etag = given.get("etag", '""')
    return f'{etag[:-1]}-{encoding}"' if encoding else etag


def _is_known(file: StaticFile, etag: str, meta: Mapping[str, str]) -> bool:
    """Whether the client has it: CloudFront weakens the tag of what it compresses."""
    tags = meta.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return tags.strip() == "*" or etag in re.findall(r'"[^"]*"', tags)
    return bool(file.is_not_modified(meta))


def _is_beyond(wanted: str, headers: Mapping[str, str]) -> bool:
    first = re.match(r"bytes=(\d+)-", wanted)
    size = int(headers["Content-Range"].rpartition("/")[2])
    return first is not None and int(first[1]) >= size


def _raw_target(request: HttpRequest) -> str:
    """The target as it was sent. Without a server that tells, what must have been sent."""
    for name in ("RAW_URI", "REQUEST_URI"):
        if name in request.META:
            return str(request.META[name])
    path: bytes = getattr(request, "scope", {}).get("raw_path") or b""
    return path.decode("latin-1") or quote(request.path_info)
