"""Update the outputs file to what is deployed, or report the differences."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdn_model.quotas import GLOBAL_REGION
from dj_cloudfront.stack_outputs import outputs_file
from dj_cloudfront.stack_outputs.cloudformation import deployed

OUTPUTS_FILE = "cdn-outputs.json"


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
    """What was found, and done.

    :param differences: The outputs that differ in the file, are missing in it, or are superfluous.
    :param is_written: Whether the file is new. It never is if nothing differs.
    :param is_rolled_back: Whether the stack's last update failed: this is the one before it.
    """

    stack: str
    region: str
    output: str
    differences: Sequence[str]
    is_written: bool
    is_rolled_back: bool

    @property
    def message(self) -> str:
        if self.is_written:
            return (
                f"wrote {', '.join(self.differences)} of {self.stack} to {self.output}"
            )
        return f"{self.output} is what {self.stack} deployed; nothing to write"

    @property
    def warning(self) -> str | None:
        if not self.is_rolled_back:
            return None
        return (
            f"the last update of {self.stack} failed and was rolled back: these are the "
            "outputs from before it"
        )

    @property
    def error(self) -> str | None:
        """Why ``--check`` fails."""
        if self.is_written or not self.differences:
            return None
        return (
            f"{self.output} must hold what {self.stack} deployed, but differs in "
            f"{', '.join(self.differences)}: pull without --check"
        )

    @property
    def data(self) -> Mapping[str, object]:
        """The same for a script."""
        return {
            "stack": self.stack,
            "region": self.region,
            "output": self.output,
            "differences": list(self.differences),
            "written": self.is_written,
            "rolled_back": self.is_rolled_back,
        }


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
    found = deployed(name, region=region, profile=profile)
    # Read late: another pull may have written it in the meantime.
    before = outputs_file.read(path)
    differences = _differences(before.get(name), found.outputs)
    if differences and not check:
        outputs_file.write(path, {**before, name: found.outputs})
    return PullResult(
        stack=name,
        region=region,
        output=str(path),
        differences=differences,
        is_written=bool(differences) and not check,
        is_rolled_back=found.is_rolled_back,
    )


def _only_stack(path: Path) -> str:
    names = sorted(outputs_file.read(path))
    if len(names) == 1:
        return names[0]
    held = f"holds {', '.join(names)}" if names else "holds none"
    raise ValueError(
        f"--stack must be given, such as 'mysite-cdn-prod', because {path} {held}"
    )


def _differences(before: object, after: Mapping[str, str]) -> list[str]:
    known = before if isinstance(before, dict) else {}
    return [
        name
        for name in sorted({*known, *after})
        if name not in known or name not in after or known[name] != after[name]
    ]
