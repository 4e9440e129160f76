"""Whether the account, its region and its bootstrap are those that the stack needs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from cdn_review.preflight.clients import GLOBAL_REGION, Aws, Clients
from cdn_review.preflight.target import Target
from dj_cloudfront.findings import Finding, failed, passed, warned

# Credentials that could do nothing, if anybody used them.
_NOTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
)


def check_account(target: Target, clients: Clients) -> Iterator[Finding]:
    """Of another account, nothing else is asked."""
    wanted = target.stack.account
    if not wanted:
        message = "the stack names no account, so it goes where the credentials lead"
        yield warned("account", message, "name the account in cdk.json")
    elif clients.aws.account != wanted:
        message = "the credentials belong to another account than the stack"
        hint = "use those of the account in cdk.json, or correct it there"
        yield failed("account", message, hint)
    else:
        yield passed("account", "the credentials belong to the stack's account")


def check_region(target: Target, clients: Clients) -> Iterator[Finding]:
    """Newer regions have to be enabled."""
    region = region_of(target, clients.aws)
    state = "opt-in-not-required"
    if region != GLOBAL_REGION:
        listed = clients.aws.client("ec2").describe_regions(AllRegions=True)["Regions"]
        states = {one["RegionName"]: one.get("OptInStatus", state) for one in listed}
        state = states.get(region, "unknown")
    if state == "unknown":
        yield failed("region", f"{region} does not exist", "correct it in cdk.json")
    elif state == "not-opted-in":
        hint = "enable it in the account's settings, or use another"
        yield failed("region", f"{region} is not enabled in this account", hint)
    else:
        yield passed("region", region)


def check_bootstrap(target: Target, clients: Clients) -> Iterator[Finding]:
    """The version that ``cdk bootstrap`` left in a parameter, then its roles."""
    needed = target.bootstrap
    if needed is None:
        return
    region = region_of(target, clients.aws)
    hint = f"run 'cdk bootstrap aws://<account>/{region}'"
    call = clients.aws.client("ssm", region).get_parameter
    found = clients.aws.ask(call, "ParameterNotFound", Name=needed.parameter)
    if found is None:
        yield failed("bootstrap", f"{region} is not bootstrapped", hint)
        return
    value = str(found["Parameter"]["Value"])
    if not (value.isascii() and value.isdigit() and int(value) >= needed.version):
        message = f"version {value[:20]}, but the stack needs at least {needed.version}"
        yield failed("bootstrap", message, hint)
        return
    yield passed("bootstrap", f"version {value}")
    yield from _check_roles(needed.roles, region, clients.aws)


def _check_roles(roles: Collection[str], region: str, aws: Aws) -> Iterator[Finding]:
    call = aws.client("sts").assume_role
    given = {"RoleSessionName": "cdn-review-preflight", "DurationSeconds": 900}
    refused = []
    for role in roles:
        arn = (
            role.replace("${AWS::Partition}", "aws")
            .replace("${AWS::AccountId}", aws.account)
            .replace("${AWS::Region}", region)
        )
        try:
            call(RoleArn=arn, Policy=_NOTHING, **given)
        except aws.refused:
            refused.append(arn.rpartition("/")[2].replace(f"-{aws.account}", ""))
    if refused:
        message = (
            f"the credentials may not assume {', '.join(refused)}, so the CDK CLI deploys "
            "with the credentials themselves"
        )
        hint = "allow sts:AssumeRole on the roles of cdk bootstrap"
        yield warned("CDK roles", message, hint)
    elif roles:
        yield passed("CDK roles", "the credentials may assume them")


def region_of(target: Target, aws: Aws) -> str:
    return target.stack.region or aws.configured_region


def stack_resources(target: Target, clients: Clients) -> list[tuple[str, str, str]]:
    """What the deployed stack has: type, logical id, physical id."""
    region = region_of(target, clients.aws)
    client = clients.aws.client("cloudformation", region)
    listed = client.get_paginator("list_stack_resources").paginate(
        StackName=target.stack.name
    )
    try:
        return [
            (
                one["ResourceType"],
                one["LogicalResourceId"],
                one.get("PhysicalResourceId", ""),
            )
            for page in listed
            for one in page["StackResourceSummaries"]
        ]
    except clients.aws.refused as error:
        if "does not exist" in str(error):
            return []
        raise
