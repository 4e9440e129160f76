"""The edge as a server: what is deployed, the cache, the listener and the log."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from datetime import UTC, datetime
from functools import lru_cache

from botocore.credentials import Credentials
from multidict import CIMultiDict

from cdn_edge.body import BodyError
from cdn_edge.cache import DEFAULT_CAPACITY, Cache, Clock
from cdn_edge.cloudfront_api import Invalidation
from cdn_edge.configuration import Configuration
from cdn_edge.listener import (
    LONGEST_HEAD,
    LONGEST_URL,
    Request,
    ViewerConnection,
    ViewerTimeouts,
)
from cdn_edge.messages import ViewerRequest, error_response
from cdn_edge.origin_client import Address, OriginClient
from cdn_edge.request_handler import RequestHandler, ViewerResponse, own_answer
from cdn_edge.tls import OriginTls, ViewerTls

HOST = "127.0.0.1"
HEALTH_PATH = "/_edge/health"

Log = Callable[[str], None]

_REFUSALS = {
    400: "Bad request. We can't connect to the server for this app or website at this time.",
    414: f"The URL is longer than {LONGEST_URL} bytes.",
    494: f"The URL and the headers are longer than {LONGEST_HEAD} bytes.",
    501: "The edge knows no transfer coding but chunked.",
    505: "The edge speaks HTTP/1.0 and HTTP/1.1.",
}


def log_to_stdout(line: str) -> None:
    print(line, flush=True)


class Edge:
    """CloudFront's data plane on one loopback port.

    :param table: Local addresses by the domain names of the origins.
    :param clock: Seconds since the epoch; tests turn it by hand.
    :param capacity: How many bytes of bodies the cache holds.
    :param limits: How long viewers may take.
    :param viewer_tls: What a second listener shows to viewers. None: the listener for HTTP
        stands for both.
    :param origin_tls: Whom it trusts in the place of an origin.
    :param credentials: Of AWS, to sign requests to buckets. None: nothing is signed.
    :param standby: Whether responses that must not be stored stand in for a dead origin.
    """

    def __init__(
        self,
        *,
        table: Mapping[str, Address],
        clock: Clock = time.time,
        capacity: int = DEFAULT_CAPACITY,
        log: Log = log_to_stdout,
        limits: ViewerTimeouts | None = None,
        viewer_tls: ViewerTls | None = None,
        origin_tls: OriginTls | None = None,
        credentials: Credentials | None = None,
        standby: bool = True,
    ) -> None:
        self.configuration = Configuration()
        self.tls_port: int | None = None
        self._clock = clock
        self._log = log
        self._limits = limits or ViewerTimeouts()
        self._viewer_tls = viewer_tls
        self._origins = OriginClient(table, origin_tls or OriginTls(), credentials)
        self._cache = Cache(clock=clock, capacity=capacity, standby=standby)
        self._warned: set[str] = set()
        self._connections: set[ViewerConnection] = set()

    def configure(self, configuration: Configuration) -> None:
        """Serve this from now on. What is cached stays cached."""
        self.configuration = configuration
        if self._viewer_tls:
            self._viewer_tls.configure(configuration)
        warnings = set(configuration.warnings)
        for warning in sorted(warnings - self._warned):
            self._log(f"warning: {warning}")
        self._warned = warnings

    def served_ids(self) -> Sequence[str]:
        return [one.id for one in self.configuration.distributions]

    def invalidate(self, invalidations: Iterable[Invalidation]) -> None:
        for one in invalidations:
            self._cache.discard(one.covers)

    async def start(self, port: int = 0, tls_port: int = 0) -> int:
        """Listen, on loopback only; returns the port of HTTP.

        :raises OSError: when something else listens there.
        """
        self._servers: list[asyncio.Server] = []
        if self._viewer_tls:
            self.tls_port = await self._listen(tls_port, "https", self._viewer_tls)
        listening_on = await self._listen(port, "http" if self._viewer_tls else "")
        self._handler = RequestHandler(
            cache=self._cache,
            origins=self._origins,
            clock=self._clock,
            tls_port=self.tls_port,
        )
        self._sweeping = asyncio.ensure_future(self._sweep())
        return listening_on

    async def _listen(
        self, port: int, scheme: str, tls: ViewerTls | None = None
    ) -> int:
        server = await asyncio.get_running_loop().create_server(
            lambda: ViewerConnection(
                self._serve, self._limits, self._connections, scheme, tls
            ),
            HOST,
            port,
            ssl=tls.context if tls else None,
            ssl_handshake_timeout=self._limits.head if tls else None,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        self._sweeping.cancel()
        for connection in list(self._connections):
            connection.abort()
        self._origins.close()
        await self._cache.close()

    async def _sweep(self) -> None:
        """One timer for all connections costs less than one each."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(vars(self._limits).values()) / 4)
            for connection in list(self._connections):
                connection.close_if_overdue(loop.time())

    def _serve(
        self, given: Request, connection: ViewerConnection
    ) -> Coroutine[None, None, None] | None:
        host = given.headers.get("Host", "")
        path, _, query = given.target.decode("latin-1").partition("?")
        if path == HEALTH_PATH and host.partition(":")[0] in (HOST, "localhost"):
            self._send_health(connection)
            return None
        request = ViewerRequest(
            method=given.method,
            path=path,
            query=query,
            headers=given.headers,
            address=connection.address,
            port=connection.port,
            scheme=connection.scheme,
            version=given.version,
        )
        if given.refused:
            answer = own_answer(error_response(given.refused, _REFUSALS[given.refused]))
            return self._send(host, request, answer, connection)
        if given.body and given.headers.get("Expect", "").lower() == "100-continue":
            given.body.before_reading(connection.continue_)
        distribution = self.configuration.find(host)
        begun = self._handler.begin(distribution, request, given.body)
        if isinstance(begun, ViewerResponse):
            return self._send(host, request, begun, connection)
        return self._answer(host, request, begun, connection)

    async def _answer(
        self,
        host: str,
        request: ViewerRequest,
        begin: Callable[[], Awaitable[ViewerResponse]],
        connection: ViewerConnection,
    ) -> None:
        try:
            answer = await begin()
        except BodyError:
            answer = own_answer(error_response(400, _REFUSALS[400]))
        if sending := self._send(host, request, answer, connection):
            await sending

    def _send(
        self,
        host: str,
        request: ViewerRequest,
        answer: ViewerResponse,
        connection: ViewerConnection,
    ) -> Coroutine[None, None, None] | None:
        self._log(self._line(host, request, answer))
        body = answer.body
        if not isinstance(body, bytes):
            return _stream(answer, body, connection)
        connection.send_at_once(answer.status, answer.headers, body, size=answer.size)
        answer.close()
        return None

    def _send_health(self, connection: ViewerConnection) -> None:
        distributions = [
            {
                "id": one.id,
                "domain_name": one.domain_name,
                "aliases": list(one.aliases),
                "enabled": one.enabled,
            }
            for one in self.configuration.distributions
        ]
        body = json.dumps({"status": "ok", "distributions": distributions}).encode()
        headers = CIMultiDict({"Content-Type": "application/json"})
        connection.send_at_once(200, headers, body, size=len(body))

    def _line(self, host: str, request: ViewerRequest, answer: ViewerResponse) -> str:
        now = self._clock()
        moment = f"{_second(int(now))}.{int(now % 1 * 1000):03}+00:00"
        spent = answer.origin_seconds
        origin = "-" if spent is None else f"{spent * 1000:.0f}ms"
        return (
            f"{moment} {host} {request.method} {request.path} "
            f"{answer.status} {answer.result} {origin}"
        )


async def _stream(
    answer: ViewerResponse, body: AsyncIterator[bytes], connection: ViewerConnection
) -> None:
    try:
        await connection.send(answer.status, answer.headers, body, size=answer.size)
    except BodyError:
        # The status line is out: only a broken connection still tells of the failure.
        connection.abort()
    finally:
        answer.close()


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
