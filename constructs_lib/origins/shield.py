"""Origin Shield: one more cache, which alone asks the server."""

from __future__ import annotations

from aws_cdk import Token

from constructs_lib.checks import shown

SHIELD_REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "me-central-1",
    "sa-east-1",
)
"""Where there is one:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html"""

NEAREST_SHIELD_REGIONS = {
    "af-south-1": "eu-west-1",
    "ap-east-1": "ap-southeast-1",
    "ca-central-1": "us-east-1",
    "eu-north-1": "eu-west-2",
    "eu-south-1": "eu-central-1",
    "eu-west-3": "eu-west-2",
    "me-south-1": "ap-south-1",
    "us-west-1": "us-west-2",
}
"""What the same page advises for servers in regions without one."""


def check_shield_region(what: str, region: str) -> None:
    """A region with Origin Shield.

    :raises ValueError: otherwise, with the nearest one if AWS names it.
    """
    if Token.is_unresolved(region) or region in SHIELD_REGIONS:
        return
    nearest = NEAREST_SHIELD_REGIONS.get(region)
    cure = (
        f"{nearest!r} is the nearest to servers in {region}"
        if nearest
        else "take the one with the lowest latency to the server"
    )
    raise ValueError(
        f"{what} must be one of {', '.join(SHIELD_REGIONS)}, got {shown(region)}: {cure}"
    )
