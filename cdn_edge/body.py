"""Bodies: bytes on their way through the edge, and bytes that the cache shares."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable

_HIGH_WATER = 256 * 1024
_PIECE = 64 * 1024


class BodyError(Exception):
    """The rest of a body will not come."""


class BodyStream:
    """What a connection receives, for one reader. A slow reader slows down the sender.

    :param size: As announced; None when only the end will tell.
    :param pause: Stops the sender, or lets it go on.
    :param leave: Called when the reader goes before the end.
    :param patience: Seconds to wait for the next bytes. None: for ever.
    """

    def __init__(
        self,
        *,
        size: int | None,
        pause: Callable[[bool], None],
        leave: Callable[[], None],
        patience: float | None = None,
    ) -> None:
        self.size = size
        self._patience = patience
        self._pause = pause
        self._leave = leave
        self._buffer: list[bytes] = []
        self._held = 0
        self._ended = False
        self._error: BodyError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._deadline = math.inf
        self._before: Callable[[], None] | None = None

    @property
    def ended(self) -> bool:
        return self._ended

    def feed(self, data: bytes) -> None:
        self._buffer.append(data)
        self._held += len(data)
        if self._held > _HIGH_WATER:
            self._pause(True)
        self._wake()

    def finish(self, error: BodyError | None = None) -> None:
        if not self._ended:
            self._ended, self._error = True, error
            self._wake()

    def before_reading(self, call: Callable[[], None]) -> None:
        """Do this once, when somebody begins to wait for the bytes."""
        self._before = call

    def end_at(self, deadline: float) -> None:
        """Take nothing after a time of the event loop."""
        self._deadline = deadline

    def close(self) -> None:
        """The rest is not wanted."""
        self._buffer.clear()
        if not self._ended:
            self._leave()

    async def chunks(self) -> AsyncIterator[bytes]:
        """
        :raises BodyError: when the sender goes before the end, or is silent for too long.
        """
        if self._before and not (self._buffer or self._ended):
            self._before()
        while True:
            while self._buffer:
                data = b"".join(self._buffer)
                self._buffer.clear()
                self._held = 0
                self._pause(False)
                yield data
            if self._error:
                raise self._error
            if self._ended:
                return
            await self._wait()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        silent_until = self._loop.time() + (self._patience or math.inf)
        until = min(self._deadline, silent_until)
        try:
            async with asyncio.timeout_at(None if until == math.inf else until):
                await self._waiter
        except TimeoutError:
            self._leave()
            raise BodyError("it takes too long") from None
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


class SharedBody:
    """A body that arrives once and is read by any number of readers.

    Within the limit it is kept whole. Above the limit only a window of it is held: it is not
    for the cache, moves as fast as its slowest reader, and stops with the last one.

    :param start: The position of its first byte in the whole object.
    :ivar data: All of it, once it is complete, if it is kept.
    """

    def __init__(self, source: BodyStream, *, limit: int, start: int = 0) -> None:
        self.size = source.size
        self.start = start
        self.kept = self.size is None or self.size <= limit
        self.complete = False
        self.data: bytes | None = None
        self.error: BodyError | None = None
        self._source = source
        self._limit = limit
        self._buffer = bytearray()
        self._base = 0
        self._readers: dict[object, int] = {}
        self._changed: list[asyncio.Future[None]] = []
        self._pump: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, data: bytes, *, start: int = 0) -> SharedBody:
        """A body that has arrived already."""
        source = BodyStream(size=len(data), pause=lambda _: None, leave=lambda: None)
        body = cls(source, limit=len(data), start=start)
        body.data, body.complete = data, True
        return body

    @property
    def arrived(self) -> int:
        """How many of its bytes are there, or have been."""
        if self.data is not None:
            return len(self.data)
        return self._base + len(self._buffer)

    def begin(self, finished: Callable[[], None]) -> asyncio.Task[None] | None:
        """Start to receive; ``finished`` is called at the end, be it good or bad."""
        if not self.complete:
            self._pump = asyncio.ensure_future(self._receive())
            self._pump.add_done_callback(lambda _: finished())
        return self._pump

    def close_if_unread(self) -> None:
        """Stop what is not kept when nobody reads it."""
        if not self.kept and not self._readers and not self.complete:
            if self._pump:
                self._pump.cancel()
            self._source.close()

    async def chunks(
        self, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to ``stop``, positions in this body.

        :raises BodyError: when they will not come.
        """
        if self.data is not None:
            yield self.data[start:stop]
            return
        reader = object()
        self._readers[reader] = start
        try:
            position = start
            while stop is None or position < stop:
                piece = await self._piece(position, stop)
                if not piece:
                    return
                position += len(piece)
                self._readers[reader] = position
                self._notify()
                yield piece
        finally:
            del self._readers[reader]
            self._notify()
            self.close_if_unread()

    async def _piece(self, position: int, stop: int | None) -> bytes:
        while True:
            end = position + _PIECE if stop is None else min(stop, position + _PIECE)
            if self.data is not None:
                return self.data[position:end]
            if position < self._base:
                raise BodyError("the beginning is gone")
            if position < self.arrived:
                return bytes(self._buffer[position - self._base : end - self._base])
            if self.error:
                raise self.error
            if self.complete:
                return b""
            await self._change()

    async def _receive(self) -> None:
        try:
            async for chunk in self._source.chunks():
                self._buffer += chunk
                if len(self._buffer) > self._limit:
                    self.kept = False
                self._notify()
                while not self.kept and self._trimmed() > min(self._limit, _HIGH_WATER):
                    await self._change()
        except BodyError as error:
            self.error = error
        except asyncio.CancelledError:
            self.error = BodyError("nobody reads it")
            self._source.close()
            raise
        else:
            self.complete = True
            if self.kept:
                self.data = bytes(self._buffer)
                self._buffer = bytearray()
        finally:
            self._notify()

    def _trimmed(self) -> int:
        """Drop what all readers have; how much is held then."""
        passed = min(self._readers.values(), default=self._base) - self._base
        passed = max(0, min(passed, len(self._buffer)))
        del self._buffer[:passed]
        self._base += passed
        return len(self._buffer)

    async def _change(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._changed.append(future)
        await future

    def _notify(self) -> None:
        waiting, self._changed = self._changed, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


Body = bytes | BodyStream | SharedBody


def close(body: Body) -> None:
    """Nobody will read it here."""
    if isinstance(body, BodyStream):
        body.close()
    elif isinstance(body, SharedBody):
        body.close_if_unread()
