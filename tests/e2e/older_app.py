"""Somebody's older CDK app: one distribution, made by hand, that has the site's name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cf
from aws_cdk.aws_cloudfront_origins import HttpOrigin

described = json.loads(Path(os.environ["ENVIRONMENT_FILE"]).read_text("utf-8"))
app = cdk.App()
stack = cdk.Stack(app, "older")
certificate = acm.Certificate.from_certificate_arn(
    stack, "Certificate", described["certificate_arn"]
)
site = cf.Distribution(
    stack,
    "Site",
    default_behavior=cf.BehaviorOptions(origin=HttpOrigin("old.example.net")),
    certificate=certificate,
    domain_names=described["domain_names"],
)
cdk.CfnOutput(stack, "Id", value=site.distribution_id)
cdk.CfnOutput(stack, "Domain", value=site.distribution_domain_name)
app.synth()
