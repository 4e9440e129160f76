"""The regions of AWS, as the installed CDK knows them."""

from __future__ import annotations

from aws_cdk import Token, region_info

from constructs_lib.checks import did_you_mean


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
