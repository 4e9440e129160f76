"""What depends on the viewer's place and device, timing headers and cache tags."""

from __future__ import annotations

import re

import pytest
from edge_support import CountingOrigin, Reply, cache_policy, distribution, named

LONG = {"Cache-Control": "max-age=3600"}
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Mobile/15E148"
TIMED = {"ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 0}}
POLICY = {"ResponseHeadersPolicyId": "response"}


@pytest.fixture
def origin():
    with CountingOrigin() as running:
        running.default = Reply(headers=LONG)
        yield running


def restricted(kind, *countries, **more):
    geo = {"RestrictionType": kind, **named(*countries)}
    return distribution(Restrictions={"GeoRestriction": geo}, **more)


@pytest.mark.documented(
    "Geographic restrictions, for a viewer that plays a country", "georestrictions"
)
@pytest.mark.parametrize(
    ("kind", "country", "status"),
    [
        ("whitelist", "DE", 200),
        ("whitelist", "de", 200),
        ("whitelist", "FR", 403),
        ("blacklist", "DE", 403),
        ("blacklist", "FR", 200),
        ("none", "FR", 200),
        ("whitelist", None, 200),
    ],
)
def test_viewer_of_a_country(start, kind, country, status):
    edge = start(restricted(kind, "DE") if kind != "none" else distribution())
    asked = {} if country is None else {"X-Edge-Viewer-Country": country}
    got = edge.get("/x", headers=asked)
    assert got.status == status
    assert (b"your country" in got.body) is (status == 403)


@pytest.mark.documented(
    "Geographic restrictions show the custom error page of 403", "georestrictions"
)
def test_viewer_of_a_blocked_country_gets_the_error_page(start, origin):
    origin.replies["/static/blocked.html"] = Reply(body=b"not here")
    page = {"ErrorCode": 403, "ResponsePagePath": "/blocked.html", "ResponseCode": 451}
    edge = start(restricted("blacklist", "DE", CustomErrorResponses=named(page)))
    got = edge.get("/x", headers={"X-Edge-Viewer-Country": "DE"})
    assert (got.status, got.body, got.cache) == (451, b"not here", "Error")
    assert origin.targets == ["/static/blocked.html"]


def test_address_of_a_viewer_has_its_port(start, origin):
    edge = start(cache=cache_policy(headers=("CloudFront-Viewer-Address",)))
    edge.get("/x")
    address = origin.asked[0].headers["cloudfront-viewer-address"]
    assert re.fullmatch(r"127\.0\.0\.1:\d+", address)


@pytest.mark.documented(
    "`CloudFront-*` headers that a policy lists; the viewer plays its place by `X-Edge-Viewer-*`",
    "adding-cloudfront-headers",
)
def test_headers_of_cloudfront_split_the_cache_and_reach_the_origin(start, origin):
    listed = ("CloudFront-Is-Mobile-Viewer", "CloudFront-Viewer-Country")
    edge = start(cache=cache_policy(headers=listed))
    forged = {"CloudFront-Viewer-Country": "XX"}
    for _ in range(2):
        edge.get("/x", headers={"User-Agent": PHONE, "X-Edge-Viewer-Country": "DE"})
        edge.get("/x", headers={"X-Edge-Viewer-Country": "DE"})
        edge.get("/x", headers={"X-Edge-Viewer-Country": "FR"})
        edge.get("/x", headers=forged)
    arrived = [
        (
            one.headers["cloudfront-is-mobile-viewer"],
            one.headers.get("cloudfront-viewer-country"),
        )
        for one in origin.asked
    ]
    assert arrived == [
        ("true", "DE"),
        ("false", "DE"),
        ("false", "FR"),
        ("false", None),
    ]
    assert not any("x-edge-viewer-country" in one.headers for one in origin.asked)


def test_headers_of_cloudfront_stay_away_where_no_policy_lists_them(start, origin):
    edge = start()
    edge.get("/x", headers={"X-Edge-Viewer-Country": "DE"})
    assert not [
        name for name in origin.asked[0].headers if name.startswith("cloudfront")
    ]


@pytest.mark.documented(
    "`Server-Timing` by the sampling rate or the viewer's `Pragma`",
    "understanding-response-headers-policies",
)
@pytest.mark.parametrize(
    ("policy", "pragma", "timed"),
    [
        (TIMED, "server-timing", True),
        (TIMED, None, False),
        ({}, "server-timing", False),
        (
            {"ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 100}},
            None,
            True,
        ),
    ],
)
def test_server_timing(start, policy, pragma, timed):
    edge = start(distribution(default=POLICY), response=policy)
    asked = {} if pragma is None else {"Pragma": pragma}
    miss, hit = (edge.get("/x", headers=asked).headers for _ in range(2))
    assert ("server-timing" in miss) is timed
    if timed:
        assert re.match(
            r"cdn-cache-miss,.*cdn-upstream-fbl;dur=\d+", miss["server-timing"]
        )
        assert hit["server-timing"].startswith("cdn-cache-hit,cdn-pop;desc=")


@pytest.mark.documented("Invalidations by cache tag", "invalidation-by-tags")
def test_invalidation_by_tag_takes_what_has_it(start, origin):
    edge = start(distribution(CacheTagConfig={"HeaderName": "Tags"}))
    for path, tags in (("a", "News, home"), ("b", "sport"), ("c", "")):
        origin.replies[f"/static/{path}"] = Reply(headers={**LONG, "Tags": tags})
        edge.get(f"/{path}")
    edge.invalidate("#news")
    assert [edge.get(f"/{path}").cache for path in "abc"] == ["Miss", "Hit", "Hit"]


def test_tags_mean_nothing_where_no_header_is_configured(start, origin):
    edge = start()
    origin.default = Reply(headers={**LONG, "Tags": "news"})
    edge.get("/a")
    edge.invalidate("#news")
    assert edge.get("/a").cache == "Hit"


def test_answer_that_lacks_something_says_so(start):
    functions = named({"EventType": "viewer-request", "FunctionARN": "arn"})
    edge = start(distribution(default={"FunctionAssociations": functions}))
    assert edge.get("/x").headers["x-edge-unmodelled"] == "functions"
    assert sum("functions" in line for line in edge.log) == 1
    # What the edge refuses itself might have been answered otherwise, too.
    refused = edge.get("/x", method="DELETE")
    assert refused.headers["x-edge-unmodelled"] == "functions"
    acl = start(distribution(WebACLId="arn", HttpVersion="http2and3"))
    assert acl.get("/x").headers["x-edge-unmodelled"] == "web ACL"
    assert "x-edge-unmodelled" not in start().get("/x").headers
