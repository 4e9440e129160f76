"""What the synthesis is compared with: as many plain distributions in as many stacks."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk.aws_cloudfront_origins import HttpOrigin

app = cdk.App()
for name in ("dev", "staging", "prod"):
    stack = cdk.Stack(app, f"bare-{name}", env=cdk.Environment(region="us-east-1"))
    for half in ("Static", "Media"):
        cloudfront.Distribution(
            stack,
            half,
            default_behavior=cloudfront.BehaviorOptions(
                origin=HttpOrigin("www.example.com")
            ),
        )
app.synth()
