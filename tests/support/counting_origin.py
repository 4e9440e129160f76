"""A web server of the tests that answers as told and counts what it is asked."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

Value = TypeVar("Value")

HOST = "127.0.0.1"


class LoopThread:
    """An event loop that runs beside the test."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@dataclass(kw_only=True)
class Reply:
    """What the origin says.

    ``drop`` closes the connection in place of an answer, ``missing`` that many bytes before
    its end. ``ranges`` gives the one that is asked for, and ``chunked`` no length. The bytes of
    ``raw`` are sent as they stand, with ``pause`` seconds before each; an event among them, or
    as ``delay``, is waited for.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"body"
    delay: float | threading.Event = 0
    drop: bool = False
    missing: int = 0
    ranges: bool = False
    chunked: bool = False
    raw: Sequence[bytes | threading.Event] = ()
    pause: float = 0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it reached the origin."""

    line: bytes
    headers: Mapping[str, str]
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(b" ")[0].decode()

    @property
    def target(self) -> str:
        return self.line.split(b" ")[1].decode("latin-1")


class CountingOrigin:
    """A web server that answers as told and writes down what it is asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.asked: list[Asked] = []
        self.sent = 0
        self.connections = 0
        self.replies: dict[str, Reply] = {}
        self.default = Reply()
        self.port = 0
        self._thread = LoopThread()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.close()

    @property
    def address(self) -> str:
        return f"{'https://' if self.tls else ''}{HOST}:{self.port}"

    @property
    def count(self) -> int:
        return len(self.asked)

    @property
    def targets(self) -> list[str]:
        return [one.target for one in self.asked]

    def start(self) -> None:
        """Listen; after `stop`, on the same port again."""
        self._thread.run(self._start())

    def stop(self) -> None:
        """Refuse connections from now on."""
        self._thread.run(self._stop())

    async def _start(self) -> None:
        self._connections: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(
            self._connected, HOST, self.port, ssl=self.tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        pairs = [line.decode("latin-1").split(": ", 1) for line in head[1:] if line]
        headers = {name.lower(): value for name, value in pairs}
        body = await self._body(reader, headers)
        asked = Asked(line=head[0], headers=headers, body=body)
        self.asked.append(asked)
        reply = self.replies.get(asked.target.partition("?")[0], self.default)
        await _wait(reply.delay)
        for piece in reply.raw:
            if isinstance(piece, threading.Event):
                await _wait(piece)
                continue
            await asyncio.sleep(reply.pause)
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)
        if not (reply.drop or reply.raw):
            writer.write(_rendered(reply, asked))
            await writer.drain()
        return not (reply.drop or reply.missing)

    async def _body(
        self, reader: asyncio.StreamReader, headers: Mapping[str, str]
    ) -> bytes:
        if "chunked" in headers.get("transfer-encoding", ""):
            body = await reader.readuntil(b"0\r\n\r\n")
            return b"".join(body.split(b"\r\n")[1::2])
        return await reader.readexactly(int(headers.get("content-length", 0)))


async def _wait(what: float | threading.Event) -> None:
    if isinstance(what, threading.Event):
        assert await asyncio.to_thread(what.wait, 20)
    else:
        await asyncio.sleep(what)


def _rendered(reply: Reply, asked: Asked) -> bytes:
    status = reply.status
    tag = reply.headers.get("ETag")
    if tag and asked.headers.get("if-none-match") == tag and status == 200:
        status = 304
    body = reply.body
    lines = [f"{n}: {v}" for n, v in reply.headers.items()]
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", ""))
    if reply.ranges and wanted and status == 200:
        size = len(body)
        first = int(wanted[1]) if wanted[1] else size - int(wanted[2])
        last = min(size - 1, int(wanted[2])) if wanted[1] and wanted[2] else size - 1
        status, body = 206, body[first : last + 1]
        lines.append(f"Content-Range: bytes {first}-{last}/{size}")
    if reply.chunked:
        lines.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    elif status not in (204, 304):
        lines.append(f"Content-Length: {len(body) + reply.missing}")
    head = "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""]).encode("latin-1")
    empty = status in (204, 304) or asked.method == "HEAD"
    return head + (b"" if empty else body)
