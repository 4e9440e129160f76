"""Synthesis in this process: the first costs seconds, later ones do not."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from environments import MAXIMAL, SITE

from constructs_lib import DjangoCdn, DjangoOrigin, OriginSecret, StaticDistribution
from stacks import CdnStack, Environment

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = DjangoOrigin.server("www.example.com")
ORIGIN_SECRET = OriginSecret(**MAXIMAL["origin_secret"])
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/1"


def committed_context():
    """What cdk.json has, by whomever it was edited."""
    return json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]


def cdk_json():
    """The text of cdk.json with the site of the tests."""
    settings = json.loads((ROOT / "cdk.json").read_text("utf-8"))
    settings["context"] |= SITE
    return json.dumps(settings, indent=2)


def new_app(**context):
    # cdk.json switches off what the CLI would add, so an App without the CLI gives its bytes.
    return cdk.App(
        context={**committed_context(), **SITE, **context}, analytics_reporting=False
    )


def site_templates():
    """The templates of the tests' site, as the CLI writes them: bytes by file name."""
    app = new_app()
    for described in Environment.all_from_context(SITE):
        CdnStack(app, described.stack_name, environment=described)
    folder = Path(app.synth().directory)
    return {found.name: found.read_bytes() for found in folder.glob("*.template.json")}


def new_stack(app=None, stack_id="mysite-cdn-test", region="us-east-1"):
    return cdk.Stack(app or new_app(), stack_id, env=cdk.Environment(region=region))


def read(values=None, **context):
    """The environments of a context: one, prod, with these keys, unless others are given."""
    prod = {"origin": "www.example.com", **(values or {})}
    return Environment.all_from_context(
        {"site": "mysite", "environments": {"prod": prod}, **context}
    )


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


def half_template(half=StaticDistribution, *, stack=None, origin=ORIGIN, **options):
    """The template of one distribution."""
    stack = stack or new_stack()
    half(stack, "Half", origin=origin, **options)
    return Template.from_stack(stack)


def pair_template(stack=None, *, origin=ORIGIN, **options):
    """The template of a pair."""
    stack = stack or new_stack()
    DjangoCdn(stack, "Cdn", origin=origin, **options)
    return Template.from_stack(stack)


def plain_distributions(stack, *roles):
    """Distributions of the CDK's own, by role."""
    behavior = cloudfront.BehaviorOptions(origin=origins.HttpOrigin("www.example.com"))
    return {
        role: cloudfront.Distribution(stack, role, default_behavior=behavior)
        for role in roles or ("Static", "Media")
    }


def synthesized(stack):
    """The template of the assembly, so that the CDK's validation runs and raises."""
    assembly = stack.node.root.synth()
    return Template.from_json(assembly.get_stack_by_name(stack.stack_name).template)


def certificate(scope, construct_id="Certificate"):
    return acm.Certificate.from_certificate_arn(scope, construct_id, CERTIFICATE)


def hosted_zone(scope, name="example.com", construct_id="Zone"):
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, construct_id, hosted_zone_id="Z0123456789", zone_name=name
    )


def rendered_origin(origin, stack=None):
    """The origin of a distribution that asks one."""
    (found,) = distribution_config(half_template(stack=stack, origin=origin))["Origins"]
    return found


def configs(template):
    """The configuration of each distribution."""
    found = template.find_resources("AWS::CloudFront::Distribution").values()
    return [resource["Properties"]["DistributionConfig"] for resource in found]


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
