"""Every default of the distributions, in one place. docs/configuration.md has the same table."""

from __future__ import annotations

import pytest
from cdk_support import (
    cache_policy,
    distribution_config,
    half_template,
    headers_policy,
)

from constructs_lib import MediaDistribution, StaticDistribution

DAY = 86_400
CSP = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"


@pytest.fixture(scope="module")
def halves():
    return {
        "static": half_template(StaticDistribution),
        "media": half_template(MediaDistribution),
    }


@pytest.mark.parametrize(
    ("half", "max_ttl", "csp"), [("static", 365 * DAY, None), ("media", 7 * DAY, CSP)]
)
def test_the_defaults_are_those_of_the_table(halves, half, max_ttl, csp):
    assert cache_policy(halves[half]) | {"Name": "-"} == {
        "Name": "-",
        "MinTTL": 0,
        "DefaultTTL": DAY,
        "MaxTTL": max_ttl,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
            "HeadersConfig": {
                "HeaderBehavior": "whitelist",
                "Headers": [
                    "Origin",
                    "Access-Control-Request-Method",
                    "Access-Control-Request-Headers",
                ],
            },
            "EnableAcceptEncodingGzip": True,
            "EnableAcceptEncodingBrotli": True,
        },
    }
    security = {
        "ContentTypeOptions": {"Override": True},
        "StrictTransportSecurity": {
            "AccessControlMaxAgeSec": 365 * DAY,
            "IncludeSubdomains": False,
            "Preload": False,
            "Override": True,
        },
    }
    if csp:
        security["ContentSecurityPolicy"] = {
            "ContentSecurityPolicy": csp,
            "Override": True,
        }
    assert headers_policy(halves[half]) | {"Name": "-"} == {
        "Name": "-",
        "SecurityHeadersConfig": security,
        "CustomHeadersConfig": {
            "Items": [
                {
                    "Header": "Cross-Origin-Resource-Policy",
                    "Value": "cross-origin",
                    "Override": True,
                }
            ]
        },
        "RemoveHeadersConfig": {"Items": [{"Header": "Set-Cookie"}]},
    }
    distribution = distribution_config(halves[half])
    behavior = distribution.pop("DefaultCacheBehavior")
    (origin,) = distribution.pop("Origins")
    assert set(behavior.pop("CachePolicyId")) == {"Ref"}
    assert set(behavior.pop("ResponseHeadersPolicyId")) == {"Ref"}
    assert behavior == {
        "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
        "CachedMethods": ["GET", "HEAD", "OPTIONS"],
        "Compress": True,
        "TargetOriginId": half,
        "ViewerProtocolPolicy": "redirect-to-https",
    }
    assert origin == {
        "Id": half,
        "DomainName": "www.example.com",
        "OriginPath": f"/{half}",
        "OriginCustomHeaders": [{"HeaderName": "X-Cdn-Tree", "HeaderValue": half}],
        "ConnectionAttempts": 2,
        "ConnectionTimeout": 5,
        "CustomOriginConfig": {
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
            "OriginReadTimeout": 20,
            "OriginKeepaliveTimeout": 5,
        },
    }
    assert distribution == {
        "Comment": f"{half.capitalize()} files of www.example.com",
        "CustomErrorResponses": [
            {"ErrorCode": code, "ErrorCachingMinTTL": ttl}
            for code, ttl in (
                (403, 0),
                (404, 0),
                (500, 5),
                (502, 5),
                (503, 5),
                (504, 5),
            )
        ],
        "DefaultRootObject": "dj-cloudfront-has-no-root-object",
        "Enabled": True,
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "PriceClass": "PriceClass_100",
    }
