"""Whether the account, its region and its bootstrap are those that the stack needs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cdn_model.quotas import GLOBAL_REGION
from cdn_review.preflight.clients import Aws, Clients
from cdn_review.preflight.planned_stack import PlannedStack
from dj_cloudfront.findings import Finding, failed, passed, warned

# The minimum of the CDK's default synthesizer.
_BOOTSTRAP_VERSION = 6
_DENY_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
)


def check_account(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """If this fails, no other check asks the account."""
    wanted = planned.stack.account
    if not wanted:
        message = "the stack names no account, so it goes where the credentials lead"
        yield warned("account", message, "name the account in cdk.json")
    elif clients.aws.account != wanted:
        message = "the credentials belong to another account than the stack"
        hint = "use those of the account in cdk.json, or correct it there"
        yield failed("account", message, hint)
    else:
        yield passed("account", "the credentials belong to the stack's account")


def check_region(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """Newer regions have to be enabled."""
    region = region_of(planned, clients.aws)
    states = {GLOBAL_REGION: "opt-in-not-required"}
    if region != GLOBAL_REGION:
        listed = clients.aws.client("ec2").describe_regions(AllRegions=True)["Regions"]
        states |= {item["RegionName"]: item.get("OptInStatus") for item in listed}
    if region not in states:
        yield failed("region", f"{region} does not exist", "correct it in cdk.json")
    elif states[region] == "not-opted-in":
        hint = "enable it in the account's settings, or use another"
        yield failed("region", f"{region} is not enabled in this account", hint)
    else:
        yield passed("region", region)


def check_bootstrap(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """The version that ``cdk bootstrap`` left in a parameter, then the role of a deploy."""
    parameter = planned.stack.bootstrap
    if not parameter:
        return
    region = region_of(planned, clients.aws)
    hint = f"run 'cdk bootstrap aws://<account>/{region}'"
    call = clients.aws.client("ssm", region).get_parameter
    found = clients.aws.ask(call, "ParameterNotFound", Name=parameter)
    if found is None:
        yield failed("bootstrap", f"{region} is not bootstrapped", hint)
        return
    value = str(found["Parameter"]["Value"])
    if not (value.isdecimal() and int(value) >= _BOOTSTRAP_VERSION):
        message = (
            f"version {value[:20]}, but the stack needs at least {_BOOTSTRAP_VERSION}"
        )
        yield failed("bootstrap", message, hint)
        return
    yield passed("bootstrap", f"version {value}")
    yield _deploy_role(parameter.split("/")[2], region, clients.aws)


def _deploy_role(qualifier: str, region: str, aws: Aws) -> Finding:
    name = f"cdk-{qualifier}-deploy-role"
    arn = f"arn:aws:iam::{aws.account}:role/{name}-{aws.account}-{region}"
    try:
        # The session may do nothing.
        aws.client("sts").assume_role(
            RoleArn=arn, RoleSessionName="preflight", Policy=_DENY_ALL
        )
    except aws.refused:
        message = (
            f"the credentials may not assume {name}, so the CDK CLI deploys with the "
            "credentials themselves"
        )
        return warned("CDK role", message, "allow sts:AssumeRole on the role")
    return passed("CDK role", "the credentials may assume it")


def region_of(planned: PlannedStack, aws: Aws) -> str:
    return planned.stack.region or aws.configured_region


def stack_resources(
    planned: PlannedStack, clients: Clients
) -> list[tuple[str, str, str]]:
    """What the deployed stack has: type, logical id, physical id."""
    region = region_of(planned, clients.aws)
    client = clients.aws.client("cloudformation", region)
    listed = client.get_paginator("list_stack_resources").paginate(
        StackName=planned.stack.name
    )
    try:
        return [
            (
                resource["ResourceType"],
                resource["LogicalResourceId"],
                resource.get("PhysicalResourceId", ""),
            )
            for page in listed
            for resource in page["StackResourceSummaries"]
        ]
    except clients.aws.refused as error:
        if "does not exist" in str(error):
            return []
        raise
