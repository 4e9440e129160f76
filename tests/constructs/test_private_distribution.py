"""The distribution over private media: closed to everybody without a signature."""

from __future__ import annotations

import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk.assertions import Annotations, Match
from cdk_support import (
    ORIGIN_SECRET,
    distribution_config,
    half_template,
    headers_policy,
    new_stack,
    pair_template,
    resources,
)
from keys_support import A

from constructs_lib import (
    DistributionOptions,
    DjangoCdn,
    DjangoOrigin,
    MediaDistribution,
    Policies,
    ResponseHeaders,
    SigningKeys,
)
from constructs_lib.distribution import PrivateMediaDistribution

KEYS = SigningKeys(keys={"2026a": A}, signing_key="2026a")
ORIGIN = DjangoOrigin.server("www.example.com", origin_secret=ORIGIN_SECRET)
KINDS = pytest.mark.parametrize(
    "kind", [PrivateMediaDistribution, MediaDistribution], ids=["tree", "all of media"]
)


def template(kind, origin=ORIGIN, **values):
    return half_template(kind, origin=origin, signing_keys=KEYS, **values)


@pytest.fixture(
    scope="module",
    params=[PrivateMediaDistribution, MediaDistribution],
    ids=["tree", "all of media"],
)
def signed(request):
    return template(request.param)


def test_only_who_has_a_signature_is_answered(signed):
    config = distribution_config(signed)
    (group,) = config["DefaultCacheBehavior"]["TrustedKeyGroups"]
    assert set(signed.find_resources("AWS::CloudFront::KeyGroup")) == {group["Ref"]}
    assert "CacheBehaviors" not in config


def test_the_server_is_told_the_origin_secret(signed):
    (origin,) = distribution_config(signed)["Origins"]
    names = {header["HeaderName"] for header in origin["OriginCustomHeaders"]}
    assert names == {"X-Cdn-Tree", "X-Origin-Secret"}


def test_private_uploads_are_in_a_sandbox_and_asked_for_again(signed):
    headers = headers_policy(signed)
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    assert policy["ContentSecurityPolicy"].endswith("; sandbox")
    assert {
        "Header": "Cache-Control",
        "Override": True,
        "Value": "private, max-age=300",
    } in headers["CustomHeadersConfig"]["Items"]


@KINDS
def test_fails_when_the_server_could_be_asked_around_cloudfront(kind):
    sentence = (
        "^origin_secret must be given with signing keys, because without it anybody"
    )
    with pytest.raises(ValueError, match=sentence):
        template(kind, DjangoOrigin.server("www.example.com"))


def test_without_signing_keys_media_is_public():
    found = half_template(MediaDistribution, origin=ORIGIN)
    assert "TrustedKeyGroups" not in distribution_config(found)["DefaultCacheBehavior"]


@pytest.mark.parametrize("name", ["Cache-Control", "cache-control"])
def test_its_headers_can_be_chosen(name):
    chosen = ResponseHeaders(content_security_policy=None, extra={name: "no-store"})
    found = headers_policy(template(PrivateMediaDistribution, headers=chosen))
    assert "ContentSecurityPolicy" not in found["SecurityHeadersConfig"]
    custom = found["CustomHeadersConfig"]["Items"]
    assert [
        (item["Header"], item["Value"])
        for item in custom
        if item["Header"].lower() == "cache-control"
    ] == [(name, "no-store")]


def test_headers_for_all_keep_the_defaults_of_each_tree():
    headers = ResponseHeaders(extra={"X-Robots-Tag": "noindex"})
    private = DistributionOptions(signing_keys=KEYS)
    found = pair_template(origin=ORIGIN, headers=headers, private=private)
    policies = [
        one["ResponseHeadersPolicyConfig"]
        for one in resources(found, "ResponseHeadersPolicy").values()
    ]
    sent = [
        (
            "ContentSecurityPolicy" in config["SecurityHeadersConfig"],
            {item["Header"] for item in config["CustomHeadersConfig"]["Items"]}
            - {"Cross-Origin-Resource-Policy"},
        )
        for config in policies
    ]
    assert len(sent) == 3
    assert (False, {"X-Robots-Tag"}) in sent
    assert (True, {"X-Robots-Tag"}) in sent
    assert (True, {"X-Robots-Tag", "Cache-Control"}) in sent


@KINDS
@pytest.mark.parametrize("of", ["response_headers", "cache"])
def test_warns_of_a_policy_that_may_let_caches_keep_what_was_signed(kind, of):
    stack = new_stack()
    existing = {
        "cache": cloudfront.CachePolicy.CACHING_OPTIMIZED,
        "response_headers": cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
    }
    policies = Policies(**{of: existing[of]})
    kind(stack, "Private", origin=ORIGIN, signing_keys=KEYS, policies=policies)
    said = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp("Cache-Control: private, max-age=300")
    )
    assert len(said) == (1 if of == "response_headers" else 0)


def test_public_distributions_are_not_warned_of():
    stack = new_stack()
    policy = cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS
    policies = Policies(response_headers=policy)
    MediaDistribution(stack, "Media", origin=ORIGIN, policies=policies)
    assert not Annotations.from_stack(stack).find_warning("*", Match.any_value())


def test_fails_when_private_media_has_no_keys():
    with pytest.raises(ValueError, match="^private.signing_keys must be given for"):
        DjangoCdn(new_stack(), "Cdn", origin=ORIGIN, private={})
