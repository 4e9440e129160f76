"""What the tests of the edge share: an origin that counts, a viewer, an edge in a thread.

`Viewer` talks to any edge, this process's or another's; it sets ``Host`` itself, because
Python does not resolve ``*.localhost``.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from cdn_edge.cloudfront_api import Invalidation
from cdn_edge.distributions import Source, parse
from cdn_edge.listener import ViewerTimeouts
from cdn_edge.origin_client import origin_table
from cdn_edge.server import Edge

Value = TypeVar("Value")

HOST = "127.0.0.1"
ORIGIN = "dev.example.com"
STATIC = "d111.cloudfront.net"
MEDIA = "d222.cloudfront.net"


@dataclass(frozen=True, kw_only=True)
class Got:
    """An answer, as the viewer sees it. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def cache(self) -> str:
        """``Hit``, ``Miss``, ``RefreshHit`` or ``Error``."""
        return self.headers["x-cache"].removesuffix(" from cloudfront")


@dataclass(kw_only=True)
class Viewer:
    """An HTTP client of the edge on a port of this machine."""

    port: int
    host: str = STATIC

    def get(
        self,
        target: str,
        *,
        host: str | None = None,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Got:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            connection.putrequest(
                method, target, skip_host=True, skip_accept_encoding=True
            )
            connection.putheader("Host", host or self.host)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Got(status=response.status, headers=names, body=response.read())
        finally:
            connection.close()

    def send(self, request: bytes) -> bytes:
        """The bytes as they are; returns the whole answer."""
        with socket.create_connection((HOST, self.port), timeout=20) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def get_raw(self, target: bytes, *, host: str | None = None) -> int:
        """The status for a request target that no client library touches."""
        name = (host or self.host).encode()
        answer = self.send(
            b"GET "
            + target
            + b" HTTP/1.1\r\nHost: "
            + name
            + b"\r\nConnection: close\r\n\r\n"
        )
        return int(answer.split(b" ", 2)[1])


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


class Clock:
    """Time that stands still until the test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class RunningEdge(Viewer):
    """An edge of this process: a `Viewer` of it, its clock and its log."""

    def __init__(
        self,
        deployed: Source,
        *,
        origins: Mapping[str, CountingOrigin | str],
        capacity: int = 8 * 1024 * 1024,
        limits: ViewerTimeouts | None = None,
        clock: Callable[[], float] | None = None,
        **more: Any,
    ) -> None:
        addresses = [
            f"{name}={one if isinstance(one, str) else one.address}"
            for name, one in origins.items()
        ]
        self.clock = Clock()
        self.log: list[str] = []
        self.edge = Edge(
            table=origin_table(addresses),
            clock=clock or self.clock,
            capacity=capacity,
            log=self.log.append,
            limits=limits,
            **more,
        )
        self.edge.configure(parse(deployed))
        self._thread = LoopThread()
        super().__init__(port=self._thread.run(self.edge.start()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.run(self.edge.stop())
        self._thread.close()

    def redeploy(self, deployed: Source) -> None:
        self._thread.loop.call_soon_threadsafe(self.edge.configure, parse(deployed))
        self._thread.run(asyncio.sleep(0))

    def invalidate(self, *paths: str, distribution_id: str = "D111") -> None:
        one = Invalidation(distribution_id=distribution_id, paths=paths)
        self._thread.loop.call_soon_threadsafe(self.edge.invalidate, [one])
        self._thread.run(asyncio.sleep(0))


CORS_REQUEST = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
)


def named(*items: object) -> dict[str, object]:
    """A list, as the API writes it: no ``Items`` when it is empty, as in the emulator."""
    return {"Quantity": len(items), **({"Items": list(items)} if items else {})}


def cache_policy(
    *,
    min_ttl: int = 0,
    default_ttl: int = 86_400,
    max_ttl: int = 31_536_000,
    headers: tuple[str, ...] = CORS_REQUEST,
    compressed: bool = True,
    **more: object,
) -> dict[str, object]:
    """A cache policy config of the API: by default, as the project deploys it."""
    key = {
        "EnableAcceptEncodingGzip": compressed,
        "EnableAcceptEncodingBrotli": compressed,
        "HeadersConfig": {
            "HeaderBehavior": "whitelist" if headers else "none",
            "Headers": named(*headers),
        },
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
        **more,
    }
    return {
        "Name": "policy",
        "MinTTL": min_ttl,
        "DefaultTTL": default_ttl,
        "MaxTTL": max_ttl,
        "ParametersInCacheKeyAndForwardedToOrigin": key,
    }


def behavior(**more: object) -> dict[str, object]:
    """A cache behavior of the API: GET, HEAD and OPTIONS, all cached."""
    methods = named("GET", "HEAD", "OPTIONS")
    return {
        "TargetOriginId": "origin",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {**methods, "CachedMethods": methods},
        "CachePolicyId": "cache",
        **more,
    }


def distribution(
    domain_name: str = STATIC,
    *,
    origin_path: str = "/static",
    errors: Mapping[int, int] | None = None,
    default: Mapping[str, object] | None = None,
    origin: Mapping[str, object] | None = None,
    **more: object,
) -> dict[str, object]:
    """A distribution of the API: its id is the first label of its name, in capitals."""
    ttls = (
        {403: 0, 404: 0, 500: 5, 502: 5, 503: 5, 504: 5} if errors is None else errors
    )
    the_origin = {
        "Id": "origin",
        "DomainName": ORIGIN,
        "OriginPath": origin_path,
        "CustomHeaders": named({"HeaderName": "X-Cdn-Tree", "HeaderValue": "static"}),
        "ConnectionAttempts": 2,
        "ConnectionTimeout": 5,
        "CustomOriginConfig": {"HTTPPort": 80, "OriginReadTimeout": 20},
        **(origin or {}),
    }
    rules = [
        {"ErrorCode": code, "ErrorCachingMinTTL": ttl} for code, ttl in ttls.items()
    ]
    return {
        "Id": domain_name.split(".")[0].upper(),
        "DomainName": domain_name,
        "DistributionConfig": {
            "Enabled": True,
            "Origins": named(the_origin),
            "DefaultCacheBehavior": {**behavior(), **(default or {})},
            "CustomErrorResponses": named(*rules),
            **more,
        },
    }


def deployed(
    *distributions: dict[str, object], **policies: Mapping[str, object]
) -> Source:
    """What is deployed. ``cache=…``, ``request=…`` and ``response=…`` are the policies.

    ``keys=…`` are public keys, by id, of the key group ``group``.
    """
    keys = policies.get("keys", {})
    return Source(
        distributions=distributions or (distribution(),),
        resources={
            "CachePolicy": {"cache": policies.get("cache", cache_policy())},
            "OriginRequestPolicy": {"request": policies.get("request", {})},
            "ResponseHeadersPolicy": {"response": policies.get("response", {})},
            "KeyGroup": {"group": {"KeyGroupConfig": {"Items": [*keys]}}},
            "PublicKey": {name: {"EncodedKey": pem} for name, pem in keys.items()},
        },
    )


LONG = {"Cache-Control": "max-age=31536000, immutable"}
HEAD = b"GET /x HTTP/1.1\r\nHost: " + STATIC.encode() + b"\r\n"
CLOSE = b"Connection: close\r\n\r\n"
# Caching disabled, and a behavior for all methods.
OFF = cache_policy(default_ttl=0, max_ttl=0, headers=(), compressed=False)
EVERY_METHOD = {
    "AllowedMethods": {
        **named("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"),
        "CachedMethods": named("GET", "HEAD"),
    }
}


def status_of(answer: bytes) -> int:
    """Of the bytes of a response."""
    return int(answer.split(b" ", 2)[1])


def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def connected(edge: Viewer) -> socket.socket:
    return socket.create_connection((HOST, edge.port), timeout=20)


def at_once(edge: Viewer, number: int, status: int) -> list[Got]:
    """The answers to as many simultaneous requests."""
    with ThreadPoolExecutor(number) as pool:
        answers = list(pool.map(lambda _: edge.get("/x"), range(number)))
    assert {one.status for one in answers} == {status}
    return answers
