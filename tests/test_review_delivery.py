"""What a distribution does, read from whatever a template has."""

from __future__ import annotations

import pytest
from review_distributions_support import delivery, policy, template

from cdn_review.delivery import deliveries, renamed
from cdn_review.delivery.managed import ANSWERS, CACHE, FORWARDING
from cdn_review.delivery.model import Selection
from cdn_review.delivery.normal import normal

DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
KEY = {"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Origin"]}}


def plain(value):
    return normal(value, branch=0, names={})


def some(*names):
    return Selection(kind="some", names=frozenset(names))


def test_defaults_are_those_of_cloudformation():
    found = delivery()
    assert (found.http_version, found.price_class, found.ipv6) == (
        "http1.1",
        "PriceClass_All",
        False,
    )
    assert found.default.methods == found.default.cached_methods == {"GET", "HEAD"}
    (origin,) = found.default.origins
    assert (origin.attempts, origin.connection_timeout, origin.read_timeout) == (
        *(3, 10),
        30,
    )
    assert origin.port == 443


@pytest.mark.parametrize("reference", [{"Ref": "P"}, {"Fn::GetAtt": ["P", "Id"]}])
def test_a_policy_of_the_template_is_resolved(reference):
    own = policy(
        "CachePolicy",
        MinTTL=60,
        DefaultTTL=0,
        MaxTTL="3600",
        ParametersInCacheKeyAndForwardedToOrigin=KEY,
    )
    found = delivery({"CachePolicyId": reference}, P=own).default
    assert found.key.headers == some("origin")
    assert (found.lifetime.least, found.lifetime.most) == (60, 3600)


def test_a_minimum_raises_the_default():
    own = policy("CachePolicy", MinTTL=60, DefaultTTL=0, MaxTTL=10)
    lifetime = delivery({"CachePolicyId": {"Ref": "P"}}, P=own).default.lifetime
    assert (lifetime.default, lifetime.most) == (60, 60)


def test_a_policy_of_aws_is_known_and_one_of_somebody_else_is_not():
    assert delivery().default.key.encodings == {"gzip", "br"}
    assert delivery({"CachePolicyId": "x"}).default.key.policy == "x"
    imported = {"Fn::ImportValue": "policy"}
    assert delivery({"CachePolicyId": imported}).default.key.policy


def test_there_are_the_managed_policies_that_the_documentation_names():
    assert (len(CACHE), len(FORWARDING), len(ANSWERS)) == (7, 7, 5)


@pytest.mark.parametrize(
    ("behavior", "is_cached"),
    [
        ({}, True),
        ({"CachePolicyId": DISABLED}, False),
        ({"CachePolicyId": None, "ForwardedValues": {"Headers": ["*"]}}, False),
        ({"CachePolicyId": None, "ForwardedValues": {"Headers": ["Host"]}}, True),
    ],
)
def test_a_cache_can_be_switched_off_in_two_ways(behavior, is_cached):
    assert delivery(behavior).default.is_cached is is_cached


def test_legacy_settings_are_read_as_a_policy_is():
    values = {
        "QueryString": "true",
        "QueryStringCacheKeys": ["v"],
        "Cookies": {"Forward": "whitelist", "WhitelistedNames": ["lang"]},
    }
    found = delivery({"CachePolicyId": None, "ForwardedValues": values}).default
    assert found.key.query_strings == some("v")
    assert found.key.cookies == some("lang")
    assert found.forwarding.query_strings.kind == "all"


def test_legacy_settings_beside_a_policy_mean_nothing():
    values = {"MaxTTL": 5, "ForwardedValues": {"Headers": ["*"], "QueryString": True}}
    assert delivery(values).default == delivery().default


def test_names_from_the_time_of_cnames_are_names():
    assert delivery(config={"CNAMEs": ["A.example.com"]}).aliases == {"a.example.com"}


def test_a_list_that_is_computed_is_one_unknown_value():
    (found,) = delivery(config={"Aliases": {"Ref": "Names"}}).aliases
    assert found == '{"Ref":"Names"}'


def test_security_headers_are_those_that_a_browser_gets():
    hsts = {"AccessControlMaxAgeSec": 60, "IncludeSubdomains": True, "Override": True}
    own = policy(
        "ResponseHeadersPolicy",
        SecurityHeadersConfig={"StrictTransportSecurity": hsts},
        CustomHeadersConfig={"Items": [{"Header": "X-Frame-Options", "Value": "DENY"}]},
    )
    answer = delivery({"ResponseHeadersPolicyId": {"Ref": "P"}}, P=own).default.answer
    assert answer.headers == {
        "strict-transport-security": "max-age=60; includeSubDomains",
        "x-frame-options": "DENY",
    }
    assert answer.yielding == {"x-frame-options"}


def test_a_control_that_never_signs_is_none():
    bucket = {"CustomOriginConfig": None, "S3OriginConfig": {}}
    bucket["OriginAccessControlId"] = {"Fn::GetAtt": ["O", "Id"]}

    def signing(behavior):
        own = policy("OriginAccessControl", SigningBehavior=behavior)
        return delivery(origin=bucket, O=own).default.origins[0]

    assert signing("always").kind == "bucket"
    assert signing("always").access_control and not signing("never").access_control


def test_keys_are_told_by_what_they_are_and_not_by_their_names():
    def signers(name):
        key = policy("PublicKey", EncodedKey="PEM", Name=name)
        group = policy("KeyGroup", Items=[{"Ref": "K"}], Name=name)
        groups = {"TrustedKeyGroups": [{"Ref": "G"}]}
        return delivery(groups, K=key, G=group).default.signers

    assert signers("one") == signers("other") != frozenset()


def test_what_nobody_reads_is_kept_by_its_name():
    found = delivery(
        {"GrpcConfig": {"Enabled": True}},
        origin={"CustomOriginConfig": {"Novelty": 1}},
        config={"Staging": True, "ViewerCertificate": {"Novelty": 2}},
    )
    assert {name for name, _ in found.rest} == {"Staging", "ViewerCertificate.Novelty"}
    assert [name for name, _ in found.default.rest] == ["GrpcConfig"]
    assert [name for name, _ in found.default.origins[0].rest] == ["Novelty"]


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ({"Fn::Sub": "a"}, "a"),
        ({"Fn::Join": ["-", ["a", "b"]]}, "a-b"),
        ({"Fn::Sub": "${A}"}, {"Ref": "A"}),
        ({"Fn::Sub": "${A.Arn}"}, {"Fn::GetAtt": ["A", "Arn"]}),
        ({"Fn::Sub": "${!A}"}, "${A}"),
        ({"Fn::Sub": ["${A}/b", {"A": "a"}]}, "a/b"),
        (
            {"Fn::Sub": "https://${A}/"},
            {"Fn::Join": ["", ["https://", {"Ref": "A"}, "/"]]},
        ),
        (
            {"Fn::Join": ["", ["x", "y", {"Ref": "A"}]]},
            {"Fn::Join": ["", ["xy", {"Ref": "A"}]]},
        ),
        ({"Fn::GetAtt": "A.Id"}, {"Fn::GetAtt": ["A", "Id"]}),
        ({"Fn::If": ["C", "yes", "no"]}, "yes"),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"a": {"Ref": "AWS::NoValue"}}, {}),
        ({"Fn::If": "damaged"}, {"Fn::If": "damaged"}),
    ],
)
def test_a_value_has_one_notation(written, means):
    assert plain(written) == means


def test_nesting_without_an_end_is_cut():
    deep = []
    for _ in range(10_000):
        deep = [deep]
    assert "nested too deeply" in str(plain(deep))


def test_a_resource_under_another_id_is_found_again_with_what_names_it():
    def stack(key, group):
        return template(
            {"TrustedKeyGroups": [{"Ref": group}]},
            **{
                key: policy("PublicKey", EncodedKey="PEM"),
                group: policy("KeyGroup", Items=[{"Ref": key}]),
            },
        )

    assert renamed(stack("K1", "G1"), stack("K2", "G2")) == {"K2": "K1", "G2": "G1"}


def test_what_is_there_twice_or_keeps_data_is_not_guessed_at():
    twice = {"A": policy("CachePolicy"), "B": policy("CachePolicy")}
    assert renamed(template(**twice), template(C=policy("CachePolicy"))) == {}
    bucket = {"Type": "AWS::S3::Bucket"}
    assert renamed(template(A=bucket), template(B=bucket)) == {}


@pytest.mark.parametrize(
    "damaged", [None, [], "", 1, {"Resources": []}, {"Resources": {"A": None}}]
)
def test_a_template_that_is_none_has_no_distributions(damaged):
    assert deliveries(damaged) == {}
