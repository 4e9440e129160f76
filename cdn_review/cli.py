"""The commands of ``python -m cdn_review``, and those that compare."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdn_review.snapshot import Snapshot

_AddArguments = Callable[[argparse.ArgumentParser], None]
_Run = Callable[[argparse.Namespace], int]

FINE, BLOCKED, FAILED = 0, 1, 2

_DIFF = """\
Say what the working tree changes for visitors, the bill and security.

It is compared with the commit where it left the default branch (origin/HEAD, origin/main,
origin/master, main or master), so that it shows what a pull request would. On that branch
itself, it is compared with HEAD. The base is synthesized in a git worktree of its own, with
the packages that 'install' in cdn-review.toml names. No credentials are needed without
--deployed.

Ends with 0 when nothing needs an acknowledgement, with 1 when something does, and with 2
when it could not compare.
"""
_COMPARE = """\
Say what changes between two template files, or between two folders that cdk synth wrote.

A folder is cdk.out, or has cdk.out in it; cdn-review.toml in that folder counts. Ends as
'diff' does.
"""
_SUMMARIES = {
    "diff": "say what the working tree changes",
    "compare": "say what changes between two files or folders",
    "comment": "keep the comment on a pull request up to date",
    "preflight": "ask the account, DNS and the server whether a deploy can work",
}
_MODULES = {
    "comment": "cdn_review.comment",
    "preflight": "cdn_review.preflight.command",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code, which is 2 with one sentence if it failed."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = _parser(words).parse_args(words)
    try:
        code: int = given.run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except Exception:
        # Python would end with 1, which means something else here.
        traceback.print_exc()
        return FAILED
    return code


def run() -> None:
    """What the shell calls. Ctrl-C and SIGTERM end whatever was started, and clean up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cdn-review",
        description="What a change of the CDN means, and whether a deploy can work.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in _SUMMARIES.items():
        # Only the command that runs is imported: others need what may not be installed.
        if name not in words[:1]:
            commands.add_parser(name, help=summary)
            continue
        description, add_arguments, command = _load(name)
        chosen = commands.add_parser(
            name,
            help=summary,
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_arguments(chosen)
        chosen.set_defaults(run=command)
    return parser


def _load(name: str) -> tuple[str | None, _AddArguments, _Run]:
    if name == "diff":
        return _DIFF, _add_diff_arguments, _diff
    if name == "compare":
        return _COMPARE, _add_compare_arguments, _compare
    module = importlib.import_module(_MODULES[name])
    return module.__doc__, module.add_arguments, module.run


def _add_diff_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "environments",
        nargs="*",
        metavar="ENV",
        help="environments, or names of stacks (default: all)",
    )
    base = parser.add_mutually_exclusive_group()
    base.add_argument("--against", metavar="REVISION", help="a commit, branch or tag")
    base.add_argument(
        "--deployed",
        action="store_true",
        help="compare with what CloudFormation has; needs credentials that may read",
    )
    parser.add_argument(
        "--profile", metavar="NAME", help="of the AWS configuration, for --deployed"
    )
    add_app_arguments(parser)
    _add_output_arguments(parser)


def _add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="BEFORE", help="the older side")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the newer side")
    _add_cdk_argument(parser)
    _add_output_arguments(parser)


def add_app_arguments(parser: argparse.ArgumentParser) -> None:
    """Which app, and by which CLI: ``app_folder`` and ``cdk``."""
    parser.add_argument(
        "--app-folder",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where the cdk.json is (default: here)",
    )
    _add_cdk_argument(parser)


def _add_cdk_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cdk",
        metavar="COMMAND",
        help="the CDK CLI, such as 'npx cdk' (default: $CDN_REVIEW_CDK, or that in "
        "node_modules, or that on PATH)",
    )


def _add_output_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--raw", action="store_true", help="add the CDK CLI's own diff below"
    )
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument(
        "--markdown", action="store_true", help="as the comment on a pull request"
    )
    formats.add_argument("--json", action="store_true", help="as data, for scripts")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="of the text (default: in a terminal, unless NO_COLOR is set)",
    )


def _diff(given: argparse.Namespace) -> int:
    if given.deployed:
        return _diff_with_deployed(given)
    if given.profile:
        raise ValueError("--profile must stand with --deployed: nothing else asks AWS")
    from cdn_review.worktree import sides

    both = sides(given.app_folder, against=given.against, cdk=given.cdk)
    before, after = chosen(given.environments, both.before, both.after)
    return _show(before, after, given, notices=both.notices)


def _diff_with_deployed(given: argparse.Namespace) -> int:
    from cdn_review.base import base_of, base_settings
    from cdn_review.cdk_cli import progress, require_app
    from cdn_review.deployed import DEPLOYED, Account
    from cdn_review.snapshot import snapshot_of
    from cdn_review.worktree import working_tree

    require_app(given.app_folder)
    account = Account(given.profile)
    (after,) = chosen(given.environments, working_tree(given.app_folder, cdk=given.cdk))
    progress("asking CloudFormation what is deployed")
    found = account.deployed(after.stacks.values())
    try:
        unprotected = base_settings(base_of(given.app_folder)).unprotected
    except ValueError:
        unprotected = ()
    return _show(
        replace(snapshot_of(found.before, name=DEPLOYED), unprotected=unprotected),
        replace(after, stacks={stack.name: stack for stack in found.after}),
        given,
        notices=found.notices,
        is_deployed=True,
    )


def _compare(given: argparse.Namespace) -> int:
    from cdn_review.snapshot import read_pair

    before, after = read_pair(given.before, given.after)
    return _show(before, after, given)


def _show(
    before: Snapshot,
    after: Snapshot,
    given: argparse.Namespace,
    *,
    notices: Iterable[str] = (),
    is_deployed: bool = False,
) -> int:
    """Print the report in the format that was asked for, and give the exit code it means."""
    from cdn_review import markdown, snapshot, terminal
    from cdn_review.compare import compare
    from cdn_review.report import Report

    changes = compare(before, after)
    raw = _raw(before, after, given) if given.raw else ""
    if is_deployed:
        from cdn_review.deployed import mask_accounts, masked

        changes, raw = [masked(change) for change in changes], mask_accounts(raw)
    report = Report.of(
        before,
        after,
        changes,
        raw=raw,
        notices=[*notices, *snapshot.notices(before, after)],
    )
    if is_deployed:
        # What is acknowledged may be deployed already.
        report = replace(report, unused=())
    if given.json:
        text = report.to_json()
    elif given.markdown:
        text = markdown.render(report)
    else:
        text = terminal.render(report, colour=terminal.is_coloured(given.color))
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding).rstrip("\n"))
    return FINE if report.ok else BLOCKED


def _raw(before: Snapshot, after: Snapshot, given: argparse.Namespace) -> str:
    from cdn_review.cdk_cli import find_cli, progress, raw_diff

    progress("comparing every property")
    folder = getattr(given, "app_folder", Path())
    cli = find_cli(folder, given.cdk)
    return raw_diff(before, after, folder=folder, cli=cli)


def chosen(names: Sequence[str], *sides: Snapshot) -> list[Snapshot]:
    """The sides with the stacks of these environments alone; whole without a name.

    :raises ValueError: when no side has a stack of such a name.
    """
    from cdn_review.snapshot import NESTED, environments

    stacks = [name for side in sides for name in side.stacks]
    called = environments(stacks)
    known = {name: {name, name.partition(NESTED)[0], called[name]} for name in stacks}
    for name in names:
        if not any(name in words for words in known.values()):
            there = ", ".join(sorted(set(called.values()))) or "none"
            raise ValueError(
                f"ENV must be an environment of the app, which has {there}, got {name!r}"
            )
    wanted = set(names)
    return [
        replace(
            side,
            stacks={
                name: stack
                for name, stack in side.stacks.items()
                if not wanted or wanted & known[name]
            },
        )
        for side in sides
    ]
