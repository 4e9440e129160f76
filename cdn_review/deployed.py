"""The stacks of an app as CloudFormation has them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cdn_review.change import Change, Message, Untrusted
from cdn_review.preflight.clients import Aws
from cdn_review.snapshot import NESTED, Stack, stack_of
from dj_cloudfront.aws_errors import error_message

DEPLOYED = "what is deployed"

# A change set that nobody has executed yet made it: nothing is deployed.
_NEVER_DEPLOYED = "REVIEW_IN_PROGRESS"
# Not the end of a UUID; fewer digits only where the field of an ARN was cut.
_ACCOUNT = re.compile(
    r"(?<![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-)(?<![0-9a-z])[0-9]{12}"
    r"(?![0-9a-z])|(?<=:)[0-9]{1,11}(?=…)",
    re.ASCII | re.IGNORECASE,
)
_MASKED = "<account>"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def deployed(
    stacks: Iterable[Stack], aws: Aws
) -> tuple[list[Stack], list[Stack], list[str]]:
    """These stacks as they are deployed, each in its region, and as they would be.

    Those that cannot be compared are left out of both, with a notice.
    Needs ``cloudformation:DescribeStacks`` and ``cloudformation:GetTemplate``.

    :raises ValueError: with one sentence, for whatever is in the way.
    """
    before, after, notices = [], [], set()
    for stack in stacks:
        if NESTED in stack.name:
            notices.add("nested stacks are left out: CloudFormation names them itself")
            continue
        if stack.account not in ("", aws.account):
            raise ValueError(
                f"the credentials must be of the account of {stack.name!r}, but are of "
                "another: name the environments of one account, such as "
                "'cdn-review diff dev --deployed'"
            )
        about, template = _asked(stack, aws)
        # boto3 gives an object for JSON, and a text for everything else.
        if isinstance(template, str):
            notices.add(
                f"{stack.name!r} is left out: it is deployed as YAML, and can be compared "
                "once the CDK has deployed it"
            )
            continue
        after.append(stack)
        if about is not None:
            status, name = str(about["StackStatus"]), stack.name
            if status.endswith("_IN_PROGRESS"):
                notices.add(f"{name!r} is changing now ({status})")
            found = stack_of(
                template,
                name=name,
                account=stack.account,
                region=stack.region,
                termination_protection=bool(about.get("EnableTerminationProtection")),
            )
            written = _as_written(found.template, stack.template)
            before.append(replace(found, template=written))
    return before, after, sorted(notices)


def _asked(stack: Stack, aws: Aws) -> tuple[Any, Any]:
    """What CloudFormation says of a stack, and its template; nothing if it has none."""
    region = stack.region or aws.configured_region
    client = aws.client("cloudformation", region)
    try:
        (about,) = client.describe_stacks(StackName=stack.name)["Stacks"]
        if about["StackStatus"] == _NEVER_DEPLOYED:
            return None, None
        answer = client.get_template(StackName=stack.name, TemplateStage="Original")
        return about, answer["TemplateBody"]
    except (aws.refused, aws.unreachable) as error:
        if "does not exist" in str(error):
            return None, None
        calls = "cloudformation:DescribeStacks and cloudformation:GetTemplate"
        said = error_message(
            error,
            service="CloudFormation",
            region=region,
            action=f"{calls} of {stack.name!r}",
        )
        raise ValueError(said) from None


def _as_written(deployed: Any, wanted: Any) -> Any:
    """What is deployed, with the app's own text where CloudFormation answers ``?``.

    It does so for each character beyond ASCII.
    """
    if isinstance(deployed, dict) and isinstance(wanted, dict):
        return {k: _as_written(part, wanted.get(k)) for k, part in deployed.items()}
    if isinstance(deployed, list) and isinstance(wanted, list):
        pairs = zip(deployed, [*wanted, *deployed[len(wanted) :]], strict=False)
        return [_as_written(part, other) for part, other in pairs]
    is_same = isinstance(wanted, str) and deployed == _NOT_ASCII.sub("?", wanted)
    return wanted if is_same else deployed


def mask_accounts(text: str) -> str:
    """The text without account ids: fields of ARNs, and twelve digits that stand alone."""
    return _ACCOUNT.sub(_MASKED, text)


def masked(change: Change) -> Change:
    """The change as it may be printed. Its fingerprint stays that of the whole values."""
    message: Message = tuple(
        Untrusted(mask_accounts(part.text))
        if isinstance(part, Untrusted)
        else mask_accounts(part)
        for part in change.message
    )
    return replace(change, message=message, note=mask_accounts(change.note))
