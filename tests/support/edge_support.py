"""What the tests of the edge share: a viewer, an edge in a thread, and what is deployed.

`Viewer` talks to any edge, this process's or another's; it sets ``Host`` itself, because
Python does not resolve ``*.localhost``.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from counting_origin import HOST, CountingOrigin, LoopThread
from counting_origin import Reply as Reply

from cdn_edge.cloudfront_api import Invalidation
from cdn_edge.distributions import Source, parse
from cdn_edge.listener import ViewerTimeouts
from cdn_edge.origin_client import origin_table
from cdn_edge.server import Edge

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
