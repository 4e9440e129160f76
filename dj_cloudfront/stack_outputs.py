"""From the outputs of a CloudFormation stack to the file that ``config()`` reads.

Without Django, since settings cannot load before there is a file: ``manage.py cdn pull`` and
``python -m dj_cloudfront pull`` are both this.
"""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdn_model.quotas import GLOBAL_REGION
from dj_cloudfront.aws_errors import (
    error_code,
    error_message,
    open_session,
    without_identifiers,
)
from dj_cloudfront.contract import Output
from dj_cloudfront.outputs_file import read, write

OUTPUTS_FILE = "cdn-outputs.json"

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


def add_arguments(parser: ArgumentParser, *, stack: str, output: str) -> None:
    """Add the options of ``pull``.

    :param stack: Where the stack's name comes from when it is not given, in words.
    :param output: Where the file's name comes from then.
    """
    parser.add_argument(
        "--stack",
        metavar="NAME",
        help=f"the stack to read, such as mysite-cdn-prod (default: {stack})",
    )
    # Neither AWS_REGION nor a profile's region: those say where the server is.
    parser.add_argument(
        "--region",
        default=GLOBAL_REGION,
        metavar="NAME",
        help=f"where the stack is, whatever AWS_REGION says (default: {GLOBAL_REGION})",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="of the AWS configuration (default: AWS_PROFILE, or the machine's role)",
    )
    parser.add_argument(
        "--output", metavar="FILE", help=f"the file to write (default: {output})"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail when the file is not what is deployed",
    )
    parser.add_argument(
        "--json", action="store_true", help="say what happened as JSON, for a script"
    )


@dataclass(frozen=True, kw_only=True)
class PullResult:
    """What was found, and done; as a script gets it.

    :param differences: The outputs that differ in the file, are missing in it, or are superfluous.
    :param written: Whether the file is new. It never is if nothing differs.
    :param rolled_back: Whether the stack's last update failed: this is the one before it.
    """

    stack: str
    region: str
    output: str
    differences: list[str]
    written: bool
    rolled_back: bool

    @property
    def message(self) -> str:
        if self.written:
            return (
                f"wrote {', '.join(self.differences)} of {self.stack} to {self.output}"
            )
        return f"{self.output} is what {self.stack} deployed; nothing to write"

    @property
    def warning(self) -> str | None:
        if not self.rolled_back:
            return None
        return (
            f"the last update of {self.stack} failed and was rolled back: these are the "
            "outputs from before it"
        )

    @property
    def error(self) -> str | None:
        """Why ``--check`` fails."""
        if self.written or not self.differences:
            return None
        return (
            f"{self.output} must hold what {self.stack} deployed, but differs in "
            f"{', '.join(self.differences)}: pull without --check"
        )


def pull(
    output: str | os.PathLike[str],
    *,
    stack: str | None = None,
    region: str = GLOBAL_REGION,
    profile: str | None = None,
    check: bool = False,
) -> PullResult:
    """Write the outputs of a stack into the file; those of other stacks in it stay.

    :param stack: The stack's name. Default: the only one in the file.
    :param profile: Of the AWS configuration. Default: boto3's own search for credentials.
    :param check: Whether to write nothing.
    :raises ValueError: with one sentence. The file is as before.
    """
    path = Path(output)
    name = stack or _only_stack(path)
    found = _deployed(name, region, profile)
    outputs = _outputs(found)
    # Read late: another pull may have written it in the meantime.
    before = read(path)
    differences = _differences(before.get(name), outputs)
    if differences and not check:
        write(path, {**before, name: outputs})
    return PullResult(
        stack=name,
        region=region,
        output=str(path),
        differences=differences,
        written=bool(differences) and not check,
        rolled_back=found["StackStatus"] in _ROLLED_BACK,
    )


def _only_stack(path: Path) -> str:
    names = sorted(read(path))
    if len(names) == 1:
        return names[0]
    raise ValueError(
        f"--stack must be given, such as 'mysite-cdn-prod', because {path} holds "
        f"{', '.join(names) or 'none'}"
    )


def _differences(before: object, after: Mapping[str, str]) -> list[str]:
    known = before if isinstance(before, dict) else {}
    # No output is None.
    names = sorted({*known, *after})
    return [name for name in names if known.get(name) != after.get(name)]


def _deployed(stack: str, region: str, profile: str | None) -> Mapping[str, Any]:
    """CloudFormation's answer for a stack, which has to be complete and one of ours."""
    if not _NAME.fullmatch(stack):
        raise ValueError(
            f"--stack must be the name of a stack, such as 'mysite-cdn-prod', got "
            f"{without_identifiers(stack)!r}"
        )
    session = open_session(profile)
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    # A release waits for this: half a minute in the worst case, not the default's five.
    config = Config(
        connect_timeout=5,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    try:
        client = session.client("cloudformation", region_name=region, config=config)
        (found,) = client.describe_stacks(StackName=stack)["Stacks"]
    # Of ValueErrors, that of an AWS_ENDPOINT_URL that is no URL.
    except (BotoCoreError, ClientError, ValueError) as error:
        if error_code(error) == "ValidationError" and "does not exist" in str(error):
            raise ValueError(
                f"--stack must be one that is deployed in {region}, such as "
                f"'mysite-cdn-prod', got {stack!r}: deploy it, or name its region with --region"
            ) from None
        action = f"cloudformation:DescribeStacks on {stack!r} in {region}"
        message = error_message(
            error, service="CloudFormation", region=region, action=action
        )
        raise ValueError(message) from None
    _check(stack, found)
    return found  # type: ignore[no-any-return]


def _check(stack: str, found: Mapping[str, Any]) -> None:
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


def _outputs(found: Mapping[str, Any]) -> dict[str, str]:
    """In the order of the answer, which is that of the CDK CLI's file."""
    return {
        output["OutputKey"]: output["OutputValue"]
        for output in found.get("Outputs", ())
    }
