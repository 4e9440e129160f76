from __future__ import annotations

import re

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from cdk_support import environment, new_app, new_stack, resources
from constructs import Construct
from environments import MAXIMAL, PUBLIC_KEY

from cdn_model.quotas import POLICY_NAME_LENGTH
from constructs_lib import (
    DjangoCdn,
    DjangoOrigin,
    OriginSecret,
    SigningKeys,
    StaticDistribution,
)
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
            for name in ("dev", "prod"):
                app = new_app()
                described = environment(region=region)
                described = type(described)(
                    **{**vars(described), "site": site, "name": name}
                )
                stack = CdnStack(app, described.stack_name, environment=described)
                DjangoCdn(stack, "Second", origin=ORIGIN)
                found += names(Template.from_stack(stack))
    assert len(found) == 2 * 2 * 2 * 2 * 4
    assert len(set(found)) == len(found)


def test_a_long_name_is_cut_before_its_hash_and_stays_distinct():
    stack = new_stack(stack_id="s" * 100)
    deep = Construct(stack, "p" * 100)
    first, second = (
        physical_name(deep, "CachePolicy"),
        physical_name(deep, "CachePolicy2"),
    )
    assert POLICY_NAME_LENGTH - 16 < len(first) == len(second) <= POLICY_NAME_LENGTH
    assert "-us-east-1-" in first
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


# The first two cannot be renamed in place, or not while they are in use.
NAMED = ("PublicKey", "VpcOrigin", "CachePolicy", "ResponseHeadersPolicy", "KeyGroup")
SECRET = MAXIMAL["origin_secret"]
CONFIGS = {"VpcOrigin": "VpcOriginEndpointConfig"}
ENDPOINT = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/a/50dc"


def deployed(scope, stack_id, region="us-east-1", **values):
    """Of a stack, by logical id: what each resource is called, and by which reference."""
    env = None if region is None else cdk.Environment(region=region)
    stack = cdk.Stack(scope, stack_id, env=env, **values)
    origin = DjangoOrigin.vpc(
        ENDPOINT,
        domain_name="origin.example.com",
        origin_secret=OriginSecret(
            arn=SECRET["arn"].replace("us-east-1", region or "us-east-1"),
            version=SECRET["version"],
        ),
    )
    keys = SigningKeys(keys={"2026a": PUBLIC_KEY}, signing_key="2026a")
    DjangoCdn(stack, "Cdn", origin=origin, private={"signing_keys": keys})
    template = Template.from_stack(stack)
    found = {}
    for kind in NAMED:
        for logical_id, properties in resources(template, kind).items():
            config = properties[CONFIGS.get(kind, f"{kind}Config")]
            words = (config["Name"], config.get("CallerReference", ""))
            found[logical_id] = tuple(map(filled, words))
    return found


def filled(word):
    """As CloudFormation fills the region in."""
    if isinstance(word, str):
        return word
    parts = word["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else "us-east-1" for part in parts)


def in_a_stage(app):
    return cdk.Stage(app, "Prod")


BEFORE = {"stack_id": "Cdn", "region": "us-east-1", "stack_name": "shop-cdn"}


@pytest.mark.parametrize(
    ("scope", "changed"),
    [
        (lambda app: app, {"region": None}),
        (lambda app: app, {"stack_id": "CdnStack"}),
        (in_a_stage, {}),
        (in_a_stage, {"stack_id": "Other", "region": None}),
    ],
    ids=["region pinned later", "stack id renamed", "moved into a stage", "all"],
)
def test_nothing_that_is_fixed_changes_in_place(scope, changed):
    before = deployed(new_app(), **BEFORE)
    after = deployed(scope(new_app()), **{**BEFORE, **changed})
    assert len(before) == 9
    assert after == before


@pytest.mark.parametrize(
    "changed",
    [
        {"stack_name": "shop-cdn-staging"},
        {"region": "eu-west-1"},
        {"stack_id": "Second", "stack_name": "second-cdn"},
    ],
    ids=["two environments", "two regions", "one path in two stacks"],
)
def test_no_name_or_reference_serves_two_stacks(changed):
    one = deployed(new_app(), **BEFORE)
    other = deployed(new_app(), **{**BEFORE, **changed})
    everything = [*one.values(), *other.values()]
    names = [name for name, _ in everything]
    references = [reference for _, reference in everything if reference]
    assert len(references) == 2
    assert len(set(names)) == len(names)
    assert len(set(references)) == len(references)
