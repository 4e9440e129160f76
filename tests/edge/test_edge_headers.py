"""What the edge does to an answer's headers on the way to the viewer."""

from __future__ import annotations

import pytest
from edge_support import deployed, distribution, named
from multidict import CIMultiDict

from cdn_edge.distributions import parse
from cdn_edge.headers import Result, apply_policy, finish, narrow_vary, not_modified

CORS = {
    "AccessControlAllowOrigins": named("*"),
    "AccessControlAllowMethods": named("GET", "HEAD"),
    "AccessControlAllowHeaders": named("X-One", "X-Two"),
    "AccessControlExposeHeaders": named("X-Cache", "Age"),
    "AccessControlMaxAgeSec": 600,
    "AccessControlAllowCredentials": False,
    "OriginOverride": False,
}
PREFLIGHT = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
ALLOW = "Access-Control-Allow-"


def applied(policy, *, request=None, method="GET", **response):
    one = distribution(default={"ResponseHeadersPolicyId": "response"})
    behavior = parse(deployed(one, response=policy)).distributions[0].behaviors[-1]
    headers = CIMultiDict({n.replace("_", "-"): v for n, v in response.items()})
    apply_policy(headers, behavior.response_headers, CIMultiDict(request or {}), method)
    return headers


def cors(*, request=None, method="GET", response=None, **changes):
    asked = {"Origin": "https://a.example"} if request is None else request
    policy = {"CorsConfig": {**CORS, **changes}}
    return applied(policy, request=asked, method=method, **(response or {}))


def test_cors_headers_are_for_requests_with_an_origin():
    assert cors()["Access-Control-Allow-Origin"] == "*"
    assert cors()["Access-Control-Expose-Headers"] == "Age, X-Cache"
    assert not cors(request={})


def test_methods_headers_and_max_age_are_for_preflights():
    assert ALLOW + "Methods" not in cors()
    assert ALLOW + "Methods" not in cors(method="OPTIONS")
    got = cors(method="OPTIONS", request=PREFLIGHT)
    assert got[ALLOW + "Methods"] == "GET, HEAD"
    assert got[ALLOW + "Headers"] == "X-One, X-Two"
    assert got["Access-Control-Max-Age"] == "600"


def test_all_methods_are_written_out():
    got = cors(
        method="OPTIONS", request=PREFLIGHT, AccessControlAllowMethods=named("ALL")
    )
    assert got[ALLOW + "Methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def test_one_cors_header_of_the_origin_keeps_the_policys_away():
    sent = {"Access_Control_Max_Age": "1"}
    assert list(cors(response=sent)) == ["Access-Control-Max-Age"]
    assert ALLOW + "Origin" in cors(response={"X_Other": "1"})


def test_override_replaces_the_origins_header():
    got = cors(
        response={"Access_Control_Allow_Origin": "https://b"}, OriginOverride=True
    )
    assert got.getall(ALLOW + "Origin") == ["*"]


def test_credentials_are_said_only_when_allowed():
    assert ALLOW + "Credentials" not in cors()
    assert cors(AccessControlAllowCredentials=True)[ALLOW + "Credentials"] == "true"


@pytest.mark.parametrize(
    ("allowed", "origin", "matches"),
    [
        ("https://a.example", "https://a.example", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example.evil", False),
        ("https://a.example", "https://axexample", False),
        ("https://*.example", "https://b.a.example", True),
        ("https://*.example", "https://example", False),
        ("*.example", "http://a.example", True),
        ("*.example", "http://evil/.example", False),
        ("https://a.example:*", "https://a.example:8443", True),
        ("https://a.example", "https://a.example:8443", False),
    ],
)
def test_allowed_origin_is_reflected(allowed, origin, matches):
    got = cors(
        request={"Origin": origin},
        AccessControlAllowOrigins=named("https://z", allowed),
    )
    assert got.get(ALLOW + "Origin") == (origin if matches else None)
    assert bool(got) == matches


@pytest.mark.documented(
    "Response headers policy: security headers and override",
    "understanding-response-headers-policies",
)
@pytest.mark.parametrize(
    ("section", "value", "name", "shown"),
    [
        (
            "StrictTransportSecurity",
            {"AccessControlMaxAgeSec": 31536000},
            "Strict-Transport-Security",
            "max-age=31536000",
        ),
        (
            "StrictTransportSecurity",
            {"AccessControlMaxAgeSec": 1, "IncludeSubdomains": True, "Preload": True},
            "Strict-Transport-Security",
            "max-age=1; includeSubDomains; preload",
        ),
        ("ContentTypeOptions", {}, "X-Content-Type-Options", "nosniff"),
        ("FrameOptions", {"FrameOption": "DENY"}, "X-Frame-Options", "DENY"),
        (
            "ReferrerPolicy",
            {"ReferrerPolicy": "no-referrer"},
            "Referrer-Policy",
            "no-referrer",
        ),
        (
            "ContentSecurityPolicy",
            {"ContentSecurityPolicy": "sandbox"},
            "Content-Security-Policy",
            "sandbox",
        ),
        (
            "XSSProtection",
            {"Protection": True, "ModeBlock": True},
            "X-XSS-Protection",
            "1; mode=block",
        ),
        ("XSSProtection", {"Protection": False}, "X-XSS-Protection", "0"),
    ],
)
def test_security_header_is_added_and_override_decides_over_the_origins(
    section, value, name, shown
):
    def got(*, override, **response):
        config = {section: {**value, "Override": override}}
        return applied({"SecurityHeadersConfig": config}, **response).getall(name)

    assert got(override=False) == [shown]
    assert got(override=False, **{name: "own"}) == ["own"]
    assert got(override=True, **{name: "own"}) == [shown]


@pytest.mark.documented(
    "Response headers policy: custom headers", "understanding-response-headers-policies"
)
def test_custom_header_is_added_and_may_be_empty():
    custom = named(
        {"Header": "X-A", "Value": "1", "Override": True},
        {"Header": "X-B", "Value": "", "Override": False},
    )
    got = applied({"CustomHeadersConfig": custom}, X_A="0", X_B="own")
    assert (got["X-A"], got["X-B"]) == ("1", "own")
    assert applied({"CustomHeadersConfig": custom})["X-B"] == ""


@pytest.mark.documented(
    "Response headers policy: removals come first",
    "understanding-response-headers-policies",
)
def test_removal_comes_before_addition():
    policy = {
        "RemoveHeadersConfig": named({"Header": "set-cookie"}, {"Header": "X-A"}),
        "CustomHeadersConfig": named(
            {"Header": "X-A", "Value": "1", "Override": False}
        ),
    }
    got = applied(policy, Set_Cookie="a=1", X_A="own")
    assert dict(got) == {"X-A": "1"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Origin", "Origin"),
        ("User-Agent", None),
        ("accept-encoding, Cookie, Accept-Language", "accept-encoding, Cookie"),
        ("*", "*"),
    ],
)
def test_vary_keeps_what_the_origin_saw(given, kept):
    behavior = parse(deployed()).distributions[0].behaviors[-1]
    headers = CIMultiDict({"Vary": given})
    narrow_vary(headers, behavior)
    assert headers.get("Vary") == kept


def test_x_cache_names_the_result():
    headers = CIMultiDict({"Via": "1.1 own"})
    finish(headers, result=Result.REFRESH_HIT, identity="id")
    assert headers["X-Cache"] == "RefreshHit from cloudfront"
    assert headers["Via"].startswith("1.1 own, ")
    assert "Age" not in headers


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"If-None-Match": '"1"'}, True),
        ({"If-None-Match": 'W/"1"'}, True),
        ({"If-None-Match": '"0", "1"'}, True),
        ({"If-None-Match": '"0,1", "1"'}, True),
        ({"If-None-Match": '"0,"'}, False),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"2"'}, False),
        ({"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}, True),
        ({"If-Modified-Since": "Sun, 31 Dec 2023 23:59:59 GMT"}, False),
        ({"If-Modified-Since": "yesterday"}, False),
        (
            {
                "If-None-Match": '"2"',
                "If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT",
            },
            False,
        ),
        ({}, False),
    ],
)
def test_viewer_has_it_already(asked, answer):
    response = CIMultiDict(
        {"ETag": '"1"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    )
    assert not_modified(CIMultiDict(asked), response) is answer
    assert not_modified(CIMultiDict(asked), CIMultiDict()) is False
