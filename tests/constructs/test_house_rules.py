"""The rules of somebody else's app reach the constructs: aspects, tags, injected properties."""

from __future__ import annotations

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk.assertions import Template
from cdk_support import ORIGIN, hosted_zone
from consumers import house_app, pair_app
from consumers_support import distributions, new_stack, resources

from constructs_lib import DjangoCdn, MediaDistribution, StaticDistribution


def injector(kind, inject_props):
    @jsii.implements(cdk.IPropertyInjector)
    class Injector:
        construct_unique_id = property(lambda self: kind.PROPERTY_INJECTION_ID)

        def inject(self, original_props, *, id, scope):
            return inject_props(original_props)

    return Injector()


def test_the_rules_of_a_house_reach_both_distributions():
    stack = house_app.build(cdk.App())
    found = distributions(stack)
    assert set(found) == {"static", "media"}
    for config in found.values():
        assert config["WebACLId"] == house_app.WEB_ACL
        assert config["PriceClass"] == "PriceClass_All"
    for resource in resources(Template.from_stack(stack)).values():
        assert resource["DeletionPolicy"] == "Retain"
        if resource["Type"] == "AWS::CloudFront::Distribution":
            assert resource["Properties"]["Tags"] == [{"Key": "team", "Value": "web"}]


def test_without_a_house_none_of_its_rules_apply():
    stack = new_stack()
    DjangoCdn(stack, "Cdn", origin=ORIGIN)
    for config in distributions(stack).values():
        assert "WebACLId" not in config
        assert config["PriceClass"] == "PriceClass_100"
    for resource in resources(Template.from_stack(stack)).values():
        assert "DeletionPolicy" not in resource
        assert "Tags" not in resource["Properties"]


def test_an_injected_default_gives_way_to_an_argument():
    own = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/own/5678-abcd"
    stack = new_stack(property_injectors=[house_app.BehindTheFirewall()])
    StaticDistribution(stack, "Static", origin=ORIGIN, web_acl_arn=own)
    MediaDistribution(stack, "Media", origin=ORIGIN)
    found = distributions(stack)
    assert found["static"]["WebACLId"] == own
    assert found["media"]["WebACLId"] == house_app.WEB_ACL


def test_an_injected_value_put_last_overrules_the_construct():
    overruled = injector(
        cloudfront.Distribution, lambda props: {**props, "comment": "the house's"}
    )
    stack = new_stack(property_injectors=[overruled])
    DjangoCdn(stack, "Cdn", origin=ORIGIN)
    found = distributions(stack)
    assert {config["Comment"] for config in found.values()} == {"the house's"}
    # The rest comes through the injector unharmed.
    assert found["static"]["Origins"][0]["OriginPath"] == "/static"
    assert found["media"]["DefaultRootObject"] == "dj-cloudfront-has-no-root-object"


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (cloudfront.CachePolicy, "CachePolicyConfig"),
        (cloudfront.ResponseHeadersPolicy, "ResponseHeadersPolicyConfig"),
    ],
)
def test_injectors_reach_the_policies(kind, config):
    commented = injector(kind, lambda props: {**props, "comment": "the house's"})
    stack = new_stack(property_injectors=[commented])
    DjangoCdn(stack, "Cdn", origin=ORIGIN)
    comments = [
        resource["Properties"][config].get("Comment")
        for resource in resources(Template.from_stack(stack)).values()
        if config in resource.get("Properties", {})
    ]
    assert comments == ["the house's", "the house's"]


def test_injectors_reach_a_certificate_made_for_a_zone():
    kind = pair_app.Certificate
    recorded = injector(kind, lambda props: {**props, "certificateName": "the house's"})
    stack = new_stack(property_injectors=[recorded])
    static = {"domain_names": ["static.example.com"]}
    zone = hosted_zone(stack)
    DjangoCdn(stack, "Cdn", origin=ORIGIN, hosted_zone=zone, static=static)
    Template.from_stack(stack).has_resource_properties(
        "AWS::CertificateManager::Certificate",
        {"Tags": [{"Key": "Name", "Value": "the house's"}]},
    )


def test_an_injector_of_one_stack_leaves_the_others_alone():
    app = cdk.App()
    ruled, free = new_stack(app, "Ruled"), new_stack(app, "Free")
    cdk.PropertyInjectors.of(ruled).add(house_app.BehindTheFirewall())
    for stack in (ruled, free):
        StaticDistribution(stack, "Static", origin=ORIGIN)
    assert distributions(ruled)["static"]["WebACLId"] == house_app.WEB_ACL
    assert "WebACLId" not in distributions(free)["static"]
