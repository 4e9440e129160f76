"""Which behavior a request gets, what tells two apart, and what reaches the origin."""

from __future__ import annotations

import json

import pytest
from edge_support import (
    CLOSE,
    EVERY_METHOD,
    HEAD,
    LONG,
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
    status_of,
)


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


@pytest.mark.documented(
    "Headers that no policy lists do not arrive",
    "RequestAndResponseBehaviorCustomOrigin",
)
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


@pytest.mark.documented(
    "`Host` is the origin's name; `X-Forwarded-For`, `Via` and `X-Amz-Cf-Id` are added",
    "RequestAndResponseBehaviorCustomOrigin",
)
def test_origin_gets_its_own_name_and_where_the_request_came_from(edge, origin):
    edge.get("/x", headers={"X-Forwarded-For": "192.0.2.1"})
    arrived = origin.asked[0].headers
    assert arrived["host"] == ORIGIN
    assert arrived["x-forwarded-for"] == "192.0.2.1, 127.0.0.1"
    assert arrived["x-amz-cf-id"]
    assert "CloudFront" in arrived["via"]


def test_compressed_body_passes_byte_for_byte(edge, origin):
    origin.default = Reply(
        headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8bnot gzip"
    )
    got = edge.get("/x", headers={"Accept-Encoding": "gzip"})
    assert (got.body, got.headers["content-encoding"]) == (b"\x1f\x8bnot gzip", "gzip")


@pytest.mark.documented(
    "Methods that are not allowed are a 403", "http-403-invalid-method"
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_method_that_is_not_allowed_stops_at_the_edge(edge, origin, method):
    assert (edge.get("/x", method=method).status, origin.count) == (403, 0)


@pytest.mark.documented(
    "A GET with a body is a 403", "RequestAndResponseBehaviorCustomOrigin"
)
def test_get_with_a_body_stops_at_the_edge(edge, origin):
    assert (edge.get("/x", body=b"x").status, origin.count) == (403, 0)


def test_allowed_method_passes_with_its_body_and_is_never_cached(start, origin):
    methods = {**named("GET", "HEAD", "POST"), "CachedMethods": named("GET", "HEAD")}
    edge = start(distribution(default={"AllowedMethods": methods}))
    origin.default = Reply(headers=LONG, body=b"made")
    answers = [edge.get("/x", method="POST", body=b"a=1").body for _ in range(2)]
    assert answers == [b"made", b"made"]
    assert [one.body for one in origin.asked] == [b"a=1", b"a=1"]


@pytest.mark.documented(
    "The path reaches the origin as it came", "RequestAndResponseBehaviorCustomOrigin"
)
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


@pytest.mark.documented(
    "An origin request policy adds to what the origin gets, not to the key",
    "controlling-origin-requests",
)
def test_origin_request_policy_adds_to_the_request_but_not_to_the_key(start, origin):
    edge = start(
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


@pytest.mark.documented(
    "Answers to OPTIONS are cached apart", "DownloadDistValuesCacheBehavior"
)
def test_preflight_is_cached_apart_from_get(edge, origin):
    origin.default = Reply(status=204, headers={"Access-Control-Allow-Origin": "*"})
    asks = {"Origin": "https://a", "Access-Control-Request-Method": "GET"}
    got = [edge.get("/x", method="OPTIONS", headers=asks) for _ in range(2)]
    assert [one.status for one in got] == [204, 204]
    assert got[1].headers["access-control-allow-origin"] == "*"
    edge.get("/x", headers=asks)
    assert [one.method for one in origin.asked] == ["OPTIONS", "GET"]


@pytest.mark.documented(
    "Response headers policy: CORS, by the origin that asks",
    "understanding-response-headers-policies",
)
def test_policy_answers_cors_on_hits_too_and_by_the_asking_origin(start, origin):
    edge = start(
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


def test_hop_by_hop_headers_stay_at_the_edge(edge, origin):
    origin.default = Reply(
        headers={"Connection": "X-Own", "X-Own": "1", "X-Other": "2"}
    )
    got = edge.get("/x").headers
    assert "x-own" not in got
    assert got["x-other"] == "2"


def test_host_names_of_one_distribution_share_its_copies(start, origin):
    edge = start(distribution(Aliases=named("static.example.com")))
    hosts = (STATIC, "d111.cloudfront.localhost:8100", "static.example.com")
    assert [edge.get("/x", host=host).cache for host in hosts] == ["Miss", "Hit", "Hit"]


def test_unknown_host_and_disabled_distribution_answer_403(start, origin):
    edge = start(distribution(), distribution(MEDIA, Enabled=False))
    assert edge.get("/x", host="d999.cloudfront.net").status == 403
    assert edge.get("/x", host=MEDIA).status == 403
    assert origin.count == 0


def test_behavior_is_chosen_on_the_resolved_path_and_the_raw_one_is_sent(start, origin):
    other = {"Id": "other", "DomainName": ORIGIN, "OriginPath": "/other"}
    first = {**distribution()["DistributionConfig"]["Origins"]["Items"][0]}
    edge = start(
        distribution(
            Origins=named(first, other),
            CacheBehaviors=named(behavior(PathPattern="/b/*", TargetOriginId="other")),
        )
    )
    for path in (b"/a/../b/x", b"/b/../a/x", b"/B/x"):
        edge.get_raw(path)
    assert origin.targets == ["/other/a/../b/x", "/static/b/../a/x", "/static/B/x"]


@pytest.mark.documented("Default root object", "DefaultRootObject")
def test_default_root_object_is_for_the_root_only(start, origin):
    edge = start(distribution(DefaultRootObject="none.html"))
    edge.get("/")
    edge.get("/a/")
    edge.get_raw(b"//")
    assert origin.targets == ["/static/none.html", "/static/a/", "/static//"]


@pytest.mark.documented(
    "Errors of the edge itself get no headers of the policy (assumed)",
    "understanding-response-headers-policies",
)
def test_error_of_the_edge_itself_gets_no_policy_headers(start, origin):
    policy = named({"Header": "X-A", "Value": "1", "Override": True})
    edge = start(
        distribution(default={"ResponseHeadersPolicyId": "response"}),
        response={"CustomHeadersConfig": policy},
    )
    assert edge.get("/x").headers["x-a"] == "1"
    origin.default = Reply(drop=True)
    assert "x-a" not in edge.get("/y").headers


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


def test_header_bytes_pass_unchanged_to_the_viewer(edge, origin):
    name = 'attachment; filename="\xe9t\xe9.txt"'
    origin.default = Reply(headers={"Content-Disposition": name})
    answer = edge.send(HEAD + CLOSE)
    assert b'filename="\xe9t\xe9.txt"' in answer
    assert b"content-type" not in answer.lower()


@pytest.mark.documented(
    "The bytes of headers pass unchanged, both ways",
    "RequestAndResponseBehaviorCustomOrigin",
)
def test_header_bytes_pass_unchanged_to_the_origin(start, origin):
    edge = start(cache=cache_policy(headers=("X-Name",)))
    edge.send(HEAD + b"X-Name: \xe9\xff\r\n" + CLOSE)
    assert origin.asked[0].headers["x-name"] == "\xe9\xff"


def test_headers_of_the_edge_are_not_forwarded(start, origin):
    policy = {"HeadersConfig": {"HeaderBehavior": "allViewer"}}
    default = {"OriginRequestPolicyId": "request"}
    edge = start(distribution(default=default), request=policy)
    edge.get("/x", headers={"X-Edge-Location": "1", "X-Other": "2"})
    arrived = origin.asked[0].headers
    assert ("x-edge-location" in arrived, arrived["x-other"]) == (False, "2")


def test_chunked_body_of_a_viewer_arrives(start, origin):
    edge = start(distribution(default=EVERY_METHOD))
    body = b"3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n"
    request = b"POST" + HEAD[3:] + b"Transfer-Encoding: chunked\r\n" + CLOSE + body
    assert status_of(edge.send(request)) == 200
    assert origin.asked[0].body.endswith(b"de") or origin.asked[0].body == b"abcde"


def test_two_ports_of_one_name_are_two_origins(origin):
    with CountingOrigin() as other:
        other.default = Reply(body=b"other")
        config = {"HTTPSPort": 8443, "OriginProtocolPolicy": "https-only"}
        one = distribution(origin={"CustomOriginConfig": config})
        table = {ORIGIN: origin, f"{ORIGIN}:8443": other}
        with RunningEdge(deployed(one), origins=table) as edge:
            assert edge.get("/x").body == b"other"
