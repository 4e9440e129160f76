"""Viewers' connections: HTTP/1.1 requests in, responses out, byte for byte."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus

import httptools
from multidict import CIMultiDict

from cdn_edge.body import BodyError, BodyStream
from cdn_edge.messages import BODYLESS
from cdn_edge.tls import ViewerTls

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
LONGEST_URL = 8192
LONGEST_HEAD = 32_768
# A head is read as far as it takes to say which limit it breaks.
_LONGEST_READ = 4 * LONGEST_HEAD

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, kw_only=True)
class ViewerTimeouts:
    """Seconds that a viewer may take; CloudFront does not publish its own.

    :param head: For a request line and its headers.
    :param idle: Between two requests.
    :param linger: To read a refusal, when it still sends what was refused.
    """

    head: float = 30
    idle: float = 60
    linger: float = 2


class Request:
    """A request as it arrived. Header bytes stand as ISO 8859-1, so that none are lost.

    :ivar refused: The status that the head alone deserves, or 0.
    """

    def __init__(self) -> None:
        self.method = ""
        self.target = b""
        self.version = "1.1"
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.size = 0
        self.body: BodyStream | None = None
        self.keep_alive = True
        self.refused = 0


Serve = Callable[[Request, "ViewerConnection"], Coroutine[None, None, None] | None]
"""Answers a request at once, or says what is to be awaited until it is answered."""


class ViewerConnection(asyncio.Protocol):
    """One connection; its requests are answered in turn.

    :param scheme: ``http`` or ``https``; empty where one listener stands for both.
    """

    def __init__(
        self,
        serve: Serve,
        limits: ViewerTimeouts,
        connections: set[ViewerConnection],
        scheme: str = "",
        tls: ViewerTls | None = None,
    ) -> None:
        self._tls = tls
        self.scheme = scheme
        self._serve = serve
        self._limits = limits
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._pairs: list[tuple[str, str]] = []
        self._in_head = False
        self._head_read = 0
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._receiving: BodyStream | None = None
        self._ended = False
        self._is_lingering = False
        self._current: Request | None = None
        self.deadline: float | None = None

    # -- of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        secure = transport.get_extra_info("ssl_object")
        if self._tls and not self._tls.accepts(secure):
            transport.abort()
            return
        self.address, self.port = transport.get_extra_info("peername")[:2]
        self._connections.add(self)
        self.deadline = self._loop.time() + self._limits.head

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        self._viewer_has_gone()
        self._waiting.clear()
        if self._task:
            self._task.cancel()

    def eof_received(self) -> bool:
        # A viewer may close its side and still wait for the response.
        self._viewer_has_gone()
        self._advance()
        # TLS has no connection that is half closed.
        return self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._drained and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None
        self._advance()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        if not self._in_head and self._receiving is None:
            self.deadline = self._loop.time() + self._limits.head
            self._in_head = True
        if self._in_head:
            self._head_read += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing is upgraded, and what follows is no HTTP/1.1.
            self._request.keep_alive = False
            self._end()
        except httptools.HttpParserError:
            self._refuse(400)
        else:
            if self._in_head and self._head_read > _LONGEST_READ:
                self._refuse(494 if self._pairs else 414)
        if self._waiting or self._ended:
            self._advance()

    # -- of the parser

    def on_message_begin(self) -> None:
        self._request = Request()
        self._pairs = []
        self._in_head = True

    def on_url(self, part: bytes) -> None:
        self._request.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else a trailer, which CloudFront drops
            text = value.decode("latin-1").strip(" \t")
            self._pairs.append((name.decode("latin-1"), text))
            self._request.size += len(name) + len(text) + 4

    def on_headers_complete(self) -> None:
        request, parser = self._request, self._parser
        self._in_head = False
        self._head_read = 0
        request.headers = CIMultiDict(self._pairs)
        request.method = parser.get_method().decode()
        request.version = parser.get_http_version()
        request.keep_alive = parser.should_keep_alive()
        request.refused = _refusal(request)
        length = request.headers.get("Content-Length")
        if "Transfer-Encoding" in request.headers or (length or "0") != "0":
            self._receiving = request.body = BodyStream(
                size=None if length is None else int(length),
                pause=self._pause,
                leave=self._end,
                patience=self._limits.idle,
            )
        self._waiting.append(request)
        if len(self._waiting) > 1:
            self._transport.pause_reading()

    def on_body(self, data: bytes) -> None:
        if self._receiving:
            self._receiving.feed(data)

    def on_message_complete(self) -> None:
        if self._receiving:
            self._receiving.finish()
            self._receiving = None

    # -- of the server

    def _advance(self) -> None:
        """Answer what waits, in turn, as far as it can be answered at once."""
        while self._waiting and self._current is None and self._drained is None:
            request = self._waiting.popleft()
            if len(self._waiting) == 1:
                self._transport.resume_reading()
            self._current, self.deadline = request, None
            pending = self._serve(request, self)
            if pending is not None:
                self._task = asyncio.ensure_future(pending)
                self._task.add_done_callback(self._served)
                return
            self._answered(request)
        if self._ended and not self._waiting and self._current is None:
            self._close(unread=False)

    def _served(self, task: asyncio.Task[None]) -> None:
        request, self._task = self._current, None
        if task.cancelled() or request is None:
            return
        if error := task.exception():
            self._transport.abort()
            context = {"message": "a request is not answered", "exception": error}
            self._loop.call_exception_handler(context)
            return
        self._answered(request)
        self._advance()

    def _answered(self, request: Request) -> None:
        self._current = None
        self.deadline = self._loop.time() + self._limits.idle
        if request.refused or (request.body and not request.body.ended):
            # What the viewer still sends is no request.
            self._ended = True
            self._waiting.clear()
            self._close(unread=True)
        elif not request.keep_alive:
            self._ended = True
            self._waiting.clear()

    def _close(self, *, unread: bool) -> None:
        if self._is_lingering or self._transport.is_closing():
            return
        if not unread:
            self._transport.close()
            return
        # To close at once would reset the connection, and the response be lost with it.
        self._is_lingering = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        self.deadline = self._loop.time() + self._limits.linger

    def close_if_overdue(self, now: float) -> None:
        """For a viewer that takes too long for a head, or says nothing between requests."""
        if self._current is None and self.deadline and now > self.deadline:
            self._transport.abort()

    def abort(self) -> None:
        """Break off: what is sent already is not a whole response."""
        self._transport.abort()

    def continue_(self) -> None:
        """Tell the viewer to send the body that it announced."""
        self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def send_at_once(
        self, status: int, headers: CIMultiDict[str], body: bytes, *, size: int | None
    ) -> None:
        """Send a response whose body is at hand.

        :param size: Of the body that a GET would get.
        """
        request = self._current
        assert request is not None
        head = _head(status, headers, size=size, chunked=False, request=request)
        bodyless = status in BODYLESS or request.method == "HEAD"
        self._transport.write(head if bodyless else head + body)

    async def send(
        self,
        status: int,
        headers: CIMultiDict[str],
        body: AsyncIterator[bytes],
        *,
        size: int | None,
    ) -> None:
        """Send a response as its body comes.

        :param size: Of the body; None sends it in chunks, or until the connection closes.
        :raises BodyError: when the body breaks off.
        """
        request = self._current
        assert request is not None
        bodyless = status in BODYLESS or request.method == "HEAD"
        chunked = size is None and not bodyless and request.version == "1.1"
        if size is None and not bodyless and not chunked:
            request.keep_alive = False
        head = _head(status, headers, size=size, chunked=chunked, request=request)
        self._transport.write(head)
        if bodyless:
            return
        async for chunk in body:
            self._transport.write(
                b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk
            )
            if self._drained:
                await self._drained
        if chunked:
            self._transport.write(b"0\r\n\r\n")

    # -- within

    def _refuse(self, status: int) -> None:
        """Answer what cannot be read, after the requests before it, and close."""
        request = self._request
        if self._receiving:
            self._receiving.finish(BodyError("the body is malformed"))
        else:
            request.refused, request.keep_alive = status, False
            request.method = "GET"
            self._waiting.append(request)
        self._end()

    def _viewer_has_gone(self) -> None:
        if self._receiving:
            self._receiving.finish(BodyError("the viewer has gone"))
        self._end()

    def _end(self) -> None:
        self._ended = True

    def _pause(self, on: bool) -> None:
        if on and not self._transport.is_closing():
            self._transport.pause_reading()
        elif not on and len(self._waiting) < 2 and not self._transport.is_closing():
            self._transport.resume_reading()


def _refusal(request: Request) -> int:
    """400, 414, 494 or 505 for what no distribution can answer; else 0."""
    if request.version not in ("1.0", "1.1"):
        return 400 if request.version < "1.0" else 505
    if len(request.target) > LONGEST_URL:
        return 414
    if request.size + len(request.target) > LONGEST_HEAD:
        return 494
    hosts = len(request.headers.getall("Host", ()))
    if hosts > 1 or (not hosts and request.version == "1.1"):
        return 400
    if "Transfer-Encoding" in request.headers:
        codings = request.headers.getall("Transfer-Encoding")
        if [coding.lower() for coding in codings] != ["chunked"]:
            return 501
    return 0 if request.target.startswith(b"/") else 400


def _head(
    status: int,
    headers: CIMultiDict[str],
    *,
    size: int | None,
    chunked: bool,
    request: Request,
) -> bytes:
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if size is not None and status not in BODYLESS:
        lines.append(f"Content-Length: {size}")
    elif chunked:
        lines.append("Transfer-Encoding: chunked")
    if not request.keep_alive:
        lines.append("Connection: close")
    elif request.version == "1.0":
        lines.append("Connection: keep-alive")
    lines += ["", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")
