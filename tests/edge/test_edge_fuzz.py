"""Requests, origins, policies and templates that nobody would write: no trace, no hang.

`make test-all` draws ten times as many of each as `make test`, and `make soak` a hundred times.
"""

from __future__ import annotations

import os
import socket

import pytest
from edge_support import (
    EVERY_METHOD,
    HOST,
    ORIGIN,
    STATIC,
    CountingOrigin,
    Reply,
    RunningEdge,
    behavior,
    cache_policy,
    deployed,
    distribution,
    named,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdn_edge.distributions import Source, parse
from cdn_edge.template_reader import deployed as of_template

FEW = settings(
    max_examples=int(os.environ.get("EDGE_FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[*HealthCheck],
)
GOOD = b"GET /x HTTP/1.1\r\nHost: " + STATIC.encode() + b"\r\nConnection: close\r\n\r\n"
PIECES = [
    *(b"GET ", b"POST ", b"/x", b"/%2e%2e/", b"?a=1", b" HTTP/1.1", b" HTTP/1.0"),
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\xff", b"\r\n\r\n"),
    *(b"0\r\n\r\n", b"abc", b"3\r\nabc\r\n", b"Cookie: a=b", b"Upgrade: websocket"),
    *(b"Host: " + STATIC.encode(), b"Content-Length: 3", b"Content-Length: -1"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: xyz", b"Connection: close"),
    *(b"Range: bytes=0-0,-1", b"Range: bytes=5-1", b"If-Range: x"),
    *(b"Expect: 100-continue", b"Connection: upgrade", b"If-None-Match: *"),
    *(b"Accept-Encoding: br;q=0, gzip", b"X: " + b"y" * 9000),
]
ANSWERS = [
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 206 P", b"HTTP/1.1 304 N", b"HTTP/1.1 503 S"),
    *(b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.0 200 OK", b"HTTP/1.1 999 X"),
    *(b"\r\n", b"\r\n\r\n", b"\n", b"Content-Length: 4", b"Content-Length: 9", b"body"),
    *(b"4\r\nbody\r\n", b"0\r\n\r\n", b"zz\r\n", b"\xff\xfe", b"HTTP/9.9 200"),
    *(b"Cache-Control: max-age=" + b"9" * 400, b"Age: -1", b"Vary: *", b"Expires: 0"),
    *(b"Content-Range: bytes 0-3/9", b"Content-Range: bytes 9-0/1", b'ETag: "1'),
    *(b"Content-Encoding: br", b"Content-Type: text/css", b"Connection: close, x"),
    *(b"Set-Cookie: a=b", b"Date: never", b"Last-Modified: 1"),
    b"Transfer-Encoding: chunked",
]


def bytes_of(pieces, start=()):
    drawn = st.lists(st.sampled_from(pieces) | st.binary(max_size=20), max_size=14)
    first = st.sampled_from([b"", *start])
    return st.builds(lambda a, b: a + b"".join(b), first, drawn)


@pytest.fixture(scope="module")
def origin():
    with CountingOrigin() as running:
        yield running


@pytest.fixture(scope="module")
def edge(origin):
    quick = {"ConnectionAttempts": 1, "CustomOriginConfig": {"OriginReadTimeout": 1}}
    signed = {"TrustedKeyGroups": named("group"), "PathPattern": "/private/*"}
    one = distribution(
        default={**EVERY_METHOD, "Compress": True},
        origin=quick,
        CacheBehaviors=named(behavior(**EVERY_METHOD, **signed)),
    )
    policy = cache_policy(CookiesConfig={"CookieBehavior": "all"}, default_ttl=1)
    with RunningEdge(deployed(one, cache=policy), origins={ORIGIN: origin}) as running:
        yield running


def exchange(edge, request):
    """What comes back before the edge or this viewer closes."""
    with socket.create_connection((HOST, edge.port), timeout=15) as viewer:
        try:
            viewer.sendall(request)
            viewer.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: viewer.recv(65536), b""))
        except (BrokenPipeError, ConnectionResetError):
            return b""


def assert_is_well(edge, origin, capfd, caplog):
    origin.default = Reply()
    assert exchange(edge, GOOD).startswith(b"HTTP/1.1 200 ")
    assert capfd.readouterr() == ("", "")
    assert not [one for one in caplog.records if one.name == "asyncio"]


@FEW
@given(request_=bytes_of(PIECES, [GOOD, GOOD[:-2], b"POST" + GOOD[3:-2]]))
def test_no_request_harms_the_edge(edge, origin, request_, capfd, caplog):
    origin.default = Reply()
    answer = exchange(edge, request_)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
    for part in answer.split(b"HTTP/1.1 ")[1:]:
        assert not part.startswith((b"500", b"502", b"503", b"504")), part[:200]
    assert_is_well(edge, origin, capfd, caplog)


@FEW
@given(answer=bytes_of(ANSWERS, [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 206 P\r\n"]))
def test_no_origin_harms_the_edge(edge, origin, answer, capfd, caplog):
    edge.clock.advance(1000)
    edge.invalidate("/*")
    origin.default = Reply(raw=[answer], missing=1)
    asked = GOOD[:-2] + b"Range: bytes=0-3\r\nAccept-Encoding: br\r\n\r\n"
    got = exchange(edge, asked)
    assert got == b"" or got.startswith(b"HTTP/1.1 ")
    edge.invalidate("/*")
    assert_is_well(edge, origin, capfd, caplog)


@FEW
@given(query=st.text("EPSKHA=&.%+-_~0aZ{}[]\"':,*?", max_size=200))
def test_no_signature_harms_the_edge(edge, origin, query, capfd, caplog):
    target = f"/private/x?Key-Pair-Id=K&Signature={query}".encode("latin-1")
    answer = exchange(edge, GOOD.replace(b"/x", target))
    assert answer[9:12] in (b"400", b"403")
    assert_is_well(edge, origin, capfd, caplog)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Items", "Quantity", "Ref", "Id", "a"]), inner
        )
    ),
    max_leaves=8,
)
KEYS = [
    *("Enabled", "Aliases", "Origins", "DefaultCacheBehavior", "CacheBehaviors"),
    *("CustomErrorResponses", "OriginGroups", "Restrictions", "DefaultRootObject"),
]


@FEW
@given(key=st.sampled_from(KEYS), value=JSON)
def test_any_configuration_is_served_or_named(key, value):
    one = distribution(**{key: value})
    for config in (
        parse(deployed(one)),
        parse(of_template({"Resources": {"D": _resource(one["DistributionConfig"])}})),
    ):
        assert len(config.distributions) + len(config.broken) == 1


@FEW
@given(value=JSON)
def test_any_policy_is_served_or_named(value):
    for kind, name in (("CachePolicy", "cache"), ("ResponseHeadersPolicy", "response")):
        one = distribution(default={"ResponseHeadersPolicyId": "response"})
        resources = {**deployed(one).resources, kind: {name: value}}
        config = parse(Source(distributions=[one], resources=resources))
        assert len(config.distributions) + len(config.broken) == 1


def _resource(config):
    kind = "AWS::CloudFront::Distribution"
    return {"Type": kind, "Properties": {"DistributionConfig": config}}
