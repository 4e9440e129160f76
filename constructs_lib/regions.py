"""AWS regions: which exist, and which have CloudFront's metrics and logs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aws_cdk import Stack, Token, region_info
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from constructs_lib.validation import did_you_mean


def check_region_name(what: str, region: str) -> None:
    """A region that exists, so that a misspelt one does not wait for the deploy.

    A region that is newer than the installed ``aws-cdk-lib`` needs a newer one.

    :raises ValueError: otherwise. Tokens pass.
    """
    known = () if Token.is_unresolved(region) else region_info.Fact.regions
    if not known or region in known:
        return
    raise ValueError(
        f"{what} must be an AWS region that aws-cdk-lib knows, such as 'us-east-1'"
        f"{did_you_mean(region, known)}"
    )


REGION = "us-east-1"
"""The only region with CloudFront's metrics and log deliveries."""


def check_region(scope: Construct, what: str) -> None:
    """Refuse a stack in another region. One that only CloudFormation knows passes.

    :raises ValueError: otherwise, since nothing would ever arrive there.
    """
    region = Stack.of(scope).region
    if Token.is_unresolved(region) or region == REGION:
        return
    raise ValueError(
        f"{what} must be in a stack in {REGION!r}, because CloudFront's metrics and log "
        f"deliveries are only there, got {region!r}"
    )


def check_distributions(
    distributions: Mapping[str, cloudfront.IDistribution],
) -> None:
    """Roles that can be construct ids, at least one.

    :raises ValueError: otherwise.
    """
    if not distributions:
        raise ValueError(
            "distributions must have at least one distribution, such as "
            '{"Static": cdn.static.distribution}, got {}'
        )
    for role in distributions:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", role):
            raise ValueError(
                "distributions must be named by roles in PascalCase, such as 'Static', "
                f"got {role!r}"
            )
