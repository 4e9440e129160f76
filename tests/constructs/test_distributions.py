from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk import Token
from aws_cdk.assertions import Annotations, Match, Template
from cdk_support import (
    CERTIFICATE,
    ORIGIN,
    cache_policy,
    certificate,
    configs,
    distribution_config,
    half_template,
    headers_policy,
    new_stack,
    pair_template,
)

from constructs_lib import (
    Cors,
    DistributionOptions,
    DjangoCdn,
    DjangoOrigin,
    ErrorTtl,
    MediaDistribution,
    StaticDistribution,
    Ttl,
)

HALVES = pytest.mark.parametrize("half", [StaticDistribution, MediaDistribution])


def test_minimal_example():
    stack = new_stack()
    cdn = DjangoCdn(stack, "Cdn", origin=ORIGIN)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::CloudFront::Distribution", 2)
    template.resource_count_is("AWS::CloudFront::CachePolicy", 2)
    template.resource_count_is("AWS::CloudFront::ResponseHeadersPolicy", 2)
    assert len(template.to_json()["Resources"]) == 6
    for half in (cdn.static, cdn.media):
        assert half.domain_name == half.dns_target
        assert half.distribution_id == half.distribution.distribution_id


def test_maximum_example():
    stack = new_stack()
    cdn = DjangoCdn(
        stack,
        "Cdn",
        origin=DjangoOrigin.server("origin.example.com"),
        cors=Cors.any_origin(),
        certificate=certificate(stack),
        static=DistributionOptions(
            domain_names=["static.example.com", "assets.example.com"],
            ttl=Ttl(
                min=timedelta(seconds=1),
                default=timedelta(hours=1),
                max=timedelta(days=30),
            ),
            error_ttl=ErrorTtl(not_found=timedelta(seconds=2)),
        ),
        media=DistributionOptions(
            domain_names=["media.example.com"],
            ttl=Ttl(max=timedelta(days=1)),
            error_ttl=ErrorTtl(server_error=timedelta(seconds=9)),
        ),
    )
    template = Template.from_stack(stack)
    assert cdn.static.domain_name == "static.example.com"
    assert cdn.media.domain_name == "media.example.com"
    assert cdn.media.dns_target != "media.example.com"
    (static,) = (found for found in configs(template) if len(found["Aliases"]) == 2)
    assert static["Aliases"] == ["static.example.com", "assets.example.com"]
    assert {"ErrorCode": 404, "ErrorCachingMinTTL": 2} in static["CustomErrorResponses"]
    assert static["ViewerCertificate"] == {
        "AcmCertificateArn": CERTIFICATE,
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    for ttls in ((1, 3600, 2_592_000), (0, 86400, 86400)):
        expected = dict(zip(("MinTTL", "DefaultTTL", "MaxTTL"), ttls, strict=True))
        template.has_resource_properties(
            "AWS::CloudFront::CachePolicy", {"CachePolicyConfig": expected}
        )


def test_two_distributions_each_read_their_own_tree():
    template = pair_template()
    # Files stay on the Django server.
    template.resource_count_is("AWS::S3::Bucket", 0)
    trees = set()
    for config in configs(template):
        (origin,) = config["Origins"]
        assert origin["DomainName"] == "www.example.com"
        assert "S3OriginConfig" not in origin
        (header,) = origin["OriginCustomHeaders"]
        trees.add((origin["OriginPath"], header["HeaderValue"]))
    assert trees == {("/static", "static"), ("/media", "media")}


@HALVES
def test_cors_reaches_the_server_and_separates_cached_copies(half):
    template = half_template(half)
    key = cache_policy(template)["ParametersInCacheKeyAndForwardedToOrigin"]
    assert "Origin" in key["HeadersConfig"]["Headers"]
    assert "CorsConfig" not in headers_policy(template)


@HALVES
def test_any_origin_keeps_one_copy_and_lets_the_edge_answer(half):
    template = half_template(half, cors=Cors.any_origin())
    key = cache_policy(template)["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
    behavior = distribution_config(template)["DefaultCacheBehavior"]
    assert behavior["AllowedMethods"] == behavior["CachedMethods"] == ["GET", "HEAD"]
    cors = headers_policy(template)["CorsConfig"]
    assert cors["AccessControlAllowOrigins"] == {"Items": ["*"]}
    assert cors["OriginOverride"] is True
    assert cors["AccessControlAllowCredentials"] is False


@HALVES
def test_query_strings_and_cookies_never_separate_cached_copies(half):
    key = cache_policy(half_template(half))["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}


def test_object_ttl_and_error_ttl_are_separate_knobs():
    longer = half_template(error_ttl=ErrorTtl(not_found=timedelta(seconds=60)))
    assert cache_policy(longer)["MinTTL"] == 0
    codes = {
        response["ErrorCode"]: response["ErrorCachingMinTTL"]
        for response in distribution_config(longer)["CustomErrorResponses"]
    }
    assert codes == {403: 60, 404: 60, 500: 5, 502: 5, 503: 5, 504: 5}


def test_fails_when_an_alias_has_no_certificate():
    with pytest.raises(ValueError, match="^certificate or hosted_zone must be given"):
        half_template(domain_names=["static.example.com"])


def test_warns_of_a_certificate_without_alias():
    stack = new_stack()
    StaticDistribution(stack, "Half", origin=ORIGIN, certificate=certificate(stack))
    Annotations.from_stack(stack).has_warning(
        "/mysite-cdn-test/Half", Match.string_like_regexp("no name without")
    )


def test_a_pair_with_aliases_for_one_half_is_not_warned_of():
    stack = new_stack()
    static = {"domain_names": ["static.example.com"]}
    pair_template(stack, certificate=certificate(stack), static=static)
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


@pytest.mark.parametrize(
    "name", ["Static.example.com", "https://static.example.com", "*example.com", "x"]
)
def test_fails_when_an_alias_is_no_bare_host_name(name):
    stack = new_stack()
    with pytest.raises(
        ValueError, match=r"^domain_names\[0\] must be a bare host name"
    ):
        half_template(stack=stack, domain_names=[name], certificate=certificate(stack))


@HALVES
def test_fails_when_the_origin_is_a_string(half):
    sentence = r"^origin must be made by DjangoOrigin, .* got 'www.example.com'$"
    with pytest.raises(ValueError, match=sentence):
        half_template(half, origin="www.example.com")


def test_fails_when_a_list_is_a_string():
    sentence = (
        r"^static.domain_names must be a list such as .* got 'static.example.com'$"
    )
    with pytest.raises(ValueError, match=sentence):
        pair_template(static={"domain_names": "static.example.com"})


def test_fails_when_both_halves_want_one_alias():
    stack = new_stack()
    names = {"domain_names": ["a.example.com"]}
    with pytest.raises(ValueError, match="must be distinct, got 'a.example.com' twice"):
        pair_template(stack, certificate=certificate(stack), static=names, media=names)


def test_tokens_pass_as_origin_and_alias():
    stack = new_stack()
    token = Token.as_string({"Fn::ImportValue": "BalancerDnsName"})
    template = half_template(
        stack=stack,
        origin=DjangoOrigin.server(token),
        domain_names=[token],
        certificate=certificate(stack),
    )
    (origin,) = distribution_config(template)["Origins"]
    assert origin["DomainName"] == {"Fn::ImportValue": "BalancerDnsName"}
