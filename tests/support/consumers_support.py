"""Apps of others, as tests want them."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk.assertions import Template


def new_stack(app=None, stack_id="Host", region="us-east-1", **app_options):
    """A stack of somebody else's app: without the context of our cdk.json."""
    env = cdk.Environment(region=region)
    return cdk.Stack(app or cdk.App(**app_options), stack_id, env=env)


def resources(template):
    return template.to_json()["Resources"]


def distributions(stack):
    """The configurations, by the tree that they read."""
    found = {}
    for resource in resources(Template.from_stack(stack)).values():
        if resource["Type"] == "AWS::CloudFront::Distribution":
            config = resource["Properties"]["DistributionConfig"]
            found[config["Origins"][0]["Id"]] = config
    return found
