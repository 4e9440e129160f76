from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk.assertions import Template
from cdk_support import headers_policy, new_stack

from constructs_lib import (
    DjangoOrigin,
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
    stack = new_stack()
    half(stack, "Half", origin=DjangoOrigin.server("www.example.com"), **values)
    return headers_policy(Template.from_stack(stack))


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


def test_headers_for_media_replace_its_sandbox():
    found = policy(MediaDistribution, headers=ResponseHeaders())
    assert "ContentSecurityPolicy" not in found["SecurityHeadersConfig"]


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
        ({"extra": {f"X-{n}": "x" for n in range(10)}}, "at most 10 headers .* got 11"),
        ({"remove": ("Via",)}, "headers that CloudFront lets go, .* got 'Via'"),
        ({"remove": ("X-Amz-Cf-Id",)}, "got 'X-Amz-Cf-Id'"),
        ({"remove": ("X Y",)}, "got 'X Y'"),
        ({"content_security_policy": "x" * 1784}, "at most 1783 characters, got 1784"),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_header(values, sentence):
    with pytest.raises(ValueError, match=f"^headers.*{sentence}"):
        ResponseHeaders(**values)


def test_values_at_the_limits_pass():
    ResponseHeaders(
        extra={f"X-{n}": "x" for n in range(9)},
        content_security_policy="x" * 1783,
        remove=("Server", "Vary", "Date"),
    )


def test_fails_when_hsts_has_a_negative_age():
    with pytest.raises(ValueError, match=r"^hsts.max_age must be a whole number"):
        Hsts(max_age=timedelta(seconds=-1))
