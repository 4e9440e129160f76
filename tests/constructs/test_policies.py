from __future__ import annotations

import json

import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk.assertions import Template
from cdk_support import ROOT, distribution_config, half_template, new_app

from constructs_lib import (
    Cors,
    MediaDistribution,
    Policies,
    ResponseHeaders,
    StaticDistribution,
    Ttl,
)
from stacks import CdnStack, Environment

HALVES = pytest.mark.parametrize("half", [StaticDistribution, MediaDistribution])
MANAGED = Policies(
    cache=cloudfront.CachePolicy.CACHING_OPTIMIZED,
    origin_request=cloudfront.OriginRequestPolicy.CORS_CUSTOM_ORIGIN,
    response_headers=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
)


@HALVES
def test_existing_policies_take_the_place_of_own_ones(half):
    template = half_template(half, policies=MANAGED)
    assert len(template.to_json()["Resources"]) == 1
    behavior = distribution_config(template)["DefaultCacheBehavior"]
    # Fixed by AWS: DeveloperGuide/using-managed-cache-policies.html and its neighbours.
    assert behavior["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert behavior["OriginRequestPolicyId"] == "59781a5b-3903-41f3-afcb-af62929ccde1"
    assert behavior["ResponseHeadersPolicyId"] == "67f7725c-6f97-4210-82d7-5512b31e9d03"


def test_the_recipe_for_flat_rate_plans_defines_no_policy():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    recipe = page.partition("## On a flat-rate plan")[2].partition("```json\n")[2]
    context = json.loads(recipe.partition("```")[0])
    (described,) = Environment.all_from_context(context)
    stack = CdnStack(new_app(), described.stack_name, environment=described)
    kinds = {
        resource["Type"]
        for resource in Template.from_stack(stack).to_json()["Resources"].values()
    }
    assert kinds == {"AWS::CloudFront::Distribution"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"ttl": Ttl()}, "^ttl must not be given together with policies.cache"),
        (
            {"headers": ResponseHeaders()},
            "^headers must not be given together with policies.response_headers",
        ),
        (
            {"cors": Cors.any_origin()},
            "^cors must not be given together with policies.response_headers",
        ),
    ],
)
def test_fails_when_a_value_would_be_idle(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        half_template(policies=MANAGED, **values)
