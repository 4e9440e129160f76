"""Synthesis in this process: the first costs seconds, later ones do not."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk.assertions import Template

from stacks import CdnStack, Environment

ROOT = Path(__file__).resolve().parents[1]


def committed_context():
    return json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]


def new_app(**context):
    # cdk.json switches off what the CLI would add, so an App without the CLI gives its bytes.
    return cdk.App(
        context={**committed_context(), **context}, analytics_reporting=False
    )


def new_stack(app=None, stack_id="mysite-cdn-test", region="us-east-1"):
    return cdk.Stack(app or new_app(), stack_id, env=cdk.Environment(region=region))


def environment(**values):
    context = {
        "site": "mysite",
        "environments": {"test": {"origin": "www.example.com", **values}},
    }
    return Environment.all_from_context(context)[0]


def environment_template(**values):
    app = new_app()
    described = environment(**values)
    return Template.from_stack(
        CdnStack(app, described.stack_name, environment=described)
    )


def resources(template, kind):
    """Properties by logical id."""
    found = template.find_resources(f"AWS::CloudFront::{kind}")
    return {name: found[name]["Properties"] for name in sorted(found)}


def only(template, kind):
    (properties,) = resources(template, kind).values()
    return properties


def distribution_config(template):
    return only(template, "Distribution")["DistributionConfig"]


def cache_policy(template):
    return only(template, "CachePolicy")["CachePolicyConfig"]


def headers_policy(template):
    return only(template, "ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
