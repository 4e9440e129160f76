"""Somebody else's CDK app: one distribution with rules of its own, nothing of ours."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cf
from aws_cdk.aws_cloudfront_origins import HttpOrigin

app = cdk.App()
stack = cdk.Stack(app, "foreign")
policy = cf.CachePolicy(
    stack,
    "Policy",
    min_ttl=cdk.Duration.seconds(0),
    default_ttl=cdk.Duration.seconds(2),
    max_ttl=cdk.Duration.minutes(5),
    header_behavior=cf.CacheHeaderBehavior.allow_list("Origin", "X-Tenant"),
    query_string_behavior=cf.CacheQueryStringBehavior.allow_list("page"),
    enable_accept_encoding_gzip=True,
)
behavior = cf.BehaviorOptions(
    origin=HttpOrigin("files.example.net"), cache_policy=policy
)
errors = [cf.ErrorResponse(http_status=404, ttl=cdk.Duration.seconds(3))]
site = cf.Distribution(stack, "Site", default_behavior=behavior, error_responses=errors)
cdk.CfnOutput(stack, "Domain", value=site.distribution_domain_name)
app.synth()
