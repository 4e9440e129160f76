"""Whose credentials these are, and in what state they find the stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_review.preflight.aws import GLOBAL_REGION, Aws, is_denied, reason
from cdn_review.preflight.result import Result, failed, passed, warned
from cdn_review.preflight.target import Target

_ABSENT = "does not exist"
_RECREATE = "delete the stack, as it holds nothing that works, and deploy again"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
_CURES = {
    "ROLLBACK_COMPLETE": _RECREATE,
    "ROLLBACK_FAILED": _RECREATE,
    "CREATE_FAILED": _RECREATE,
    "DELETE_FAILED": "look at its events for what could not be deleted, and delete it again",
    "UPDATE_ROLLBACK_FAILED": (
        "run 'cdk rollback', or 'aws cloudformation continue-update-rollback'"
    ),
}


def check_credentials(target: Target, aws: Aws) -> Iterator[Result]:
    """Without any that work, nothing else can be asked."""
    try:
        caller = aws.client("sts").get_caller_identity()
    except aws.refused as error:
        sentence = f"AWS refuses the credentials: {reason(error)}"
        cure = "sign in again, such as with 'aws sso login', or name another --profile"
        yield failed("credentials", sentence, cure)
        return
    except aws.unreachable as error:
        sentence = f"there are none, or AWS cannot be reached: {reason(error)}"
        cure = "sign in, such as with 'aws sso login', or name a --profile"
        yield failed("credentials", sentence, cure)
        return
    yield passed("credentials", "are accepted")
    wanted = target.stack.account
    if wanted and str(caller["Account"]) != wanted:
        sentence = "the credentials are of another account than the stack's"
        cure = "use those of the account in cdk.json, or correct it there"
        yield failed("account", sentence, cure)
    elif wanted:
        yield passed("account", "is that of the stack")
    else:
        sentence = "the stack names none, so it goes where the credentials lead"
        yield warned("account", sentence, "name the account in cdk.json")


def check_region(target: Target, aws: Aws) -> Iterator[Result]:
    """Whether the account may use the stack's region: new ones have to be switched on."""
    region = target.region or aws.configured_region
    if region == GLOBAL_REGION:
        where = region if target.region else f"{region}, by the environment"
        yield passed("region", f"is {where}")
        return
    listed = aws.client("ec2").describe_regions(AllRegions=True)["Regions"]
    states = {one["RegionName"]: one.get("OptInStatus", "") for one in listed}
    if region not in states:
        cure = f"correct it, such as to {GLOBAL_REGION}"
        yield failed("region", f"there is no region {region!r}", cure)
    elif states[region] == "not-opted-in":
        sentence = f"{region} is not switched on in this account"
        cure = "switch it on in the account's settings, or use another"
        yield failed("region", sentence, cure)
    else:
        sentence = f"the stack stands in {region}, its distributions everywhere"
        yield passed("region", sentence)


def check_stack(target: Target, aws: Aws) -> Iterator[Result]:
    """Whether CloudFormation would begin at all."""
    found = find_stack(target, aws)
    if found is None:
        yield passed("stack", "does not exist yet, and will be made")
        return
    status = str(found["StackStatus"])
    if status in _CURES:
        yield failed("stack", f"is in the state {status}", _CURES[status])
    elif status.endswith("_IN_PROGRESS"):
        sentence = f"is in the state {status}: somebody deploys it now"
        yield failed("stack", sentence, "wait until that ends")
    else:
        yield passed("stack", f"is in the state {status}")


def find_stack(target: Target, aws: Aws) -> Any:
    """What CloudFormation says of the stack, or ``None``."""
    client = aws.client("cloudformation", target.region or aws.configured_region)
    try:
        (found,) = client.describe_stacks(StackName=target.name)["Stacks"]
    except aws.refused as error:
        if not is_denied(error) and _ABSENT in str(error):
            return None
        raise
    return None if found["StackStatus"] == "REVIEW_IN_PROGRESS" else found


def stack_resources(target: Target, aws: Aws) -> list[tuple[str, str, str]]:
    """What the stack has now: type, logical id, physical id."""
    if find_stack(target, aws) is None:
        return []
    client = aws.client("cloudformation", target.region or aws.configured_region)
    listed = client.get_paginator("list_stack_resources").paginate(
        StackName=target.name
    )
    return [
        (
            one["ResourceType"],
            one["LogicalResourceId"],
            one.get("PhysicalResourceId", ""),
        )
        for page in listed
        for one in page["StackResourceSummaries"]
    ]
