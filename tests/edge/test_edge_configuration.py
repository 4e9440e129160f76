"""From the dicts of the AWS API to a configuration, and its reading again and again."""

from __future__ import annotations

import copy

import pytest
from edge_support import (
    MEDIA,
    ORIGIN,
    STATIC,
    behavior,
    cache_policy,
    deployed,
    distribution,
    named,
)

from cdn_edge.configuration import Configuration, SelectionBehavior, Ttls
from cdn_edge.distributions import parse
from cdn_edge.origin_client import origin_table

MANAGED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


def only(*args, **policies):
    (one,) = parse(deployed(*args, **policies)).distributions
    return one


def bare(**config):
    """As little as the emulator ever returns."""
    return {
        "Id": "E1",
        "DomainName": STATIC,
        "DistributionConfig": {
            "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": ORIGIN}]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "CachePolicyId": "cache"},
            **config,
        },
    }


def test_aws_defaults_fill_in_what_the_emulator_leaves_out():
    one = only(bare(), cache={})
    (default,) = one.behaviors
    (origin,) = default.origins
    assert (one.enabled, one.aliases, one.default_root_object) == (True, (), "")
    assert default.allowed_methods == default.cached_methods == {"GET", "HEAD"}
    assert default.cache.ttls == Ttls(minimum=0, default=86_400, maximum=31_536_000)
    assert default.cache.headers.behavior is SelectionBehavior.NONE
    assert not (default.cache.gzip or default.cache.brotli)
    assert default.trusted_keys is None
    assert (origin.connection_attempts, origin.connection_timeout) == (3, 10)
    assert (origin.read_timeout, origin.path, origin.headers) == (30, "", ())
    assert (one.error_rule(404).ttl, one.error_rule(404).page) == (10, "")
    assert one.unmodelled == ()


def test_everything_that_is_deployed_is_taken_over():
    one = only(
        distribution(
            Aliases=named("Static.Example.com"),
            DefaultRootObject="/none.html",
            Enabled=False,
            CacheBehaviors=named(
                behavior(PathPattern="a/*"), behavior(PathPattern="b")
            ),
        ),
        cache=cache_policy(min_ttl=1, default_ttl=2, max_ttl=3),
    )
    assert [each.pattern for each in one.behaviors] == ["a/*", "b", "*"]
    assert one.behaviors[-1].cached_methods == {"GET", "HEAD", "OPTIONS"}
    assert one.behaviors[-1].cache.ttls == Ttls(minimum=1, default=2, maximum=3)
    assert one.behaviors[-1].cache.headers.names >= {"origin"}
    assert one.aliases == ("static.example.com",)
    assert (one.default_root_object, one.enabled) == ("none.html", False)
    (origin,) = one.behaviors[-1].origins
    assert origin.path == "/static"
    assert origin.headers == (("X-Cdn-Tree", "static"),)
    assert (one.error_rule(404).ttl, one.error_rule(500).ttl) == (0, 5)


def test_error_ttl_of_0_is_not_the_default():
    assert only(distribution(errors={404: 0})).error_rule(404).ttl == 0
    assert only(distribution(errors={})).error_rule(404).ttl == 10
    rule = named({"ErrorCode": 404, "ResponsePagePath": "/404.html"})
    assert only(distribution(CustomErrorResponses=rule)).error_rule(404).ttl == 300


def test_unset_default_and_maximum_ttl_are_not_under_the_minimum():
    assert only(cache={"MinTTL": 10**8}).behaviors[-1].cache.ttls == Ttls(
        minimum=10**8, default=10**8, maximum=10**8
    )


@pytest.mark.not_modelled("AWS WAF", "distribution-web-awswaf")
@pytest.mark.not_modelled("Distribution tenants", "distribution-config-options")
@pytest.mark.not_modelled("Client certificates of viewers", "mtls-authentication")
@pytest.mark.not_modelled("Continuous deployment", "continuous-deployment")
@pytest.mark.not_modelled("HTTP/2 and HTTP/3", "DownloadDistValuesGeneral")
@pytest.mark.not_modelled("Access logs", "AccessLogs")
@pytest.mark.not_modelled("CloudFront functions", "cloudfront-functions")
@pytest.mark.not_modelled("Lambda@Edge", "lambda-at-the-edge")
@pytest.mark.not_modelled("Field-level encryption", "field-level-encryption")
@pytest.mark.not_modelled(
    "Signers of an account: their behaviors answer 403",
    "private-content-trusted-signers",
)
@pytest.mark.not_modelled("gRPC", "distribution-using-grpc")
@pytest.mark.not_modelled("Real-time logs", "real-time-logs")
@pytest.mark.not_modelled("Origin Shield", "origin-shield")
@pytest.mark.parametrize(
    ("section", "config", "feature"),
    [
        ("", {"WebACLId": "arn"}, "web ACL"),
        ("", {"ConnectionMode": "tenant-only"}, "tenants"),
        ("", {"ViewerMtlsConfig": {"Mode": "required"}}, "client certificates of v"),
        ("", {"ContinuousDeploymentPolicyId": "x"}, "continuous deployment"),
        ("", {"HttpVersion": "http2and3"}, "HTTP/3"),
        ("", {"Logging": {"Enabled": True, "Bucket": "b"}}, "access logs"),
        ("default", {"FunctionAssociations": named({"EventType": "x"})}, "functions"),
        ("default", {"LambdaFunctionAssociations": named({})}, "Lambda@Edge"),
        ("default", {"TrustedSigners": named("self")}, "signers of an account"),
        ("default", {"FieldLevelEncryptionId": "x"}, "field-level encryption"),
        ("default", {"RealtimeLogConfigArn": "arn"}, "real-time logs"),
        ("default", {"GrpcConfig": {"Enabled": True}}, "gRPC"),
        ("origin", {"OriginShield": {"Enabled": True}}, "origin shield"),
    ],
)
def test_unmodelled_feature_is_named(section, config, feature):
    one = distribution(**({section: config} if section else config))
    (line,) = parse(deployed(one)).warnings
    assert line.startswith(STATIC)
    assert feature in line


@pytest.mark.not_modelled(
    "Origin access control of other origins than buckets",
    "private-content-restricting-access-to-lambda",
)
def test_requests_that_are_signed_for_no_bucket_are_named():
    one = distribution(origin={"OriginAccessControlId": "control"})
    source = deployed(one)
    kind = {"OriginAccessControlOriginType": "lambda", "SigningBehavior": "always"}
    source.resources["OriginAccessControl"] = {"control": kind}
    (line,) = parse(source).warnings
    assert "signed requests to origins other than buckets" in line


@pytest.mark.parametrize(
    ("origin", "control", "signing"),
    [
        ({"OriginAccessControlId": "control"}, "always", "always"),
        ({"OriginAccessControlId": "control"}, "no-override", "no-override"),
        ({"OriginAccessControlId": "control"}, "never", ""),
        ({"OriginAccessControlId": "lost"}, "always", ""),
        (
            {"S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/x"}},
            "",
            "always",
        ),
        ({"S3OriginConfig": {"OriginAccessIdentity": ""}}, "", ""),
    ],
)
def test_requests_to_a_bucket_are_signed_as_its_access_control_says(
    origin, control, signing
):
    source = deployed(distribution(origin=origin))
    kind = {"OriginAccessControlOriginType": "s3", "SigningBehavior": control}
    source.resources["OriginAccessControl"] = {"control": kind}
    (parsed,) = parse(source).distributions
    assert parsed.behaviors[-1].origins[0].signing == signing


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"Restrictions": {"GeoRestriction": {"RestrictionType": "none"}}},
        {"Logging": {"Enabled": False}, "WebACLId": "", "HttpVersion": "http2"},
    ],
)
def test_features_that_are_off_are_not_named(config):
    assert not list(parse(deployed(distribution(**config))).warnings)


def test_keys_of_a_signed_behavior_are_known_by_their_ids():
    groups = {"TrustedKeyGroups": {"Enabled": True, **named("group")}}
    signed = only(distribution(default=groups), keys={"K1": "pem"}).behaviors[-1]
    assert signed.trusted_keys == {"K1": "pem"}
    lost = {"TrustedKeyGroups": {"Enabled": True, **named("lost")}}
    assert only(distribution(default=lost)).behaviors[-1].trusted_keys == {}
    off = {"TrustedKeyGroups": {"Enabled": False, "Quantity": 0}}
    assert only(distribution(default=off)).behaviors[-1].trusted_keys is None


def test_members_of_an_origin_group_stand_in_their_order():
    origin = distribution()["DistributionConfig"]["Origins"]["Items"][0]
    other = {"Id": "other", "DomainName": "other.example.com"}
    members = named({"OriginId": "other"}, {"OriginId": "origin"})
    criteria = {"FailoverCriteria": {"StatusCodes": named(404, 503)}}
    config = distribution(
        Origins=named(origin, other),
        OriginGroups=named({"Id": "group", "Members": members, **criteria}),
        default={"TargetOriginId": "group"},
    )
    default = only(config).behaviors[-1]
    names = [one.domain_name for one in default.origins]
    assert names == ["other.example.com", ORIGIN]
    assert default.failover_statuses == {404, 503}


@pytest.mark.documented(
    "Settings from before policies", "cache-key-understand-cache-policy"
)
def test_settings_from_before_there_were_policies_become_one():
    values = {"QueryString": True, "Cookies": {"Forward": "none"}}
    legacy = {"CachePolicyId": None, "ForwardedValues": values, "MaxTTL": 5}
    (default,) = only(distribution(default=legacy)).behaviors
    assert default.cache.query.behavior is SelectionBehavior.ALL
    assert default.cache.ttls.maximum == 5


def test_distribution_that_cannot_be_understood_does_not_take_others_down():
    lost = distribution(default={"CachePolicyId": "lost"})
    parsed = parse(deployed(lost, distribution(MEDIA)))
    assert [one.domain_name for one in parsed.distributions] == [MEDIA]
    (line,) = parsed.warnings
    assert "CachePolicyId must be the id of a deployed policy, got 'lost'" in line


@pytest.mark.documented(
    "Aliases: any case and port, wildcards for any number of labels, an exact name first",
    "CNAMEs",
)
@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("d111.cloudfront.net", True),
        ("D111.CLOUDFRONT.NET:80", True),
        ("d111.cloudfront.net.", True),
        ("d111.cloudfront.localhost", True),
        ("d111.cloudfront.net.localhost", True),
        ("static.example.com", True),
        ("static.example.com.localhost", True),
        ("a.files.example.com", True),
        ("a.b.files.example.com", True),
        ("files.example.com", False),
        ("d11.cloudfront.net", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_host_finds_its_distribution(host, found):
    aliases = named("static.example.com", "*.files.example.com")
    configuration = parse(deployed(distribution(Aliases=aliases)))
    assert (configuration.find(host) is not None) is found


@pytest.mark.parametrize(
    "entry",
    ["dev.example.com", "=127.0.0.1:80", "a=127.0.0.1", "a=10.0.0.1:80", "a=b.test:80"]
    + ["a=0.0.0.0:80", "a=127.0.0.1:0", "a=127.0.0.1:65536", "a=localhost:80"],
)
def test_fails_when_an_origin_is_not_mapped_to_a_loopback_address(entry):
    with pytest.raises(
        ValueError, match="--origin must map .* such as 'dev.example.com="
    ):
        origin_table([entry])


def test_origins_are_mapped_to_loopback_addresses():
    assert origin_table(
        ["Dev.example.com=127.0.0.1:8000", "b=[::1]:81", "c=https://[::1]:82"]
    ) == {
        "dev.example.com": ("127.0.0.1", 8000, False),
        "b": ("::1", 81, False),
        "c": ("::1", 82, True),
    }


def test_parsing_changes_nothing_given():
    given = deployed(distribution(), distribution(MEDIA))
    before = copy.deepcopy(given)
    assert isinstance(parse(given), Configuration)
    assert given == before
