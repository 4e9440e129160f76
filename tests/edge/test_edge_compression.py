"""Compression at the edge: what is compressed, how, and what is left as it is."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest
from edge_support import (
    ORIGIN,
    CountingOrigin,
    Reply,
    RunningEdge,
    cache_policy,
    deployed,
    distribution,
)

CSS = b"p { color: red }\n" * 400
HEADERS = {"Content-Type": "text/css", "Cache-Control": "max-age=60", "ETag": '"1"'}
BOTH = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def origin():
    with CountingOrigin() as running:
        running.default = Reply(headers=HEADERS, body=CSS)
        yield running


@pytest.fixture
def edge(origin):
    config = deployed(distribution(default={"Compress": True}))
    with RunningEdge(config, origins={ORIGIN: origin}) as running:
        yield running


@pytest.mark.documented(
    "Compression by Brotli before gzip, with a weak `ETag`", "ServingCompressedFiles"
)
@pytest.mark.parametrize(
    ("accepted", "coding", "decoded"),
    [
        ("gzip, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
        (None, None, bytes),
    ],
)
def test_body_is_compressed_as_the_viewer_accepts(edge, accepted, coding, decoded):
    asked = {} if accepted is None else {"Accept-Encoding": accepted}
    for cache in ("Miss", "Hit"):
        got = edge.get("/x", headers=asked)
        assert (got.headers.get("content-encoding"), got.cache) == (coding, cache)
        assert decoded(got.body) == CSS
        assert got.headers["etag"] == ('W/"1"' if coding else '"1"')


@pytest.mark.documented(
    "Compression by size, type and status", "ServingCompressedFiles"
)
@pytest.mark.parametrize(
    ("change", "compresses"),
    [
        ({}, True),
        ({"body": b"x" * 1000}, True),
        ({"body": b"x" * 999}, False),
        ({"body": b"x" * 10_000_001}, False),
        ({"chunked": True}, False),
        ({"status": 404}, True),
        ({"status": 500}, False),
        ({"headers": {**HEADERS, "Content-Type": "TEXT/CSS; charset=utf-8"}}, True),
        ({"headers": {**HEADERS, "Content-Type": "font/woff2"}}, False),
        ({"headers": {**HEADERS, "Content-Encoding": "zstd"}}, False),
        ({"headers": {"Cache-Control": "no-store", "Content-Type": "text/css"}}, True),
    ],
)
def test_only_what_cloudfront_compresses(edge, origin, change, compresses):
    origin.default = Reply(**{"headers": HEADERS, "body": CSS, **change})
    coding = edge.get("/x", headers=BOTH).headers.get("content-encoding")
    assert (coding == "br") is compresses


@pytest.mark.parametrize("off", ["behavior", "policy"])
def test_nothing_is_compressed_where_it_is_off(origin, off):
    one = distribution(default={"Compress": off == "policy"})
    policy = cache_policy(compressed=off == "behavior")
    with RunningEdge(deployed(one, cache=policy), origins={ORIGIN: origin}) as edge:
        got = edge.get("/x", headers=BOTH)
    assert ("content-encoding" in got.headers, got.body) == (False, CSS)


def test_compressed_copy_is_revalidated_and_keeps_its_weak_tag(edge, origin):
    edge.get("/x", headers=BOTH)
    edge.clock.advance(61)
    origin.default = Reply(status=304, headers={"ETag": '"1"'})
    got = edge.get("/x", headers=BOTH)
    assert (got.cache, got.headers["etag"]) == ("RefreshHit", 'W/"1"')
    assert brotli.decompress(got.body) == CSS
    assert origin.asked[1].headers["if-none-match"] == 'W/"1"'


def test_range_of_what_is_compressed_is_of_its_bytes(edge):
    whole = edge.get("/x", headers=BOTH).body
    got = edge.get("/x", headers={**BOTH, "Range": "bytes=2-5"})
    assert (got.status, got.body) == (206, whole[2:6])


def test_many_viewers_share_one_compression(edge, origin):
    origin.default = Reply(headers=HEADERS, body=CSS, delay=0.3)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: edge.get("/x", headers=BOTH).body, range(8)))
    assert {brotli.decompress(one) for one in found} == {CSS}
    assert origin.count == 1
