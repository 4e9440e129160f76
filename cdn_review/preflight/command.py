"""Ask the account, DNS and the server whether a deploy can work, without changing anything.

Ends with 0 if nothing fails, with 1 if something does, and with 2 if it could not be asked.
Needs the extra [preflight], and credentials that may read: docs/preflight.md lists the
permissions.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cdn_review.cdk_cli import (
    find_cli,
    offline_environment,
    progress,
    require_app,
    synthesis,
)
from cdn_review.preflight.checks import NOT_ASKED, run_checks
from cdn_review.preflight.clients import Aws, Clients, Dns
from cdn_review.preflight.target import Target, read_bootstrap
from cdn_review.snapshot import Stack, environments, read_folder
from cdn_review.terminal import is_coloured
from dj_cloudfront.aws_errors import without_identifiers
from dj_cloudfront.findings import Finding, Level

_COLOURS = {Level.PASS: "32", Level.WARN: "33", Level.FAIL: "31;1", Level.SKIP: "2"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "environment", metavar="ENV", help="an environment, or the name of its stack"
    )
    parser.add_argument("--profile", help="of the AWS configuration")
    parser.add_argument(
        "--app-folder",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where the cdk.json is (default: here)",
    )
    parser.add_argument(
        "--cdk", metavar="COMMAND", help="the CDK CLI, such as 'npx cdk'"
    )
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
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="of the lines",
    )


def run(args: argparse.Namespace) -> int:
    """:raises ValueError: with one sentence, when it cannot be asked."""
    address = _address(args.origin_address) if args.origin_address else None
    # Synthesis takes longer than to learn that a profile is wrong.
    clients = Clients(
        aws=Aws.of_profile(args.profile), dns=Dns(), origin_address=address
    )
    with _assembly(args) as folder:
        stack = _chosen(read_folder(folder).stacks.values(), args.environment)
        target = Target(stack, read_bootstrap(folder, stack.name))
    findings: list[Finding] = []
    colour = is_coloured(args.color)
    for finding in run_checks(target, clients, progress):
        findings.append(finding)
        if not args.json:
            print(_line(finding, colour=colour), flush=True)
    is_ok = all(finding.level is not Level.FAIL for finding in findings)
    if args.json:
        print(_as_json(stack.name, findings, is_ok=is_ok))
    else:
        counted = Counter(finding.level for finding in findings)
        summary = ", ".join(f"{counted[level]} {level}" for level in Level)
        print(f"\nnot asked: {NOT_ASKED}\n{summary}")
    return 0 if is_ok else 1


@contextmanager
def _assembly(args: argparse.Namespace) -> Iterator[Path]:
    """The folder that ``cdk synth`` wrote."""
    if args.cdk_out:
        yield args.cdk_out
        return
    require_app(args.app_folder)
    progress("synthesizing the working tree")
    cli = find_cli(args.app_folder, args.cdk)
    environment = offline_environment()
    with synthesis(
        args.app_folder, cli, where="the working tree", environment=environment
    ) as finished:
        yield finished()


def _chosen(stacks: Collection[Stack], wanted: str) -> Stack:
    """:raises ValueError: when there is no such environment, or more than one."""
    names = environments(stack.name for stack in stacks)
    found = [stack for stack in stacks if wanted in (stack.name, names[stack.name])]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(names)) or "none"
    what = "the name of one stack" if found else "an environment or a stack"
    raise ValueError(f"ENV must be {what} of {known}, got {wanted!r}")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            f"--origin-address must be a host and a port, such as 127.0.0.1:8443, got {text!r}"
        )
    return host.strip("[]"), int(port)


def _line(finding: Finding, *, colour: bool) -> str:
    """One finding, with its hint below."""
    level = f"{finding.level:<4}"
    if colour:
        level = f"\x1b[{_COLOURS[finding.level]}m{level}\x1b[0m"
    text = f"{level}  {finding.id}: {_clean(finding.message)}"
    return f"{text}\n      -> {_clean(finding.hint)}" if finding.hint else text


def _as_json(stack: str, findings: Sequence[Finding], *, is_ok: bool) -> str:
    results = [
        {
            "check": finding.id,
            "level": str(finding.level),
            "sentence": _clean(finding.message),
            "cure": _clean(finding.hint),
        }
        for finding in findings
    ]
    data = {"ok": is_ok, "stack": stack, "results": results, "not_asked": [NOT_ASKED]}
    return json.dumps(data, indent=2)


def _clean(text: str) -> str:
    """No account, key or control character reaches a log."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return without_identifiers(shown, longest=1000)
