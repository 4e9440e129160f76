"""Headers of answers: what protects less stops, what protects more does not."""

from __future__ import annotations

import pytest
from review_distributions_support import found, policy, stops, template, told

from cdn_review.summary.distributions.answers.strength import weakens


def answering(*headers, override=True, **config):
    items = [
        {"Header": name, "Value": value, "Override": override}
        for name, value in headers
    ]
    own = policy(
        "ResponseHeadersPolicy", CustomHeadersConfig={"Items": items}, **config
    )
    return template({"ResponseHeadersPolicyId": {"Ref": "P"}}, P=own)


@pytest.mark.parametrize(
    ("name", "strict", "open_"),
    [
        ("strict-transport-security", "max-age=31536000", "max-age=60"),
        ("strict-transport-security", "max-age=60; preload", "max-age=60"),
        ("strict-transport-security", "max-age=60; includeSubDomains", "max-age=60"),
        ("x-content-type-options", "nosniff", "off"),
        ("x-frame-options", "DENY", "SAMEORIGIN"),
        ("x-frame-options", "SAMEORIGIN", "ALLOW-FROM x"),
        ("referrer-policy", "no-referrer", "unsafe-url"),
        ("cross-origin-resource-policy", "same-site", "cross-origin"),
        (
            "content-security-policy",
            "default-src 'self'; script-src-elem 'self'",
            "default-src 'self'; script-src-elem *",
        ),
        ("content-security-policy", "script-src a", "script-src a; worker-src *"),
        ("content-security-policy", "child-src a", "child-src a; frame-src *"),
        (
            "content-security-policy",
            "script-src 'nonce-a' 'unsafe-inline'",
            "script-src 'unsafe-inline'",
        ),
        ("referrer-policy", "no-referrer", "a-value-of-tomorrow"),
        ("content-security-policy", "sandbox", "sandbox allow-scripts"),
        (
            "content-security-policy",
            "default-src 'none'; sandbox",
            "default-src 'none'",
        ),
        ("content-security-policy", "img-src a", "img-src a b"),
        ("content-security-policy", "default-src 'none'", "default-src *"),
        (
            "content-security-policy",
            "default-src 'none'",
            "default-src 'none'; script-src *",
        ),
    ],
)
def test_a_weaker_value_is_weaker_and_a_stronger_one_is_not(name, strict, open_):
    assert weakens(name, strict, open_)
    assert not weakens(name, open_, strict)
    assert not weakens(name, strict, strict)


def test_a_header_of_which_nobody_can_tell_counts_as_weaker():
    assert weakens("permissions-policy", "camera=()", "camera=(self)")
    assert weakens("strict-transport-security", "max-age=60", '{"Ref":"A"}')


def test_the_first_of_two_equal_directives_counts():
    both = "default-src *; default-src 'none'"
    assert weakens("content-security-policy", "default-src 'none'", both)


def test_a_directive_that_default_src_already_has_may_go():
    before = "default-src 'none'; img-src a"
    assert not weakens("content-security-policy", before, "default-src 'none'")


@pytest.mark.parametrize(
    "name",
    [
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "Content-Security-Policy",
        "Cross-Origin-Resource-Policy",
        "X-Frame-Options",
        "Referrer-Policy",
    ],
)
def test_a_security_header_that_goes_stops(name):
    both = answering((name, "value"), ("X-Site", "a"))
    assert stops(both, answering(("X-Site", "a"))) == ["header-dropped"]
    assert stops(answering(("X-Site", "a")), both) == []


def test_another_header_may_go_and_change():
    assert stops(answering(("X-Site", "a")), answering()) == []
    assert told(answering(("X-Site", "a")), answering(("x-site", "b"))) == [
        "the header 'X-Site' is 'b' instead of 'a'"
    ]


def test_two_headers_that_go_are_two_changes():
    before = answering(("X-Frame-Options", "x"), ("Referrer-Policy", "x"))
    first, second = found(before, answering())
    assert first.fingerprint != second.fingerprint


def test_a_header_that_the_origin_may_replace_protects_less():
    header = ("X-Frame-Options", "DENY")
    holds, yields = answering(header), answering(header, override=False)
    assert stops(holds, yields) == ["header-dropped"]
    assert stops(yields, holds) == [] and told(yields, holds)


def removing(*names):
    items = [{"Header": name} for name in names]
    return answering(RemoveHeadersConfig={"Items": items})


def test_cookies_of_the_origin_that_come_back_stop():
    assert stops(removing("Set-Cookie", "Server"), removing()) == ["header-dropped"]
    assert stops(removing("set-cookie", "Server"), removing("Set-Cookie")) == []


def test_a_policy_that_cannot_be_seen_drops_what_was_seen():
    unseen = template({"ResponseHeadersPolicyId": "theirs"})
    assert stops(answering(("X-Frame-Options", "DENY")), unseen) == ["header-dropped"]
    assert stops(answering(("X-Site", "a")), unseen) == []


def test_the_managed_policy_of_the_same_headers_is_no_change():
    security = "67f7725c-6f97-4210-82d7-5512b31e9d03"
    own = policy(
        "ResponseHeadersPolicy",
        SecurityHeadersConfig={
            "ReferrerPolicy": {
                "ReferrerPolicy": "strict-origin-when-cross-origin",
                "Override": False,
            },
            "StrictTransportSecurity": {"AccessControlMaxAgeSec": 31536000},
            "ContentTypeOptions": {"Override": True},
            "FrameOptions": {"FrameOption": "SAMEORIGIN", "Override": "false"},
            "XSSProtection": {"Protection": True, "ModeBlock": True},
        },
    )
    before = template({"ResponseHeadersPolicyId": {"Ref": "P"}}, P=own)
    assert told(before, template({"ResponseHeadersPolicyId": security})) == []


def cors(*origins, credentials=False, **config):
    section = {
        "AccessControlAllowOrigins": {"Items": list(origins)},
        "AccessControlAllowCredentials": credentials,
        **config,
    }
    return answering(CorsConfig=section)


def test_pages_that_may_ask_with_credentials_widen_access():
    one, more = (
        cors("https://a", credentials=True),
        cors("https://a", "https://b", credentials=True),
    )
    assert stops(answering(), one) == ["access-widened"]
    assert stops(cors("https://a"), one) == ["access-widened"]
    assert stops(one, more) == ["access-widened"]
    assert stops(more, one) == stops(one, cors("https://a")) == []


def test_public_files_may_be_read_by_more_pages():
    lines = told(cors("https://a"), cors("*"))
    assert lines == ["pages of any site may read the files instead of 'https://a'"]
    assert stops(cors("https://a"), cors("*")) == []


def test_the_order_of_origins_is_no_change():
    assert told(cors("https://a", "https://b"), cors("https://b", "https://a")) == []


def test_of_an_unknown_referrer_policy_only_the_strictest_is_no_worse():
    both = "no-referrer, strict-origin-when-cross-origin"
    assert weakens("referrer-policy", both, "unsafe-url")
    assert not weakens("referrer-policy", both, "no-referrer")


def test_what_a_policy_demands_is_not_dropped():
    name, kind = "content-security-policy", "require-trusted-types-for"
    assert weakens(name, f"{kind} 'script'", kind)
    assert not weakens(name, f"{kind} 'script'", f"{kind} 'script'")
