"""The edge in front of an origin that counts: what is fetched, kept and passed on."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import edge_support as support
import pytest
from edge_support import (
    MEDIA,
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

LONG = {"Cache-Control": "max-age=31536000, immutable"}


@pytest.fixture
def origin() -> Iterator[CountingOrigin]:
    with CountingOrigin() as running:
        yield running


@pytest.fixture
def edge(origin) -> Iterator[RunningEdge]:
    with RunningEdge(deployed(), origins={ORIGIN: origin}) as running:
        yield running


@pytest.fixture
def edge_with(origin) -> Iterator[object]:
    started = []

    def start(*distributions, **policies):
        edge = RunningEdge(
            deployed(*distributions, **policies), origins={ORIGIN: origin}
        )
        started.append(edge)
        return edge

    yield start
    for one in started:
        one.__exit__()


def test_second_request_is_a_hit_and_tells_its_age(edge, origin):
    origin.default = Reply(headers={**LONG, "Age": "7"}, body=b"p {}")
    assert edge.get("/b1/site.css").cache == "Miss"
    edge.clock.advance(90)
    second = edge.get("/b1/site.css")
    assert (second.cache, second.headers["age"], second.body) == ("Hit", "97", b"p {}")
    assert origin.targets == ["/static/b1/site.css"]


def test_404_without_cache_header_and_error_ttl_0_is_asked_every_time(edge, origin):
    origin.default = Reply(status=404)
    first, second = edge.get("/x"), edge.get("/x")
    assert (first.status, second.cache, origin.count) == (404, "Error", 2)


def test_404_with_max_age_stays_after_the_file_appears(edge, origin):
    origin.default = Reply(status=404, headers={"Cache-Control": "max-age=60"})
    edge.get("/x")
    origin.default = Reply()
    assert (edge.get("/x").status, origin.count) == (404, 1)
    edge.clock.advance(61)
    assert (edge.get("/x").status, origin.count) == (200, 2)


def test_404_without_an_error_ttl_is_kept_for_ten_seconds(edge_with, origin):
    edge = edge_with(distribution(errors={}))
    origin.default = Reply(status=404)
    edge.get("/x")
    edge.clock.advance(9)
    edge.get("/x")
    assert origin.count == 1
    edge.clock.advance(2)
    edge.get("/x")
    assert origin.count == 2


def test_500_is_asked_again_only_after_the_error_ttl(edge, origin):
    origin.default = Reply(status=500)
    edge.get("/x")
    edge.clock.advance(4)
    assert (edge.get("/x").status, origin.count) == (500, 1)
    edge.clock.advance(2)
    edge.get("/x")
    assert origin.count == 2


@pytest.mark.parametrize(
    ("status", "requests"), [(301, 1), (302, 1), (307, 2), (308, 2)]
)
def test_redirects_without_cache_control(edge, origin, status, requests):
    origin.default = Reply(status=status, headers={"Location": "/y"})
    assert {edge.get("/x").status for _ in range(2)} == {status}
    assert origin.count == requests


@pytest.mark.parametrize("refusal", ["no-store", "no-cache", "private, max-age=60"])
def test_what_refuses_caching_is_asked_every_time(edge, origin, refusal):
    origin.default = Reply(headers={"Cache-Control": refusal})
    assert [edge.get("/x").cache for _ in range(3)] == ["Miss"] * 3
    assert origin.count == 3


def test_no_store_is_kept_for_a_minimum_ttl_above_0(edge_with, origin):
    edge = edge_with(cache=cache_policy(min_ttl=5))
    origin.default = Reply(headers={"Cache-Control": "no-store"})
    edge.get("/x")
    edge.get("/x")
    assert origin.count == 1


def test_max_age_is_clamped_to_the_maximum_ttl(edge_with, origin):
    edge = edge_with(cache=cache_policy(max_ttl=100_000))
    origin.default = Reply(headers={"Cache-Control": "max-age=1000000000"})
    edge.get("/x")
    edge.clock.advance(99_999)
    assert edge.get("/x").cache == "Hit"
    edge.clock.advance(2)
    assert edge.get("/x").cache == "Miss"


def test_twenty_simultaneous_misses_are_one_request(edge, origin):
    origin.default = Reply(headers=LONG, delay=0.4)
    assert len(_at_once(edge, 20, 200)) == 20
    assert origin.count == 1


def test_simultaneous_requests_for_what_is_not_kept_all_go_to_the_origin(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "no-store"}, delay=0.2)
    _at_once(edge, 5, 200)
    assert origin.count == 5


def test_viewer_that_leaves_does_not_take_the_answer_from_the_others(edge, origin):
    origin.default = Reply(headers=LONG, delay=0.4)
    with support.socket.create_connection(("127.0.0.1", edge.port)) as leaver:
        leaver.sendall(b"GET /x HTTP/1.1\r\nHost: " + STATIC.encode() + b"\r\n\r\n")
        _until(lambda: origin.count == 1)
    assert (edge.get("/x").status, origin.count) == (200, 1)


def test_origin_header_splits_and_its_absence_is_a_value(edge, origin):
    for _ in range(2):
        for headers in ({"Origin": "https://a"}, {"Origin": "https://b"}, {}):
            edge.get("/x", headers=headers)
    assert [one.headers.get("origin") for one in origin.asked] == [
        "https://a",
        "https://b",
        None,
    ]


def test_query_cookie_and_user_agent_neither_split_nor_arrive(edge, origin):
    edge.get("/x?v=1", headers={"Cookie": "a=1", "User-Agent": "one"})
    edge.get("/x?v=2", headers={"Cookie": "a=2", "User-Agent": "two"})
    edge.get("/x", headers={"Authorization": "Basic x", "Referer": "https://a/"})
    assert origin.targets == ["/static/x"]
    assert origin.asked[0].headers["user-agent"] == "Amazon CloudFront"
    assert "cookie" not in origin.asked[0].headers


def test_authorization_referer_and_proxy_headers_do_not_arrive(edge, origin):
    sent = {
        "Authorization": "Basic x",
        "Referer": "https://a/",
        "X-Forwarded-Proto": "http",
        "X-Real-IP": "10.0.0.1",
        "If-None-Match": '"x"',
        "X-Cdn-Tree": "media",
    }
    edge.get("/x", headers=sent)
    arrived = origin.asked[0].headers
    assert arrived.keys().isdisjoint(
        name.lower() for name in sent if name != "X-Cdn-Tree"
    )
    assert arrived["x-cdn-tree"] == "static"


def test_origin_gets_its_own_name_and_where_the_request_came_from(edge, origin):
    edge.get("/x", headers={"X-Forwarded-For": "192.0.2.1"})
    arrived = origin.asked[0].headers
    assert arrived["host"] == ORIGIN
    assert arrived["x-forwarded-for"] == "192.0.2.1, 127.0.0.1"
    assert arrived["x-amz-cf-id"]
    assert "CloudFront" in arrived["via"]


def test_brotli_gzip_and_neither_are_three_copies(edge, origin):
    for _ in range(2):
        edge.get("/x", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
        edge.get("/x", headers={"Accept-Encoding": "gzip;q=0.5"})
        edge.get("/x")
    encodings = [one.headers.get("accept-encoding") for one in origin.asked]
    assert encodings == ["br,gzip", "gzip", None]


def test_compressed_body_passes_byte_for_byte(edge, origin):
    origin.default = Reply(
        headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8bnot gzip"
    )
    got = edge.get("/x", headers={"Accept-Encoding": "gzip"})
    assert (got.body, got.headers["content-encoding"]) == (b"\x1f\x8bnot gzip", "gzip")


@pytest.mark.parametrize("failure", ["down", "500", "dropped"])
def test_expired_copy_stands_in_for_an_origin_that_fails(edge, origin, failure):
    origin.default = Reply(headers={"Cache-Control": "max-age=60"}, body=b"old")
    edge.get("/x")
    edge.clock.advance(120)
    if failure == "down":
        origin.stop()
    origin.default = Reply(status=500, drop=failure == "dropped")
    got = edge.get("/x")
    assert (got.status, got.body, got.headers["age"]) == (200, b"old", "120")
    if failure == "down":
        origin.start()


def test_origin_that_failed_is_asked_again_after_the_error_ttl(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "max-age=60"})
    edge.get("/x")
    edge.clock.advance(120)
    origin.default = Reply(status=500)
    assert [edge.get("/x").status for _ in range(3)] == [200] * 3
    assert origin.count == 2
    edge.clock.advance(6)
    edge.get("/x")
    assert origin.count == 3


def test_expired_copy_does_not_hide_a_404(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "max-age=60"})
    edge.get("/x")
    edge.clock.advance(61)
    origin.default = Reply(status=404)
    assert edge.get("/x").status == 404


def test_expired_404_does_not_stand_in_for_a_500(edge, origin):
    origin.default = Reply(status=404, headers={"Cache-Control": "max-age=60"})
    edge.get("/x")
    edge.clock.advance(61)
    origin.default = Reply(status=500)
    assert edge.get("/x").status == 500


def test_stale_if_error_0_shows_the_error(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "max-age=60, stale-if-error=0"})
    edge.get("/x")
    edge.clock.advance(61)
    origin.default = Reply(status=500)
    assert edge.get("/x").status == 500


def test_stale_while_revalidate_answers_at_once_and_fetches_behind(edge, origin):
    control = {"Cache-Control": "max-age=60, stale-while-revalidate=60"}
    origin.default = Reply(headers=control, body=b"old")
    edge.get("/x")
    edge.clock.advance(90)
    origin.default = Reply(headers=control, body=b"new", delay=0.3)
    started = time.perf_counter()
    assert edge.get("/x").body == b"old"
    assert time.perf_counter() - started < 0.3
    _until(lambda: edge.get("/x").body == b"new")
    assert origin.count == 2


def test_expired_copy_is_revalidated_by_its_etag(edge, origin):
    headers = {"Cache-Control": "max-age=60", "ETag": '"1"'}
    origin.default = Reply(headers=headers, body=b"same")
    edge.get("/x")
    edge.clock.advance(61)
    got = edge.get("/x")
    assert (got.cache, got.body, got.headers["age"]) == ("RefreshHit", b"same", "0")
    assert origin.asked[1].headers["if-none-match"] == '"1"'
    assert (edge.get("/x").cache, origin.count) == ("Hit", 2)


def test_forwarded_cookies_stop_collapsing_and_revalidation(edge_with, origin):
    edge = edge_with(cache=cache_policy(CookiesConfig={"CookieBehavior": "all"}))
    headers = {"Cache-Control": "max-age=60", "ETag": '"1"'}
    origin.default = Reply(headers=headers, delay=0.2)
    _at_once(edge, 5, 200)
    assert origin.count == 5
    edge.clock.advance(61)
    assert edge.get("/x").cache == "Miss"
    assert "if-none-match" not in origin.asked[-1].headers


def test_vary_star_is_fetched_every_time(edge, origin):
    origin.default = Reply(headers={**LONG, "Vary": "*"})
    edge.get("/x")
    edge.get("/x")
    assert origin.count == 2


def test_vary_loses_what_the_origin_never_saw(edge, origin):
    origin.default = Reply(headers={"Vary": "Origin, User-Agent, Accept-Encoding"})
    assert edge.get("/x").headers["vary"] == "Origin, Accept-Encoding"


def test_viewer_that_has_the_copy_gets_304(edge, origin):
    origin.default = Reply(headers={**LONG, "ETag": '"1"'})
    edge.get("/x")
    got = edge.get("/x", headers={"If-None-Match": 'W/"1"'})
    assert (got.status, got.body, got.cache) == (304, b"", "Hit")
    assert edge.get("/x", headers={"If-None-Match": '"2"'}).status == 200
    assert origin.count == 1


def test_part_of_a_copy(edge, origin):
    origin.default = Reply(headers=LONG, body=b"0123456789")
    edge.get("/x")
    got = edge.get("/x", headers={"Range": "bytes=2-4"})
    assert (got.status, got.body) == (206, b"234")
    assert got.headers["content-range"] == "bytes 2-4/10"
    assert edge.get("/x", headers={"Range": "bytes=-3"}).body == b"789"
    beyond = edge.get("/x", headers={"Range": "bytes=10-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */10")
    assert origin.count == 1


def test_body_too_large_for_the_cache_streams_through(origin):
    large = bytes(range(256)) * 4096
    origin.default = Reply(headers=LONG, body=large, ranges=True)
    with RunningEdge(deployed(), origins={ORIGIN: origin}, capacity=1_000_000) as edge:
        first, second = edge.get("/x"), edge.get("/x")
        part = edge.get("/x", headers={"Range": "bytes=300000-300003"})
        head = edge.get("/x", method="HEAD")
    assert (first.body == large, second.cache, origin.count) == (True, "Miss", 4)
    assert (part.status, part.body) == (206, large[300000:300004])
    assert head.headers["content-length"] == str(len(large))


def test_least_recently_used_copy_goes_first(origin):
    origin.default = Reply(headers=LONG, body=b"x" * 30_000)
    with RunningEdge(deployed(), origins={ORIGIN: origin}, capacity=300_000) as edge:
        for number in range(12):
            edge.get(f"/{number}")
            edge.get("/0")
        assert edge.get("/11").cache == "Hit"
        assert edge.get("/1").cache == "Miss"
    assert origin.targets.count("/static/0") == 1


def test_head_shares_the_entry_of_get(edge, origin):
    origin.default = Reply(headers=LONG, body=b"12345")
    head = edge.get("/x", method="HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", "5")
    assert edge.get("/x").cache == "Hit"
    assert [one.method for one in origin.asked] == ["GET"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_method_that_is_not_allowed_stops_at_the_edge(edge, origin, method):
    assert (edge.get("/x", method=method).status, origin.count) == (403, 0)


def test_get_with_a_body_stops_at_the_edge(edge, origin):
    assert (edge.get("/x", body=b"x").status, origin.count) == (403, 0)


def test_allowed_method_passes_with_its_body_and_is_never_cached(edge_with, origin):
    methods = {**named("GET", "HEAD", "POST"), "CachedMethods": named("GET", "HEAD")}
    edge = edge_with(distribution(default={"AllowedMethods": methods}))
    origin.default = Reply(headers=LONG, body=b"made")
    answers = [edge.get("/x", method="POST", body=b"a=1").body for _ in range(2)]
    assert answers == [b"made", b"made"]
    assert [one.body for one in origin.asked] == [b"a=1", b"a=1"]


def test_compressed_body_of_a_viewer_passes_byte_for_byte(edge_with, origin):
    methods = {**named("GET", "HEAD", "POST"), "CachedMethods": named("GET", "HEAD")}
    edge = edge_with(distribution(default={"AllowedMethods": methods}))
    edge.get("/x", method="POST", body=b"\x1f", headers={"Content-Encoding": "gzip"})
    assert origin.asked[0].body == b"\x1f"


def test_disabled_caching_passes_everything_on(edge_with, origin):
    policy = cache_policy(default_ttl=0, max_ttl=0, headers=(), compressed=False)
    edge = edge_with(cache=policy)
    origin.default = Reply(status=206, headers=LONG, body=b"01")
    edge.get("/x", headers={"Range": "bytes=0-1"})
    assert edge.get("/x", method="HEAD").headers["content-length"] == "2"
    assert [one.method for one in origin.asked] == ["GET", "HEAD"]
    assert origin.asked[0].headers["range"] == "bytes=0-1"


def test_url_over_8192_bytes_stops_at_the_edge(edge, origin):
    assert edge.get("/" + "x" * 8192).status == 414
    assert edge.get("/" + "x" * 8191).status == 200
    assert origin.count == 1


@pytest.mark.parametrize(
    "path",
    [
        b"/../admin/",
        b"/%2e%2e/admin/",
        b"/.%2e/admin/",
        b"/b1/../../admin/",
        b"/..%2fadmin/",
        b"/%2e%2e%2fadmin/",
        b"//admin/",
        b"/b1/./x",
        b"/a%20b/%C3%A9",
        b"/a#b",
        b"/a[b]|\\^{}",
    ],
)
def test_path_reaches_the_origin_byte_for_byte(edge, origin, path):
    assert edge.get_raw(path) == 200
    assert origin.asked[0].line == b"GET /static" + path + b" HTTP/1.1"


@pytest.mark.parametrize(
    "target",
    [b"http://dev.example.com/admin/", b"http://" + STATIC.encode() + b"/x", b"x"],
)
def test_target_that_is_no_path_stops_at_the_edge(edge, origin, target):
    assert (edge.get_raw(target), origin.count) == (400, 0)


def test_listed_query_strings_split_and_arrive_as_they_came(edge_with, origin):
    listed = {"QueryStringBehavior": "whitelist", "QueryStrings": named("v")}
    edge = edge_with(cache=cache_policy(QueryStringsConfig=listed))
    for target in ("/x?v=%zz&t=1", "/x?t=2&v=%zz", "/x?v=2", "/x?t=3"):
        edge.get(target)
    assert origin.targets == ["/static/x?v=%zz", "/static/x?v=2", "/static/x"]


def test_origin_request_policy_adds_to_the_request_but_not_to_the_key(
    edge_with, origin
):
    edge = edge_with(
        distribution(default={"OriginRequestPolicyId": "request"}),
        request={
            "HeadersConfig": {
                "HeaderBehavior": "whitelist",
                "Headers": named("Referer"),
            },
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "all"},
        },
    )
    edge.get("/x?a=1", headers={"Referer": "https://a/"})
    edge.get("/x?a=2", headers={"Referer": "https://b/"})
    assert origin.targets == ["/static/x?a=1"]
    assert origin.asked[0].headers["referer"] == "https://a/"


def test_preflight_is_cached_apart_from_get(edge, origin):
    origin.default = Reply(status=204, headers={"Access-Control-Allow-Origin": "*"})
    asks = {"Origin": "https://a", "Access-Control-Request-Method": "GET"}
    got = [edge.get("/x", method="OPTIONS", headers=asks) for _ in range(2)]
    assert [one.status for one in got] == [204, 204]
    assert got[1].headers["access-control-allow-origin"] == "*"
    edge.get("/x", headers=asks)
    assert [one.method for one in origin.asked] == ["OPTIONS", "GET"]


def test_policy_answers_cors_on_hits_too_and_by_the_asking_origin(edge_with, origin):
    edge = edge_with(
        distribution(default={"ResponseHeadersPolicyId": "response"}),
        cache=cache_policy(headers=()),
        response={
            "CorsConfig": {
                "AccessControlAllowOrigins": named("https://a", "https://b"),
                "AccessControlAllowMethods": named("GET"),
                "AccessControlAllowHeaders": named("*"),
                "AccessControlAllowCredentials": False,
                "OriginOverride": True,
            },
            "RemoveHeadersConfig": named({"Header": "Set-Cookie"}),
        },
    )
    origin.default = Reply(headers={**LONG, "Set-Cookie": "a=1"})
    allowed = [
        edge.get("/x", headers={"Origin": one} if one else {}).headers
        for one in ("https://a", "https://b", "https://c", "")
    ]
    assert [one.get("access-control-allow-origin") for one in allowed] == [
        "https://a",
        "https://b",
        None,
        None,
    ]
    assert not any("set-cookie" in one for one in allowed)
    assert origin.count == 1


@pytest.mark.parametrize(("forward", "passes"), [("none", False), ("all", True)])
def test_set_cookie_goes_where_old_settings_forward_no_cookies(
    edge_with, origin, forward, passes
):
    values = {"QueryString": False, "Cookies": {"Forward": forward}}
    behavior = {"CachePolicyId": "", "ForwardedValues": values, "MinTTL": 0}
    edge = edge_with(distribution(default=behavior))
    origin.default = Reply(headers={**LONG, "Set-Cookie": "a=1"})
    assert ("set-cookie" in edge.get("/a").headers) == passes
    assert ("set-cookie" in edge.get("/a").headers) == passes


def test_set_cookie_passes_where_no_policy_removes_it(edge, origin):
    origin.default = Reply(headers={"Set-Cookie": "a=1"})
    assert edge.get("/x").headers["set-cookie"] == "a=1"


def test_hop_by_hop_headers_stay_at_the_edge(edge, origin):
    origin.default = Reply(
        headers={"Connection": "X-Own", "X-Own": "1", "X-Other": "2"}
    )
    got = edge.get("/x").headers
    assert "x-own" not in got
    assert got["x-other"] == "2"


def test_two_distributions_have_their_own_trees_and_copies(edge_with, origin):
    edge = edge_with(distribution(), distribution(MEDIA, origin_path="/media"))
    edge.get("/x")
    edge.get("/x", host=MEDIA)
    assert origin.targets == ["/static/x", "/media/x"]


@pytest.mark.parametrize(
    "host",
    [
        STATIC,
        "D111.CloudFront.NET:8100",
        "d111.cloudfront.localhost:8100",
        "d111.cloudfront.net.localhost",
        "static.example.com",
        "static.example.com.localhost:8100",
    ],
)
def test_host_names_of_one_distribution_share_its_copies(edge_with, origin, host):
    edge = edge_with(distribution(Aliases=named("static.example.com")))
    edge.get("/x")
    assert (edge.get("/x", host=host).cache, origin.count) == ("Hit", 1)


def test_unknown_host_and_disabled_distribution_answer_403(edge_with, origin):
    edge = edge_with(distribution(), distribution(MEDIA, Enabled=False))
    assert edge.get("/x", host="d999.cloudfront.net").status == 403
    assert edge.get("/x", host=MEDIA).status == 403
    assert origin.count == 0


def test_behavior_is_chosen_on_the_resolved_path_and_the_raw_one_is_sent(
    edge_with, origin
):
    other = {"Id": "other", "DomainName": ORIGIN, "OriginPath": "/other"}
    first = {**distribution()["DistributionConfig"]["Origins"]["Items"][0]}
    edge = edge_with(
        distribution(
            Origins=named(first, other),
            CacheBehaviors=named(behavior(PathPattern="/b/*", TargetOriginId="other")),
        )
    )
    for path in (b"/a/../b/x", b"/b/../a/x", b"/B/x"):
        edge.get_raw(path)
    assert origin.targets == ["/other/a/../b/x", "/static/b/../a/x", "/static/B/x"]


def test_default_root_object_is_for_the_root_only(edge_with, origin):
    edge = edge_with(distribution(DefaultRootObject="none.html"))
    edge.get("/")
    edge.get("/a/")
    edge.get_raw(b"//")
    assert origin.targets == ["/static/none.html", "/static/a/", "/static//"]


def test_error_page_replaces_body_and_status(edge_with, origin):
    rule = {
        "ErrorCode": 404,
        "ErrorCachingMinTTL": 0,
        "ResponsePagePath": "/404.html",
        "ResponseCode": "410",
    }
    edge = edge_with(distribution(CustomErrorResponses=named(rule)))
    origin.default = Reply(status=404)
    origin.replies["/static/404.html"] = Reply(body=b"gone")
    got = edge.get("/x")
    assert (got.status, got.body, got.cache) == (410, b"gone", "Error")


def test_unreachable_origin_is_asked_again_and_then_502(edge, origin):
    origin.default = Reply(drop=True)
    got = edge.get("/x")
    assert (got.status, got.cache) == (502, "Error")
    assert ORIGIN.encode() in got.body
    assert origin.count == 2


def test_error_of_the_edge_itself_gets_no_policy_headers(edge_with, origin):
    policy = named({"Header": "X-A", "Value": "1", "Override": True})
    edge = edge_with(
        distribution(default={"ResponseHeadersPolicyId": "response"}),
        response={"CustomHeadersConfig": policy},
    )
    assert edge.get("/x").headers["x-a"] == "1"
    origin.default = Reply(drop=True)
    assert "x-a" not in edge.get("/y").headers


def test_post_is_not_asked_again(edge_with, origin):
    methods = {**named("GET", "HEAD", "POST"), "CachedMethods": named("GET", "HEAD")}
    edge = edge_with(distribution(default={"AllowedMethods": methods}))
    origin.default = Reply(drop=True)
    assert edge.get("/x", method="POST", body=b"a").status == 502
    assert origin.count == 1


def test_silent_origin_is_504_after_the_read_timeout(edge_with, origin):
    patience = {"ConnectionAttempts": 1, "CustomOriginConfig": {"OriginReadTimeout": 1}}
    edge = edge_with(distribution(origin=patience))
    origin.default = Reply(delay=3)
    assert edge.get("/x").status == 504


def test_origin_without_a_local_address_names_the_flag():
    with RunningEdge(deployed(), origins={}) as edge:
        got = edge.get("/x")
    assert got.status == 502
    assert f"--origin {ORIGIN}=127.0.0.1:".encode() in got.body


def test_redeploy_takes_effect_without_a_flush(edge, origin):
    origin.default = Reply(headers=LONG)
    edge.get("/x")
    edge.redeploy(deployed(distribution(origin_path="/elsewhere")))
    assert edge.get("/x").cache == "Hit"
    edge.get("/y")
    assert origin.targets == ["/static/x", "/elsewhere/y"]


def test_invalidation_takes_all_variants_of_a_path_and_nothing_else(edge, origin):
    origin.default = Reply(headers=LONG)
    for target in ("/a/x", "/a/y", "/b/x"):
        edge.get(target)
        edge.get(target, headers={"Origin": "https://a"})
    edge.invalidate("/a/x", "/b*", "/A/y")
    edge.invalidate("/*", distribution_id="D222")
    results = {path: edge.get(path).cache for path in ("/a/x", "/a/y", "/b/x")}
    assert results == {"/a/x": "Miss", "/a/y": "Hit", "/b/x": "Miss"}
    assert edge.get("/a/x", headers={"Origin": "https://a"}).cache == "Miss"


def test_answer_cut_short_passes_as_far_as_it_came_and_is_not_kept(edge, origin):
    origin.default = Reply(headers=LONG, missing=3)
    with pytest.raises(http.client.IncompleteRead) as cut:
        edge.get("/x")
    assert cut.value.partial == b"body"
    origin.default = Reply(headers=LONG)
    assert edge.get("/x").cache == "Miss"


def test_streamed_answer_cut_short_breaks_the_connection(origin):
    origin.default = Reply(body=b"x" * 500_000, missing=3)
    with (
        RunningEdge(deployed(), origins={ORIGIN: origin}, capacity=1_000_000) as edge,
        pytest.raises((http.client.IncompleteRead, ConnectionError)),
    ):
        edge.get("/x")


def test_expires_alone_decides(edge, origin):
    expires = formatdate(edge.clock.now + 30, usegmt=True)
    origin.default = Reply(headers={"Expires": expires})
    edge.get("/x")
    edge.clock.advance(29)
    assert edge.get("/x").cache == "Hit"
    edge.clock.advance(2)
    assert edge.get("/x").cache == "Miss"


def test_log_line_has_no_query_and_no_cookie(edge):
    edge.get("/x?secret=1", headers={"Cookie": "secret=1"})
    (line,) = edge.log
    assert f"{STATIC} GET /x 200 Miss" in line
    assert line.endswith("ms")
    assert "secret" not in line


def test_health_lists_what_is_served(edge):
    got = edge.get("/_edge/health", host="127.0.0.1")
    assert json.loads(got.body) == {
        "status": "ok",
        "distributions": [
            {"id": "D111", "domain_name": STATIC, "aliases": [], "enabled": True}
        ],
    }


def test_health_path_of_a_distribution_is_the_origins(edge, origin):
    edge.get("/_edge/health")
    assert origin.targets == ["/static/_edge/health"]


def _at_once(edge, number, status):
    with ThreadPoolExecutor(number) as pool:
        answers = list(pool.map(lambda _: edge.get("/x"), range(number)))
    assert {one.status for one in answers} == {status}
    return answers


def _until(true):
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
