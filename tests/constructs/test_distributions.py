from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk import Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk.assertions import Annotations, Match, Template
from cdk_support import (
    cache_policy,
    distribution_config,
    headers_policy,
    new_stack,
    resources,
)
from environments import PUBLIC_KEY

from constructs_lib import (
    Cors,
    DistributionOptions,
    DjangoCdn,
    DjangoOrigin,
    ErrorTtl,
    MediaDistribution,
    OriginSecret,
    SigningKeys,
    StaticDistribution,
    Ttl,
)

ORIGIN = DjangoOrigin.server("www.example.com")
ARN = "arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222"
HALVES = pytest.mark.parametrize("half", [StaticDistribution, MediaDistribution])


def certificate(stack):
    return acm.Certificate.from_certificate_arn(stack, "Certificate", ARN)


def half_template(half, **values):
    stack = new_stack()
    half(stack, "Half", origin=ORIGIN, **values)
    return Template.from_stack(stack)


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
        origin=DjangoOrigin.server(
            "origin.example.com",
            connection_attempts=3,
            connection_timeout=timedelta(seconds=10),
            read_timeout=timedelta(seconds=60),
            keepalive_timeout=timedelta(seconds=30),
        ),
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
    template.has_resource_properties(
        "AWS::CloudFront::Distribution",
        {
            "DistributionConfig": {
                "Aliases": ["static.example.com", "assets.example.com"],
                "CustomErrorResponses": Match.array_with(
                    [{"ErrorCode": 404, "ErrorCachingMinTTL": 2}]
                ),
                "ViewerCertificate": {
                    "AcmCertificateArn": ARN,
                    "MinimumProtocolVersion": "TLSv1.2_2021",
                    "SslSupportMethod": "sni-only",
                },
                "Origins": [
                    Match.object_like(
                        {
                            "DomainName": "origin.example.com",
                            "ConnectionAttempts": 3,
                            "ConnectionTimeout": 10,
                            "CustomOriginConfig": Match.object_like(
                                {"OriginReadTimeout": 60, "OriginKeepaliveTimeout": 30}
                            ),
                        }
                    )
                ],
            }
        },
    )
    template.has_resource_properties(
        "AWS::CloudFront::CachePolicy",
        {"CachePolicyConfig": {"MinTTL": 1, "DefaultTTL": 3600, "MaxTTL": 2_592_000}},
    )
    template.has_resource_properties(
        "AWS::CloudFront::CachePolicy",
        {"CachePolicyConfig": {"MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 86400}},
    )


def test_files_stay_on_the_django_server():
    stack = new_stack()
    DjangoCdn(stack, "Cdn", origin=ORIGIN)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::Bucket", 0)
    for properties in resources(template, "Distribution").values():
        (origin,) = properties["DistributionConfig"]["Origins"]
        assert origin["DomainName"] == "www.example.com"
        assert "S3OriginConfig" not in origin


def test_two_distributions_each_read_their_own_tree():
    stack = new_stack()
    DjangoCdn(stack, "Cdn", origin=ORIGIN)
    trees = {
        (origin["OriginPath"], origin["OriginCustomHeaders"][0]["HeaderValue"])
        for properties in resources(Template.from_stack(stack), "Distribution").values()
        for origin in properties["DistributionConfig"]["Origins"]
    }
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


@HALVES
def test_object_ttl_and_error_ttl_are_separate_knobs(half):
    longer = half_template(half, error_ttl=ErrorTtl(not_found=timedelta(seconds=60)))
    assert cache_policy(longer)["MinTTL"] == 0
    codes = {
        response["ErrorCode"]: response["ErrorCachingMinTTL"]
        for response in distribution_config(longer)["CustomErrorResponses"]
    }
    assert codes == {403: 60, 404: 60, 500: 5, 502: 5, 503: 5, 504: 5}


def test_only_media_is_sandboxed():
    assert (
        "ContentSecurityPolicy"
        in headers_policy(half_template(MediaDistribution))["SecurityHeadersConfig"]
    )
    assert (
        "ContentSecurityPolicy"
        not in headers_policy(half_template(StaticDistribution))[
            "SecurityHeadersConfig"
        ]
    )


@HALVES
def test_fails_when_an_alias_has_no_certificate(half):
    with pytest.raises(ValueError, match="^certificate or hosted_zone must be given"):
        half_template(half, domain_names=["static.example.com"])


@HALVES
def test_warns_of_a_certificate_without_alias(half):
    stack = new_stack()
    half(stack, "Half", origin=ORIGIN, certificate=certificate(stack))
    Annotations.from_stack(stack).has_warning(
        "/mysite-cdn-test/Half", Match.string_like_regexp("no name without")
    )


def test_a_pair_with_aliases_for_one_half_is_not_warned_of():
    stack = new_stack()
    DjangoCdn(
        stack,
        "Cdn",
        origin=ORIGIN,
        certificate=certificate(stack),
        static={"domain_names": ["static.example.com"]},
    )
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


@HALVES
@pytest.mark.parametrize(
    "name", ["Static.example.com", "https://static.example.com", "*example.com", "x"]
)
def test_fails_when_an_alias_is_no_bare_host_name(half, name):
    stack = new_stack()
    with pytest.raises(
        ValueError, match=r"^domain_names\[0\] must be a bare host name"
    ):
        half(
            stack,
            "Half",
            origin=ORIGIN,
            domain_names=[name],
            certificate=certificate(stack),
        )


@HALVES
def test_fails_when_the_origin_is_a_string(half):
    sentence = r"^origin must be made by DjangoOrigin, .* got 'www.example.com'$"
    with pytest.raises(ValueError, match=sentence):
        half(new_stack(), "Half", origin="www.example.com")


def test_fails_when_a_list_is_a_string():
    sentence = (
        r"^static.domain_names must be a list such as .* got 'static.example.com'$"
    )
    with pytest.raises(ValueError, match=sentence):
        DjangoCdn(
            new_stack(),
            "Cdn",
            origin=ORIGIN,
            static={"domain_names": "static.example.com"},
        )


def test_signed_media_stays_out_of_shared_caches():
    secret = OriginSecret(
        arn="arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite-a1B2c3",
        version="3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11",
    )
    keys = SigningKeys(keys={"2026a": PUBLIC_KEY}, signing_key="2026a")
    stack = new_stack()
    origin = DjangoOrigin.server("www.example.com", origin_secret=secret)
    MediaDistribution(stack, "Half", origin=origin, signing_keys=keys)
    custom = headers_policy(Template.from_stack(stack))["CustomHeadersConfig"]["Items"]
    sent = {item["Header"]: item["Value"] for item in custom}
    assert sent["Cache-Control"] == "private, max-age=300"
    public = headers_policy(half_template(MediaDistribution))["CustomHeadersConfig"]
    assert "Cache-Control" not in str(public)


def test_fails_when_both_halves_want_one_alias():
    stack = new_stack()
    with pytest.raises(ValueError, match="must be distinct, got 'a.example.com' twice"):
        DjangoCdn(
            stack,
            "Cdn",
            origin=ORIGIN,
            certificate=certificate(stack),
            static={"domain_names": ["a.example.com"]},
            media={"domain_names": ["a.example.com"]},
        )


def test_tokens_pass_as_origin_and_alias():
    stack = new_stack()
    token = Token.as_string({"Fn::ImportValue": "BalancerDnsName"})
    StaticDistribution(
        stack,
        "Half",
        origin=DjangoOrigin.server(token),
        domain_names=[token],
        certificate=certificate(stack),
    )
    (origin,) = distribution_config(Template.from_stack(stack))["Origins"]
    assert origin["DomainName"] == {"Fn::ImportValue": "BalancerDnsName"}
