"""What a hit costs the edge, in CPU time, against a bare aiohttp server with the same bytes."""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

from aiohttp import web

from benchmarks.pairs import Figure
from cdn_edge.configuration import Configuration
from cdn_edge.distributions import Source, parse
from cdn_edge.origin_client import Address
from cdn_edge.server import Edge
from cdn_model.values import Json

BODY = b"x" * 10_240
_VIEWERS, _REQUESTS, _PAIRS = 8, 400, 9
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nCache-Control: max-age=3600\r\n"
    b'ETag: "1"\r\nContent-Length: %d\r\n\r\n' % len(BODY)
)
_REQUEST = (
    b"GET /b1/site.css HTTP/1.1\r\nHost: d1.cloudfront.net\r\nUser-Agent: bench\r\n"
    b"Accept: */*\r\nAccept-Encoding: gzip, br\r\nOrigin: https://www.example.com\r\n\r\n"
)
_POLICY = {
    "ParametersInCacheKeyAndForwardedToOrigin": {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "HeadersConfig": {
            "HeaderBehavior": "whitelist",
            "Headers": {"Items": ["Origin"]},
        },
    }
}

Start = Callable[[], Awaitable[int]]


def deployed(cache_policy: Json) -> Configuration:
    """One distribution, in front of ``www.example.com``, as the edge serves it."""
    config = {
        "Origins": {"Items": [{"Id": "o", "DomainName": "www.example.com"}]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "CachePolicyId": "cache"},
    }
    one = {"Id": "D1", "DomainName": "d1.cloudfront.net", "DistributionConfig": config}
    resources = {"CachePolicy": {"cache": cache_policy}}
    return parse(Source(distributions=[one], resources=resources))


def figure() -> Figure:
    """CPU seconds for the same requests, each server in a process of its own."""
    servers = [_Server(_edge), _Server(_bare)]
    try:
        for server in servers:
            server.seconds()
        times = [[server.seconds() for server in servers] for _ in range(_PAIRS)]
    finally:
        for server in servers:
            server.process.kill()
    ours, theirs = zip(*times, strict=True)
    return Figure(
        what=f"{_VIEWERS * _REQUESTS} hits of the edge, in CPU time",
        alternative="a bare aiohttp server",
        ours=statistics.median(ours),
        theirs=statistics.median(theirs),
        pairs=_PAIRS,
        limit=1.43,
    )


class _Server:
    def __init__(self, start: Start) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=_serve, args=(start, theirs), daemon=True
        )
        self.process.start()
        self._port = self._pipe.recv()

    def seconds(self) -> float:
        """What the process spends on one load."""
        before = self._spent()
        asyncio.run(_load(self._port))
        return self._spent() - before

    def _spent(self) -> float:
        self._pipe.send(None)
        return float(self._pipe.recv())


def _serve(start: Start, pipe: Connection) -> None:
    async def serve() -> None:
        pipe.send(await start())
        while True:
            await asyncio.to_thread(pipe.recv)
            pipe.send(time.process_time())

    asyncio.run(serve())


async def _edge() -> int:
    async def origin(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_HEAD + BODY)

    server = await asyncio.start_server(origin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    table = {"www.example.com": Address("127.0.0.1", port)}
    edge = Edge(table=table, log=lambda line: None)
    edge.configure(deployed(_POLICY))
    return await edge.start()


async def _bare() -> int:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=BODY)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return int(runner.addresses[0][1])


async def _load(port: int) -> None:
    await asyncio.gather(*(_viewer(port) for _ in range(_VIEWERS)))


async def _viewer(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(_REQUESTS):
        writer.write(_REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(len(BODY)) == BODY
    writer.close()
