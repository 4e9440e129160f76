from __future__ import annotations

from datetime import timedelta

import pytest
from cdk_support import distribution_config, half_template, headers_policy

from constructs_lib import (
    Cors,
    Hsts,
    MediaDistribution,
    ResponseHeaders,
    StaticDistribution,
)
from constructs_lib.options import MEDIA
from dj_cloudfront.contract import UPLOAD_POLICY


def test_the_edge_and_the_printed_servers_shut_uploads_in_alike():
    assert MEDIA.headers.content_security_policy == UPLOAD_POLICY


def policy(half=StaticDistribution, **values):
    return headers_policy(half_template(half, **values))


def test_every_header_can_be_set_otherwise():
    found = policy(
        headers=ResponseHeaders(
            hsts=Hsts(
                max_age=timedelta(days=730), include_subdomains=True, preload=True
            ),
            cross_origin_resource_policy="same-site",
            content_security_policy="default-src 'self'",
            extra={"X-Robots-Tag": "noindex"},
            remove=("Set-Cookie", "X-Powered-By"),
        )
    )
    assert found["SecurityHeadersConfig"]["StrictTransportSecurity"] == {
        "AccessControlMaxAgeSec": 730 * 86400,
        "IncludeSubdomains": True,
        "Preload": True,
        "Override": True,
    }
    assert found["SecurityHeadersConfig"]["ContentSecurityPolicy"] == {
        "ContentSecurityPolicy": "default-src 'self'",
        "Override": True,
    }
    custom = found["CustomHeadersConfig"]["Items"]
    assert [(item["Header"], item["Value"]) for item in custom] == [
        ("Cross-Origin-Resource-Policy", "same-site"),
        ("X-Robots-Tag", "noindex"),
    ]
    removed = [item["Header"] for item in found["RemoveHeadersConfig"]["Items"]]
    assert removed == ["Set-Cookie", "X-Powered-By"]


def test_every_header_can_be_left_out():
    found = policy(
        headers=ResponseHeaders(
            hsts=None, nosniff=False, cross_origin_resource_policy=None
        )
    )
    assert set(found) == {"Name", "RemoveHeadersConfig"}


@pytest.mark.parametrize(
    "headers",
    [
        ResponseHeaders(),
        ResponseHeaders(referrer_policy="no-referrer"),
        ResponseHeaders(override={"Content-Security-Policy": True}),
    ],
)
def test_headers_for_media_keep_its_sandbox(headers):
    found = policy(MediaDistribution, headers=headers)
    assert found["SecurityHeadersConfig"]["ContentSecurityPolicy"] == {
        "ContentSecurityPolicy": UPLOAD_POLICY,
        "Override": True,
    }


@pytest.mark.parametrize("off", [None, False])
def test_headers_for_media_can_turn_its_sandbox_off(off):
    headers = ResponseHeaders(content_security_policy=off)
    found = policy(MediaDistribution, headers=headers)
    assert "ContentSecurityPolicy" not in found["SecurityHeadersConfig"]


def test_the_override_of_a_header_that_static_files_do_not_have_is_refused():
    headers = ResponseHeaders(override={"Content-Security-Policy": False})
    with pytest.raises(ValueError, match=r"headers\.override must have names"):
        policy(headers=headers)


def test_headers_with_a_section_of_their_own_are_rendered_there():
    found = policy(
        headers=ResponseHeaders(
            referrer_policy="strict-origin-when-cross-origin",
            frame_options="SAMEORIGIN",
            xss_protection="1; mode=block",
            server_timing=12.5,
            override={"x-frame-options": False, "Cross-Origin-Resource-Policy": False},
        )
    )
    security = found["SecurityHeadersConfig"]
    assert security["ReferrerPolicy"] == {
        "ReferrerPolicy": "strict-origin-when-cross-origin",
        "Override": True,
    }
    assert security["FrameOptions"] == {"FrameOption": "SAMEORIGIN", "Override": False}
    assert security["XSSProtection"] == {
        "Protection": True,
        "ModeBlock": True,
        "Override": True,
    }
    assert found["ServerTimingHeadersConfig"] == {"Enabled": True, "SamplingRate": 12.5}
    (custom,) = found["CustomHeadersConfig"]["Items"]
    assert custom["Override"] is False


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        ("0", {"Protection": False}),
        ("1", {"Protection": True}),
        (
            "1; report=https://example.com/r",
            {"Protection": True, "ReportUri": "https://example.com/r"},
        ),
    ],
)
def test_each_form_of_xss_protection_is_rendered(value, rendered):
    found = policy(headers=ResponseHeaders(xss_protection=value))
    assert found["SecurityHeadersConfig"]["XSSProtection"] == {
        **rendered,
        "Override": True,
    }


NOTHING = ResponseHeaders(
    hsts=None, nosniff=False, cross_origin_resource_policy=None, remove=()
)


def test_nothing_to_send_or_remove_makes_no_policy():
    template = half_template(headers=NOTHING)
    template.resource_count_is("AWS::CloudFront::ResponseHeadersPolicy", 0)
    behavior = distribution_config(template)["DefaultCacheBehavior"]
    assert "ResponseHeadersPolicyId" not in behavior


def test_cors_alone_makes_a_policy():
    found = policy(headers=NOTHING, cors=Cors.any_origin())
    assert set(found) == {"Name", "CorsConfig"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"extra": {"Bad Name": "x"}}, r"header names such as .*, got 'Bad Name'"),
        (
            {"extra": {"content-security-policy": "x"}},
            "give headers.content_security_policy",
        ),
        ({"extra": {"X-Content-Type-Options": "x"}}, "give headers.nosniff"),
        ({"extra": {"Access-Control-Allow-Origin": "*"}}, "given by cors"),
        ({"extra": {"Set-Cookie": "a=b"}}, "must not have 'Set-Cookie', which every"),
        ({"extra": {"set-cookie": "a=b"}}, "must not have 'set-cookie', which every"),
        ({"extra": {f"X-{n}": "x" for n in range(10)}}, "at most 10 headers .* got 11"),
        ({"remove": ("Via",)}, "headers that CloudFront lets go, .* got 'Via'"),
        ({"remove": ("X-Amz-Cf-Id",)}, "got 'X-Amz-Cf-Id'"),
        ({"remove": ("X Y",)}, "got 'X Y'"),
        ({"remove": ("X-Amzn-RequestId",)}, "got 'X-Amzn-RequestId'"),
        ({"remove": ("X-Accel-Redirect",)}, "got 'X-Accel-Redirect'"),
        ({"remove": "Server"}, "must be a list such as .*, got 'Server'"),
        ({"remove": tuple(f"X-{n}" for n in range(11))}, "at most 10 headers, got 11"),
        ({"content_security_policy": "x" * 1784}, "1 to 1783 .* which has 1784 char"),
        ({"content_security_policy": "a\nb"}, "printable characters of ASCII"),
        ({"content_security_policy": "img-src ü"}, "printable characters of ASCII"),
        ({"cross_origin_resource_policy": "bogus"}, "one of same-site, .* got 'bogus'"),
        ({"extra": {"Referrer-Policy": "x"}}, "give headers.referrer_policy"),
        ({"extra": {"x-frame-options": "DENY"}}, "give headers.frame_options"),
        ({"extra": {"X-XSS-Protection": "0"}}, "give headers.xss_protection"),
        ({"extra": {"Server-Timing": "x"}}, "give headers.server_timing"),
        ({"extra": {"Connection": "x"}}, "CloudFront or the connection sets"),
        ({"extra": {"X-Edge-Result": "x"}}, "CloudFront or the connection sets"),
        ({"extra": {"X-A": "a\r\nB: c"}}, "printable characters of ASCII"),
        ({"extra": {"X-A": "über"}}, "printable characters of ASCII"),
        ({"extra": {"X-A": "x" * 1784}}, "1 to 1783 .* which has 1784 char"),
        ({"extra": {"X-A": ""}}, "1 to 1783 .* got ''"),
        ({"extra": {"X-A": 1}}, "1 to 1783 .* got 1"),
        (
            {"extra": {f"X-{n}": "x" * 1783 for n in range(6)}},
            "at most 10240 characters in all names and values, got 10",
        ),
        ({"referrer_policy": "never"}, "one of no-referrer, .* got 'never'"),
        ({"frame_options": "ALLOW-FROM x"}, "one of DENY, SAMEORIGIN, got"),
        ({"xss_protection": "1; mode=off"}, "'1; mode=block' .* got '1; mode=off'"),
        ({"server_timing": 0}, "above 0 and at most 100, .* got 0"),
        ({"server_timing": 100.5}, "above 0 and at most 100, .* got 100.5"),
        ({"server_timing": 0.00001}, "four decimal places, .* got 1e-05"),
        ({"server_timing": True}, "such as 0.5, got True"),
        ({"override": {"X-Frame-Options": False}}, "that the edge sends, .* got"),
        ({"override": {"X-Content-Type-Options": 0}}, "True or False, got 0"),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_header(values, sentence):
    with pytest.raises(ValueError, match=f"^headers.*{sentence}"):
        ResponseHeaders(**values)


def test_values_at_the_limits_pass():
    ResponseHeaders(
        extra={f"X-{n}": "x" for n in range(9)},
        content_security_policy="x" * 1783,
        remove=("Server", "Vary", "Date", "X-Amzn-Trace-Id"),
        server_timing=0.0001,
    )


def test_fails_when_hsts_has_a_negative_age():
    with pytest.raises(
        ValueError, match=r"^headers.hsts.max_age must be a whole number"
    ):
        Hsts(max_age=timedelta(seconds=-1))


@pytest.mark.parametrize(
    "values",
    [
        {"max_age": timedelta(days=1), "include_subdomains": True},
        {"max_age": timedelta(days=730)},
    ],
)
def test_fails_when_browsers_would_not_preload_the_host(values):
    with pytest.raises(ValueError, match=r"^headers.hsts.preload must be given with"):
        Hsts(preload=True, **values)


def test_fails_when_hsts_lasts_longer_than_cloudfront_counts():
    with pytest.raises(ValueError, match=r"^headers.hsts.max_age must be a whole"):
        Hsts(max_age=timedelta(days=40_000))
