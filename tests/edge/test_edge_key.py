"""What tells two requests apart, and what of them goes to the origin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from edge_support import (
    MEDIA,
    ORIGIN,
    behavior,
    cache_policy,
    deployed,
    distribution,
    named,
)
from multidict import CIMultiDict

from cdn_edge.cache_key import (
    accept_encoding,
    cache_key,
    match,
    normalised,
    origin_request,
)
from cdn_edge.distributions import parse
from cdn_edge.messages import ViewerRequest


def served(*distributions, **policies):
    return parse(deployed(*distributions, **policies)).distributions[0]


def viewer(path="/x", *, method="GET", query="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ViewerRequest(
        method=method, path=path, query=query, headers=CIMultiDict(named)
    )


def key(request, one=None):
    one = one or served()
    return cache_key(one, one.behaviors[-1], request)


def sent(request, one=None):
    one = one or served()
    behavior = one.behaviors[-1]
    return origin_request(behavior.origins[0], behavior, request, "id")


def query_policy(kind, *names):
    behavior = {"QueryStringBehavior": kind, "QueryStrings": named(*names)}
    return served(cache=cache_policy(QueryStringsConfig=behavior))


def cookie_policy(kind, *names):
    behavior = {"CookieBehavior": kind, "Cookies": named(*names)}
    return served(cache=cache_policy(CookiesConfig=behavior))


@pytest.mark.documented(
    "Requests are told apart by what the cache policy lists",
    "understanding-the-cache-key",
)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (viewer("/x"), viewer("/X")),
        (viewer("/x"), viewer("/x/")),
        (viewer("/a/../x"), viewer("/x")),
        (viewer("/%78"), viewer("/x")),
        (viewer(), viewer(method="OPTIONS")),
        (viewer(Origin="https://a"), viewer(Origin="https://A")),
        (viewer(Origin="https://a"), viewer()),
        (viewer(Origin=""), viewer()),
        (viewer(Accept_Encoding="br, gzip"), viewer(Accept_Encoding="gzip")),
    ],
)
def test_requests_that_are_told_apart(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (viewer(), viewer(method="HEAD")),
        (viewer(), viewer(query="v=1")),
        (viewer(), viewer(Cookie="a=1")),
        (viewer(User_Agent="a"), viewer(User_Agent="b")),
        (viewer(Origin="https://a"), viewer(origin="https://a")),
        (viewer(Accept_Encoding="br, gzip"), viewer(Accept_Encoding="gzip, x, br;q=1")),
        (viewer(Accept_Encoding="identity"), viewer()),
        (viewer(Accept_Encoding="zstd"), viewer(Accept_Encoding="br;q=0")),
        (viewer(Range="bytes=0-1"), viewer()),
        (viewer(Host="a"), viewer(Host="b")),
    ],
)
def test_requests_that_share_a_copy(one, other):
    assert key(one) == key(other)


@pytest.mark.documented("Distributions share no copies", "understanding-the-cache-key")
def test_distributions_share_nothing():
    first, second = parse(deployed(distribution(), distribution(MEDIA))).distributions
    assert key(viewer(), first) != key(viewer(), second)


def test_same_headers_in_another_order_share_a_copy():
    one = viewer(Origin="a", Access_Control_Request_Method="GET")
    other = viewer(Access_Control_Request_Method="GET", Origin="a")
    assert key(one) == key(other)


@pytest.mark.documented(
    "Query strings: none, listed, all but the listed, all; in their order",
    "cache-key-understand-cache-policy",
)
@pytest.mark.parametrize(
    ("kind", "names", "arrives"),
    [
        ("none", (), ""),
        ("all", (), "?a=1&b=2&A=3&c"),
        ("whitelist", ("b", "c"), "?b=2&c"),
        ("allExcept", ("b",), "?a=1&A=3&c"),
    ],
)
def test_query_strings_by_policy(kind, names, arrives):
    one = query_policy(kind, *names)
    request = viewer(query="a=1&b=2&A=3&c")
    assert sent(request, one).target == "/static/x" + arrives
    splits = key(request, one) != key(replace(request, query=""), one)
    assert splits == (kind != "none")


@pytest.mark.documented(
    "Cookies: none, listed, all but the listed, all",
    "cache-key-understand-cache-policy",
)
@pytest.mark.parametrize(
    ("kind", "names", "arrives"),
    [
        ("none", (), None),
        ("all", (), "a=1; b=2"),
        ("whitelist", ("b",), "b=2"),
        ("allExcept", ("b",), "a=1"),
    ],
)
def test_cookies_by_policy(kind, names, arrives):
    one = cookie_policy(kind, *names)
    request = viewer(Cookie="b=2; a=1")
    assert sent(request, one).headers.get("Cookie") == arrives
    splits = key(request, one) != key(viewer(), one)
    assert splits == (kind != "none")


@pytest.mark.documented("Names of cookies may have wildcards", "Cookies")
def test_names_of_cookies_may_have_wildcards():
    one = cookie_policy("whitelist", "user_*", "a?")
    request = viewer(Cookie="user_x=1; ab=2; abc=3; a=4")
    assert sent(request, one).headers["Cookie"] == "ab=2; user_x=1"


@pytest.mark.documented(
    "`Accept-Encoding` in the key is `br,gzip`, one of them or nothing",
    "cache-key-understand-cache-policy",
)
@pytest.mark.parametrize(
    ("value", "both", "gzip"),
    [
        (None, None, None),
        ("br, gzip", "br,gzip", "gzip"),
        ("GZIP", "gzip", "gzip"),
        ("br", "br", None),
        ("br;q=0, gzip", "gzip", "gzip"),
        ("gzip;q=0.001", "gzip", "gzip"),
        ("gzip;q=0.0", None, None),
        ("deflate", None, None),
    ],
)
def test_accept_encoding_becomes_one_of_three(value, both, gzip):
    request = viewer() if value is None else viewer(Accept_Encoding=value)
    assert accept_encoding(served().behaviors[-1], request.headers) == both
    only_gzip = served(cache=cache_policy(EnableAcceptEncodingBrotli=False))
    assert accept_encoding(only_gzip.behaviors[-1], request.headers) == gzip
    neither = served(cache=cache_policy(compressed=False))
    assert accept_encoding(neither.behaviors[-1], request.headers) is None
    assert "Accept-Encoding" not in sent(request, neither).headers


def test_identity_goes_to_the_origin_where_nothing_supported_is_accepted():
    assert sent(viewer(Accept_Encoding="zstd")).headers["Accept-Encoding"] == "identity"
    assert "Accept-Encoding" not in sent(viewer()).headers


def request_policy(kind, *names):
    headers = {"HeaderBehavior": kind, "Headers": named(*names)}
    return served(
        distribution(default={"OriginRequestPolicyId": "request"}),
        request={"HeadersConfig": headers},
    )


def test_all_viewer_forwards_host_and_user_agent_but_not_the_edges_own_affairs():
    request = viewer(
        Host="static.example.com",
        User_Agent="me",
        Referer="https://a/",
        Authorization="x",
        Cookie="a=1",
        X_Forwarded_Proto="http",
        X_Real_IP="10.0.0.1",
        Connection="close",
        CloudFront_Viewer_Country="XX",
    )
    headers = sent(request, request_policy("allViewer")).headers
    assert headers["Host"] == "static.example.com"
    assert headers.getall("User-Agent") == ["me"]
    assert {"Referer", "Authorization"} <= set(map(str.title, headers))
    for name in ("Cookie", "X-Forwarded-Proto", "X-Real-IP", "Connection"):
        assert name not in headers
    assert "CloudFront-Viewer-Country" not in headers


def test_all_except_leaves_out_what_is_listed():
    headers = sent(viewer(A="1", Host="h"), request_policy("allExcept", "Host")).headers
    assert (headers["A"], headers["Host"]) == ("1", ORIGIN)


def test_listed_forwarded_proto_is_https():
    listed = request_policy("whitelist", "CloudFront-Forwarded-Proto")
    assert sent(viewer(), listed).headers["CloudFront-Forwarded-Proto"] == "https"
    assert "CloudFront-Forwarded-Proto" not in sent(viewer()).headers


def test_cached_options_lose_authorization():
    one = request_policy("allViewer")
    assert "Authorization" in sent(viewer(Authorization="x"), one).headers
    options = viewer(method="OPTIONS", Authorization="x")
    assert "Authorization" not in sent(options, one).headers


@pytest.mark.documented(
    "Headers of the origin's settings overwrite the viewer's",
    "add-origin-custom-headers",
)
def test_origin_header_replaces_every_one_of_the_viewers():
    one = request_policy("allViewer")
    headers = CIMultiDict([("x-cdn-tree", "media"), ("X-CDN-Tree", "private")])
    request = replace(viewer(), headers=headers)
    assert sent(request, one).headers.getall("X-Cdn-Tree") == ["static"]


@pytest.mark.documented(
    "Path patterns are matched with the normalised path",
    "DownloadDistValuesCacheBehavior",
)
@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/", "/a/"),
        ("//a///b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/../b", "/b"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..", "/"),
        ("/a/b/..", "/a/"),
        ("/%61%7E%2d", "/a~-"),
        ("/a%2fb%20", "/a%2fb%20"),
    ],
)
def test_patterns_see_a_normalised_path(path, normal):
    assert normalised(path) == normal


@pytest.mark.documented(
    "The first behavior whose pattern fits is chosen", "DownloadDistValuesCacheBehavior"
)
@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("/img/a.jpg", "img/*.jpg"),
        ("/img/deep/a.jpg", "img/*.jpg"),
        ("/IMG/a.jpg", "*"),
        ("/img/a.JPG", "*"),
        ("/a1.css", "/a?.css"),
        ("/a12.css", "*"),
        ("/img/../a1.css", "/a?.css"),
        ("/x/img/a.jpg", "*"),
        ("/a1xcss", "*"),
    ],
)
def test_first_behavior_that_fits_is_chosen(path, chosen):
    patterns = ("img/*.jpg", "/a?.css", "img/a.jpg")
    one = served(
        distribution(CacheBehaviors=named(*(behavior(PathPattern=p) for p in patterns)))
    )
    assert match(one, path).pattern == chosen
