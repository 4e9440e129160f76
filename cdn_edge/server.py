"""The listener: viewers' requests in, answers out, one line of log each."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from cdn_edge.cache import DEFAULT_CAPACITY, LARGEST_SHARE, Cache, Clock
from cdn_edge.cache_key import ViewerRequest
from cdn_edge.configuration import Configuration
from cdn_edge.invalidation import Invalidation
from cdn_edge.origin_client import Address, Origins
from cdn_edge.request_handler import Answer, Answers, Body

HOST = "127.0.0.1"
HEALTH_PATH = "/_edge/health"

Log = Callable[[str], None]

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_MOST_HEADER_BYTES = 32_768
_WITHOUT_BODY = (204, 304, 416)


def log_to_stdout(line: str) -> None:
    print(line, flush=True)


class Edge:
    """CloudFront's data plane on one loopback port.

    :param table: Local addresses by the domain names of the origins.
    :param clock: Seconds since the epoch; tests turn it by hand.
    :param capacity: How many bytes of bodies the cache holds.
    """

    def __init__(
        self,
        *,
        table: Mapping[str, Address],
        clock: Clock = time.time,
        capacity: int = DEFAULT_CAPACITY,
        log: Log = log_to_stdout,
    ) -> None:
        self.configuration = Configuration()
        self._table = table
        self._clock = clock
        self._log = log
        self._limit = capacity // LARGEST_SHARE
        self._cache = Cache(clock=clock, capacity=capacity)
        self._warned: set[str] = set()

    def configure(self, configuration: Configuration) -> None:
        """Serve this from now on. What is cached stays cached."""
        self.configuration = configuration
        warnings = set(configuration.warnings)
        for warning in sorted(warnings - self._warned):
            self._log(f"warning: {warning}")
        self._warned = warnings

    def served_ids(self) -> Sequence[str]:
        return [one.id for one in self.configuration.distributions]

    def invalidate(self, invalidations: Iterable[Invalidation]) -> None:
        for one in invalidations:
            self._cache.discard(one.covers)

    async def start(self, port: int = 0) -> int:
        """Listen, on loopback only; returns the port."""
        self._origins = Origins(self._table, limit=self._limit)
        self._answers = Answers(cache=self._cache, origins=self._origins)
        server = web.Server(
            self._handle,
            access_log=None,
            auto_decompress=False,
            max_line_size=_MOST_HEADER_BYTES,
            max_field_size=_MOST_HEADER_BYTES,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        try:
            await site.start()
        except OSError:
            await self.stop()
            raise
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._origins.close()

    async def _handle(self, given: web.BaseRequest) -> web.StreamResponse:
        path, _, query = given.raw_path.partition("?")
        host = given.headers.get("Host", "")
        if path == HEALTH_PATH and host.partition(":")[0] in (HOST, "localhost"):
            return self._health()
        request = ViewerRequest(
            method=given.method,
            path=path,
            query=query,
            headers=given.headers,
            address=given.remote or HOST,
        )
        distribution = self.configuration.find(host)
        answer = await self._answers.answer(distribution, request, await _body(given))
        self._log(self._line(host, request, answer))
        return await _send(given, answer)

    def _health(self) -> web.Response:
        distributions = [
            {
                "id": one.id,
                "domain_name": one.domain_name,
                "aliases": list(one.aliases),
                "enabled": one.enabled,
            }
            for one in self.configuration.distributions
        ]
        return web.json_response({"status": "ok", "distributions": distributions})

    def _line(self, host: str, request: ViewerRequest, answer: Answer) -> str:
        moment = datetime.fromtimestamp(self._clock(), UTC).isoformat(
            "T", "milliseconds"
        )
        spent = answer.origin_seconds
        origin = "-" if spent is None else f"{spent * 1000:.0f}ms"
        return (
            f"{moment} {host} {request.method} {request.path} "
            f"{answer.response.status} {answer.result} {origin}"
        )


async def _body(given: web.BaseRequest) -> Body | None:
    if not given.can_read_body:
        return None
    if given.headers.get("Expect", "").lower() == "100-continue" and given.transport:
        given.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Body(stream=given.content, length=given.headers.get("Content-Length"))


async def _send(given: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    response = answer.response
    if response.rest is None:
        body = _cut(response.body, answer)
        return web.Response(status=response.status, headers=response.headers, body=body)
    if given.method == "HEAD" or response.status in _WITHOUT_BODY:
        response.rest.close()
        return web.Response(status=response.status, headers=response.headers)
    sent = web.StreamResponse(status=response.status, headers=response.headers)
    try:
        await sent.prepare(given)
        async for chunk in _streamed(answer):
            await sent.write(chunk)
        await sent.write_eof()
    except (aiohttp.ClientError, OSError):
        # The status line is out: only a broken connection still tells of the failure.
        if given.transport:
            given.transport.abort()
    finally:
        response.rest.close()
    return sent


def _cut(body: bytes, answer: Answer) -> bytes:
    window = answer.window
    return body if window is None else body[window.start : window.stop]


async def _streamed(answer: Answer) -> AsyncIterator[bytes]:
    position = 0
    async for chunk in _chunks(answer):
        start, stop = position, position + len(chunk)
        position = stop
        if answer.window is None:
            yield chunk
        elif start < answer.window.stop and stop > answer.window.start:
            yield chunk[
                max(0, answer.window.start - start) : answer.window.stop - start
            ]


async def _chunks(answer: Answer) -> AsyncIterator[bytes]:
    if answer.response.body:
        yield answer.response.body
    if answer.response.rest:
        async for chunk in answer.response.rest.chunks():
            yield chunk
