"""The stacks of an app as they are deployed, by the AWS API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cdn_review.packs import Stack, limits
from cdn_review.packs.checking import checked_stack
from cdn_review.packs.strict_json import parse
from cdn_review.redaction import redact_text

DEPLOYED = "what is deployed"
# It is made by a change set that nobody has executed yet: there is nothing.
_NEVER_DEPLOYED = "REVIEW_IN_PROGRESS"
_DEFAULT_REGION = "us-east-1"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What stands in the account.

    :param notices: Sentences about stacks that are in work.
    """

    stacks: list[Stack]
    notices: tuple[str, ...] = ()


def deployed(stacks: Iterable[Stack], *, profile: str | None = None) -> Deployed:
    """These stacks as CloudFormation has them, each in its region; not those it has not.

    Needs ``cloudformation:GetTemplate``, ``cloudformation:DescribeStacks`` and
    ``sts:GetCallerIdentity``.

    :raises ValueError: with one sentence, for whatever is in the way.
    """
    session, errors = _boto3(profile)
    wanted = list(stacks)
    try:
        account = _client(session, "sts", None).get_caller_identity()["Account"]
        _check_accounts(wanted, str(account))
        found = [_one(session, stack) for stack in wanted if not is_nested(stack)]
    except errors as error:
        raise ValueError(_refusal(error)) from None
    there = [one for one in found if one is not None]
    return Deployed(
        stacks=[stack for stack, _ in there],
        notices=tuple(
            f"the stack {stack.name!r} is in work ({status}): what it will be is compared"
            for stack, status in there
            if status.endswith("_IN_PROGRESS")
        ),
    )


def is_nested(stack: Stack) -> bool:
    """Whether it is a part of another stack, which CloudFormation names itself."""
    return " " in stack.name


def as_deployed(stack: Stack) -> Stack:
    """The stack as CloudFormation gives it back: a ? for what is not ASCII.

    https://github.com/aws/aws-cdk/issues/5304 tells of it; ``cdk diff`` does the same.
    """
    return Stack(
        name=stack.name,
        template=_in_ascii(stack.template),
        account=stack.account,
        region=stack.region,
        termination_protection=stack.termination_protection,
    )


def _boto3(profile: str | None) -> tuple[Any, tuple[type[Exception], ...]]:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise ValueError(
            "boto3 must be installed to read what is deployed, and it is not: "
            "'pip install boto3'"
        ) from None
    try:
        return boto3.Session(profile_name=profile), (BotoCoreError, ClientError)
    except BotoCoreError as error:
        raise ValueError(_refusal(error)) from None


def _client(session: Any, service: str, region: str | None) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    where = region or session.region_name or _DEFAULT_REGION
    return session.client(service, region_name=where, config=config)


def _check_accounts(stacks: Iterable[Stack], account: str) -> None:
    """A stack of another account would look as if it was not deployed."""
    for stack in stacks:
        if stack.account not in ("", account):
            raise ValueError(
                f"the credentials must be of {redact_text(stack.account)}, where "
                f"{stack.environment!r} is, got {redact_text(account)}: name the "
                "environments of one account, such as 'cdn-review diff dev --deployed'"
            )


def _one(session: Any, stack: Stack) -> tuple[Stack, str] | None:
    from botocore.exceptions import ClientError

    client = _client(session, "cloudformation", stack.region)
    try:
        (about,) = client.describe_stacks(StackName=stack.name)["Stacks"]
        status = str(about["StackStatus"])
        if status == _NEVER_DEPLOYED:
            return None
        body = client.get_template(StackName=stack.name, TemplateStage="Original")
    except ClientError as error:
        if "does not exist" in str(error.response["Error"].get("Message")):
            return None
        raise
    found = checked_stack(
        name=stack.name,
        template=_template(body["TemplateBody"], stack.name),
        account=stack.account,
        region=stack.region,
        termination_protection=bool(about.get("EnableTerminationProtection", False)),
    )
    return found, status


def _template(body: Any, name: str) -> Any:
    """boto3 gives an object for JSON and a text for all else."""
    if isinstance(body, Mapping):
        return _plain(body)
    text = str(body)
    if not text.lstrip().startswith("{"):
        raise ValueError(
            f"the template of {name!r} must be JSON, as the CDK deploys it, and what is "
            "deployed is YAML: deploy it with the CDK once"
        )
    if len(text) > limits.TEMPLATE_BYTES:
        raise ValueError(f"the template of {name!r} must be shorter to be compared")
    return parse(text.encode("utf-8", "replace"), name=f"the template of {name!r}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _in_ascii(value: Any) -> Any:
    if isinstance(value, str):
        return _BEYOND_ASCII.sub("?", value)
    if isinstance(value, Mapping):
        return {_in_ascii(key): _in_ascii(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_in_ascii(one) for one in value]
    return value


def _refusal(error: Exception) -> str:
    """What AWS or the way to it says, without accounts, ARNs and keys."""
    reason = re.sub(r"arn:\S+", "an ARN", redact_text(str(error)))[:300].rstrip(".")
    return (
        f"AWS must answer what is deployed, and it does not: {reason}: look at --profile, "
        "AWS_PROFILE and the permissions of the role"
    )
