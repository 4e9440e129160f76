from __future__ import annotations

import re

import aws_cdk as cdk
from aws_cdk.assertions import Template
from cdk_support import environment, new_app, new_stack, resources
from constructs import Construct

from cdn_model.quotas import POLICY_NAME_LENGTH
from constructs_lib import DjangoCdn, DjangoOrigin, StaticDistribution
from constructs_lib.physical_names import physical_name
from stacks import CdnStack

ORIGIN = DjangoOrigin.server("www.example.com")


def names(template):
    return [
        properties[f"{kind}Config"]["Name"]
        for kind in ("CachePolicy", "ResponseHeadersPolicy")
        for properties in resources(template, kind).values()
    ]


def test_a_name_holds_stack_path_region_and_a_hash():
    stack = new_stack(stack_id="mysite-cdn-prod", region="eu-west-1")
    name = physical_name(Construct(Construct(stack, "Cdn"), "Static"), "CachePolicy")
    assert re.fullmatch(
        "mysite-cdn-prod-Cdn-Static-CachePolicy-eu-west-1-[0-9a-f]{8}", name
    )


def test_names_differ_over_environments_regions_and_pairs_in_a_stack():
    found = []
    for site in ("mysite", "other"):
        for region in ("us-east-1", "eu-west-1"):
            for name in ("dev", "staging", "prod"):
                app = new_app()
                described = environment(region=region)
                described = type(described)(
                    **{**vars(described), "site": site, "name": name}
                )
                stack = CdnStack(app, described.stack_name, environment=described)
                DjangoCdn(stack, "Second", origin=ORIGIN)
                found += names(Template.from_stack(stack))
    assert len(found) == 2 * 2 * 3 * 2 * 4
    assert len(set(found)) == len(found)


def test_a_long_name_is_cut_before_its_hash_and_stays_distinct():
    stack = new_stack(stack_id="s" * 100)
    deep = Construct(stack, "p" * 100)
    first, second = (
        physical_name(deep, "CachePolicy"),
        physical_name(deep, "CachePolicy2"),
    )
    assert len(first) == len(second) == POLICY_NAME_LENGTH
    assert first[:-8] == second[:-8]
    assert first[-8:] != second[-8:]


def test_paths_that_look_alike_have_different_names():
    stack = new_stack()
    one = physical_name(Construct(stack, "A-B"), "CachePolicy")
    other = physical_name(Construct(Construct(stack, "A"), "B"), "CachePolicy")
    assert one[:-8] == other[:-8]
    assert one != other


def test_a_region_known_only_to_cloudformation_stands_in_the_name():
    stack = cdk.Stack(new_app(), "anywhere")
    StaticDistribution(stack, "Static", origin=ORIGIN)
    for name in names(Template.from_stack(stack)):
        before, region, after = name["Fn::Join"][1]
        assert before.startswith("anywhere-Static-")
        assert region == {"Ref": "AWS::Region"}
        assert re.fullmatch("-[0-9a-f]{8}", after)


def test_a_nested_stack_names_its_policies_after_the_outermost_stack():
    stack = new_stack(stack_id="outer")
    nested = cdk.NestedStack(stack, "Nested")
    StaticDistribution(nested, "Static", origin=ORIGIN)
    for name in names(Template.from_stack(nested)):
        assert name.startswith("outer-Nested-Static-")


def test_wrapping_a_construct_keeps_the_names_as_it_keeps_the_ids():
    def wrapped(scope, construct_id):
        return Construct(Construct(scope, construct_id), "Default")

    plain = physical_name(Construct(new_stack(), "Static"), "CachePolicy")
    assert physical_name(wrapped(new_stack(), "Static"), "CachePolicy") == plain
    other = Construct(Construct(new_stack(), "Static"), "Other")
    assert physical_name(other, "CachePolicy") != plain


def test_names_have_only_characters_that_the_cdk_allows():
    stack = new_stack()
    name = physical_name(Construct(stack, "Über.uns (1)"), "CachePolicy")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name)
