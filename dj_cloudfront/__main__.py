"""``python -m dj_cloudfront``: what is needed before settings can load."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from dj_cloudfront.stack_outputs import OUTPUTS_FILE, add_arguments, pull


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code: 0, or 1 with one sentence on standard error."""
    given = _parser().parse_args(arguments)
    try:
        pulled = pull(
            given.output or OUTPUTS_FILE,
            stack=given.stack,
            region=given.region,
            profile=given.profile,
            check=given.check,
        )
    except ValueError as error:
        return _fail(str(error))
    if pulled.warning:
        print(pulled.warning, file=sys.stderr)
    if given.json:
        print(json.dumps(asdict(pulled), indent=2, ensure_ascii=False))
    if pulled.error:
        return _fail(pulled.error)
    if not given.json:
        print(pulled.message)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dj_cloudfront",
        description="What is needed before settings can load. It knows nothing of Django.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    summary = "Fetch the outputs file from the CloudFormation stack."
    add_arguments(
        commands.add_parser("pull", help=summary, description=summary),
        stack="the only one in the file",
        output=OUTPUTS_FILE,
    )
    return parser


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
