from __future__ import annotations

import pytest
from aws_cdk import Token
from cdk_support import (
    cache_policy,
    distribution_config,
    half_template,
    headers_policy,
)

from constructs_lib import Cors


def template(cors):
    return half_template(cors=cors)


def test_a_list_of_origins_is_answered_by_the_edge_from_one_copy():
    found = template(Cors.allow_origins("https://a.example", "https://*.b.example"))
    key = cache_policy(found)["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert headers_policy(found)["CorsConfig"] == {
        "AccessControlAllowCredentials": False,
        "AccessControlAllowHeaders": {"Items": ["*"]},
        "AccessControlAllowMethods": {"Items": ["GET", "HEAD", "OPTIONS"]},
        "AccessControlAllowOrigins": {
            "Items": ["https://a.example", "https://*.b.example"]
        },
        "AccessControlExposeHeaders": {"Items": ["*"]},
        "OriginOverride": True,
    }
    behavior = distribution_config(found)["DefaultCacheBehavior"]
    assert behavior["AllowedMethods"] == ["GET", "HEAD", "OPTIONS"]


def test_with_credentials_no_star_is_left():
    found = template(Cors.allow_origins("https://a.example", credentials=True))
    cors = headers_policy(found)["CorsConfig"]
    assert cors["AccessControlAllowCredentials"] is True
    assert "*" not in cors["AccessControlAllowHeaders"]["Items"]
    assert "*" not in cors["AccessControlExposeHeaders"]["Items"]
    assert "X-Cache" in cors["AccessControlExposeHeaders"]["Items"]


@pytest.mark.parametrize(
    "origin",
    [
        *("https://a.example/", "*", "https://a.*.example", "a b", "HTTPS://A.example"),
        *(
            "",
            "www.acme.com",
            "*.acme.com",
            "null",
            "localhost:8000",
            "ftp://a.example",
        ),
        *("https://www.acme.com:443", "https://*.acme.com:443", "http://a.example:80"),
    ],
)
def test_fails_when_an_origin_is_no_origin(origin):
    with pytest.raises(
        ValueError, match="^origins must be a scheme and a host"
    ) as error:
        Cors.allow_origins(origin)
    assert repr(origin) in str(error.value)


def test_fails_when_the_list_is_empty_or_too_long():
    with pytest.raises(ValueError, match="at least one origin"):
        Cors.allow_origins()
    with pytest.raises(ValueError, match="at most 1783 characters in all, got 2178"):
        Cors.allow_origins(*[f"https://{n:0>50}.example" for n in range(33)])


@pytest.mark.parametrize(
    "origin",
    [
        *("https://a.example", "http://localhost:8000", "https://a.example:*"),
        *("https://a.example:80", "http://a.example:443", "https://a.example:8443"),
    ],
)
def test_an_origin_passes_with_and_without_a_port(origin):
    assert Cors.allow_origins(origin).allowed_origins == (origin,)


def test_a_token_passes_as_origin():
    token = Token.as_string({"Fn::ImportValue": "Site"})
    cors = headers_policy(template(Cors.allow_origins(token)))["CorsConfig"]
    assert cors["AccessControlAllowOrigins"]["Items"] == [{"Fn::ImportValue": "Site"}]


@pytest.mark.parametrize(
    "cors", [Cors.forward(), Cors.any_origin(), Cors.allow_origins("https://a.example")]
)
def test_no_choice_keys_on_a_header_that_cannot_be_in_the_key(cors):
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/header-caching.html
    impossible = {"accept-encoding", "connection", "cookie", "host", "te", "upgrade"}
    assert not impossible & {name.lower() for name in cors.key_headers}
    assert len(cors.key_headers) <= 10
