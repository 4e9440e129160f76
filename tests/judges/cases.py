"""What is judged: environments of cdk.json, others that use each input, and naive stacks."""

from __future__ import annotations

import json
import re

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from cdk_support import committed_context
from environments import MAXIMAL, MINIMAL
from keys_support import A

from stacks import Environment

CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/1234-abcd"
WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/1234-abcd"
NAIVE = "naive"
OTHERS = "naive-others"

# Nothing is acknowledged for it.
EVERY_INPUT = {
    "origin": {
        "domain_name": "www.example.com",
        "failover_domain_name": "www2.example.com",
    },
    "certificate_arn": CERTIFICATE,
    "web_acl_arn": WEB_ACL,
    "denied_countries": ["AQ"],
    "legacy_logs": {"bucket": "mysite-audit-logs"},
    "static": {"domain_names": ["static.example.com"]},
    "media": {"domain_names": ["media.example.com"]},
}
COMMITTED = committed_context()
SITE = COMMITTED["site"]
BY_NAME = {
    **COMMITTED["environments"],
    "minimal": MINIMAL,
    "maximal": MAXIMAL,
    "every-input": EVERY_INPUT,
    "one-name": {
        **MINIMAL,
        "certificate_arn": CERTIFICATE,
        "static": {"domain_names": ["static.example.com"]},
    },
    "zone": {
        **EVERY_INPUT,
        "certificate_arn": None,
        "hosted_zone": {"id": "Z0123456789", "name": "example.com"},
        "tls": "TLSv1.2_2025",
    },
    "watched": {
        **MINIMAL,
        "monitoring": {"email": "ops@example.com"},
        "logs": {"log_group_days": 30},
    },
    "audited": {
        **MINIMAL,
        "monitoring": {"topic_arn": "arn:aws:sns:us-east-1:111122223333:alarms"},
        "logs": {"log_group_days": 365},
    },
    "vpc": {
        "origin": {
            "domain_name": "www.example.com",
            "vpc_endpoint_arn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:"
            "loadbalancer/app/mysite/50dc6c495c0c9188",
        }
    },
    "private": {
        **MINIMAL,
        "origin_secret": MAXIMAL["origin_secret"],
        "private": {"signing_keys": {"keys": {"2026a": A}, "signing_key": "2026a"}},
    },
    "bucket-by-name": {
        **MINIMAL,
        "cors": "any_origin",
        "logs": {"bucket": "mysite-logs"},
        "static": {"bucket": {"name": "mysite-static"}},
        "media": {"bucket": {"name": "mysite-media"}},
    },
    "buckets": {
        **MINIMAL,
        "cors": "any_origin",
        "static": {"bucket": {}},
        "media": {"bucket": {}},
    },
}


def described(name):
    """An environment of the table as the app reads it."""
    context = {"site": SITE, "environments": {name: BY_NAME[name]}}
    if name in COMMITTED["environments"]:
        return Environment.all_from_context(context)[0]
    # All are in one app, in which an alias is on one distribution.
    text = re.sub(r'"(static|media|private)\.', rf'"\1.{name}.', json.dumps(context))
    return Environment.all_from_context(json.loads(text))[0]


def define_naive(app):
    """The least that works: what the judges say of it is known."""
    stack = cdk.Stack(app, NAIVE)
    for name in ("Static", "Media"):
        cloudfront.Distribution(
            stack,
            name,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin("www.example.com"),
                # The default, unless a feature flag of the app says otherwise.
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.ALLOW_ALL,
            ),
        )


def define_others(app):
    """For rules that say nothing of a distribution: that their judges ran shows here."""
    stack = cdk.Stack(app, OTHERS)
    s3.CfnBucket(stack, "Bucket", access_control="Private")
    lambda_.CfnFunction(
        stack,
        "Function",
        role="arn:aws:iam::111122223333:role/function",
        package_type="Image",
        code=lambda_.CfnFunction.CodeProperty(
            image_uri="111122223333.dkr.ecr.us-east-1.amazonaws.com/function:1"
        ),
    )
