"""Ask the account and the server whether a deploy can work, without changing anything.

Ends with 0 if nothing fails, with 1 if something does, and with 2 if it could not be asked.
Needs boto3, and credentials that may read; docs/preflight.md lists the permissions.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from cdn_review.packs import Stack
from cdn_review.packs.assembly import read_assembly
from cdn_review.preflight.aws import Aws
from cdn_review.preflight.result import Result
from cdn_review.preflight.run import run_checks
from cdn_review.preflight.showing import as_json, is_ok, line, summary
from cdn_review.preflight.target import Target
from cdn_review.sources.worktree import working_tree
from cdn_review.terminal import (
    add_app_arguments,
    add_colour,
    is_coloured,
    progress,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "environment", metavar="ENV", help="an environment, or the name of its stack"
    )
    parser.add_argument("--profile", help="of the AWS configuration")
    add_app_arguments(parser)
    parser.add_argument(
        "--cdk-out",
        type=Path,
        metavar="FOLDER",
        help="what cdk synth has made; nothing is synthesized then",
    )
    parser.add_argument(
        "--origin-address",
        metavar="HOST:PORT",
        help="connect to the server there instead of where DNS leads, for a rehearsal",
    )
    parser.add_argument("--json", action="store_true", help="as data")
    add_colour(parser)


def run(given: argparse.Namespace) -> int:
    elsewhere = _address(given.origin_address) if given.origin_address else None
    stack = _chosen(_stacks(given), given.environment)
    target = Target(stack)
    aws = Aws(profile=given.profile)
    results: list[Result] = []
    colour = is_coloured(given.color)
    for one in run_checks(target, aws, elsewhere=elsewhere, progress=progress):
        results.append(one)
        if not given.json:
            print(line(one, colour=colour), flush=True)
    print(as_json(target.name, results) if given.json else f"\n{summary(results)}")
    return 0 if is_ok(results) else 1


def _stacks(given: argparse.Namespace) -> list[Stack]:
    if given.cdk_out:
        return read_assembly(given.cdk_out)
    progress("synthesizing the working tree")
    return working_tree(given.app_folder, cli=given.cdk)


def _chosen(stacks: Iterable[Stack], wanted: str) -> Stack:
    """:raises ValueError: when there is no such environment, or more than one."""
    found = list(stacks)
    ours = [one for one in found if wanted in (one.name, one.environment)]
    if len(ours) == 1:
        return ours[0]
    known = ", ".join(sorted(one.name for one in found)) or "none"
    what = "the name of one stack" if ours else "an environment or a stack"
    raise ValueError(f"ENV must be {what} of {known}, got {wanted!r}")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            f"--origin-address must be a host and a port, such as 127.0.0.1:8443, got {text!r}"
        )
    return host.strip("[]"), int(port)
