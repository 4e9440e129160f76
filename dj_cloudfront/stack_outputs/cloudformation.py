"""The outputs of a stack, from CloudFormation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dj_cloudfront.aws_errors import (
    error_code,
    error_message,
    open_session,
    without_identifiers,
)
from dj_cloudfront.contract import Output

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
_COMPLETE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
}
_ROLLED_BACK = {
    "IMPORT_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_OURS = {Output.STATIC_DOMAIN_NAME, Output.MEDIA_DOMAIN_NAME}
_PROPOSED = 5


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """A stack that is deployed.

    :param outputs: In the order of the answer, which is that of the CDK CLI's file.
    :param is_rolled_back: Whether the last update failed, and the one before it stands.
    """

    outputs: Mapping[str, str]
    is_rolled_back: bool


def deployed(stack: str, *, region: str, profile: str | None) -> DeployedStack:
    """Ask CloudFormation for a stack, which has to be complete and one of ours.

    :raises ValueError: with one sentence, for anything that prevents it.
    """
    if not _NAME.fullmatch(stack):
        raise ValueError(
            f"--stack must be the name of a stack, such as 'mysite-cdn-prod', got "
            f"{without_identifiers(stack)!r}"
        )
    session = open_session(profile)
    from botocore.exceptions import BotoCoreError, ClientError

    client = None
    try:
        client = _client(session, region)
        (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    except (BotoCoreError, ClientError, ValueError) as error:
        if client is not None and _is_missing(error):
            raise ValueError(_missing(client, stack, region)) from None
        action = f"cloudformation:DescribeStacks on {stack!r} in {region}"
        message = error_message(
            error, service="CloudFormation", region=region, action=action
        )
        raise ValueError(message) from None
    return _deployed_stack(stack, found)


def _client(session: Any, region: str) -> Any:
    from botocore.config import Config

    # A release waits for this: half a minute in the worst case, not the default's five.
    config = Config(
        connect_timeout=5,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return session.client("cloudformation", region_name=region, config=config)


def _is_missing(error: Exception) -> bool:
    return error_code(error) == "ValidationError" and "does not exist" in str(error)


def _deployed_stack(stack: str, found: Mapping[str, Any]) -> DeployedStack:
    status = found["StackStatus"]
    if status not in _COMPLETE | _ROLLED_BACK:
        hint = (
            "wait for its end and pull again"
            if status.endswith("_IN_PROGRESS")
            else "deploy it again first"
        )
        raise ValueError(
            f"the stack {stack!r} must be complete, such as UPDATE_COMPLETE, got {status}: "
            f"{hint}"
        )
    outputs = _outputs(found)
    if not _OURS & set(outputs):
        raise ValueError(
            f"--stack must be a stack with the output {Output.STATIC_DOMAIN_NAME} or "
            f"{Output.MEDIA_DOMAIN_NAME}, such as 'mysite-cdn-prod', but {stack!r} has "
            f"{', '.join(sorted(outputs)) or 'none'}: name a stack of dj-cloudfront"
        )
    return DeployedStack(outputs=outputs, is_rolled_back=status in _ROLLED_BACK)


def _outputs(found: Mapping[str, Any]) -> dict[str, str]:
    return {
        output["OutputKey"]: output["OutputValue"]
        for output in found.get("Outputs", ())
    }


def _missing(client: Any, stack: str, region: str) -> str:
    """The sentence for a stack that is not there, with those that are."""
    others = _others(client)
    there = f", such as {', '.join(map(repr, others))}" if others else ""
    return (
        f"--stack must be one that is deployed in {region}{there}, got {stack!r}: deploy it, "
        "or name its region with --region"
    )


def _others(client: Any) -> list[str]:
    """Some stacks of ours in the region, where the credentials may list them."""
    from botocore.exceptions import BotoCoreError, ClientError

    pages = client.get_paginator("describe_stacks").paginate(
        PaginationConfig={"MaxItems": 1000}
    )
    try:
        stacks = [stack for page in pages for stack in page["Stacks"]]
    except (ClientError, BotoCoreError):
        return []
    return sorted(
        stack["StackName"] for stack in stacks if _OURS & set(_outputs(stack))
    )[:_PROPOSED]
