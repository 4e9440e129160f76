"""The commands of ``python -m cdn_review``, and those that compare."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdn_review.snapshot import Snapshot

EXIT_OK, EXIT_BLOCKED, EXIT_ERROR = 0, 1, 2

_FLAG = {"action": "store_true"}
_ARGUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "ENV": ("an environment, or the name of its stack", {}),
    "ENV...": ("environments, or names of stacks (default: all)", {"nargs": "*"}),
    "BEFORE": ("the older side", {"type": Path}),
    "AFTER": ("the newer side", {"type": Path}),
    "FILE": ("the review", {"type": Path}),
    "--against": ("a commit, branch or tag", {"metavar": "REVISION"}),
    "--deployed": ("compare with what CloudFormation has; needs credentials", _FLAG),
    "--profile": ("of the AWS configuration", {"metavar": "NAME"}),
    "--app-folder": (
        "where the cdk.json is (default: here)",
        {"type": Path, "default": Path(), "metavar": "FOLDER"},
    ),
    "--cdk": (
        "the CDK CLI, such as 'npx cdk' (default: $CDN_REVIEW_CDK, or that in node_modules, "
        "or that on PATH)",
        {"metavar": "COMMAND"},
    ),
    "--cdk-out": (
        "what cdk synth has made; nothing is synthesized then",
        {"type": Path, "metavar": "FOLDER"},
    ),
    "--origin-address": (
        "connect to the server there instead of where DNS leads, for a rehearsal",
        {"metavar": "HOST:PORT"},
    ),
    "--name": ("for several apps in one repository, a comment each", {"default": ""}),
    "--author": (
        "the bot whose comment is edited (default: %(default)s)",
        {"default": "github-actions[bot]"},
    ),
    "--raw": ("add the CDK CLI's own diff below", _FLAG),
    "--markdown": ("as the comment on a pull request", _FLAG),
    "--json": ("as data, for scripts", _FLAG),
    "--color": (
        "of the text (default: in a terminal, unless NO_COLOR is set)",
        {"choices": ("auto", "always", "never"), "default": "auto"},
    ),
}
_COMMANDS = {
    "diff": (
        "say what the working tree changes",
        """\
Say what the working tree changes for visitors, the bill and security.

It is compared with where it left the default branch, as a pull request is, or with HEAD on
that branch. No credentials are needed without --deployed.

Ends with 0 when nothing needs an acknowledgement, with 1 when something does, and with 2
when it could not compare.
""",
        "ENV... --against|--deployed --profile --app-folder --cdk --raw "
        "--markdown|--json --color",
    ),
    "compare": (
        "say what changes between two files or folders",
        """\
Say what changes between two template files, or between two folders that cdk synth wrote.

A folder is cdk.out, or has cdk.out in it; cdn-review.toml in that folder counts. Ends as
'diff' does.
""",
        "BEFORE AFTER --cdk --raw --markdown|--json --color",
    ),
    "comment": (
        "keep the comment on a pull request up to date",
        """\
Show a review in the summary of this run, and in one comment on its pull request.

FILE is what 'diff --markdown' or 'compare --markdown' has printed. The run is of a workflow
on pull_request or, for forks, on workflow_run. Needs GitHub's program gh, and a GH_TOKEN
that may write comments.
""",
        "FILE --name --author",
    ),
    "preflight": (
        "ask the account, DNS and the server whether a deploy can work",
        """\
Ask the account, DNS and the server whether a deploy can work, without changing anything.

Ends with 0 if nothing fails, with 1 if something does, and with 2 if it could not be asked.
Needs the extra [preflight], and credentials that may read: docs/preflight.md lists the
permissions.
""",
        "ENV --profile --app-folder --cdk --cdk-out --origin-address --json --color",
    ),
}
"""Summary, description and arguments of each command; ``|`` stands between alternatives."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code, which is 2 with one sentence if it failed."""
    given = parser().parse_args(arguments)
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_ERROR
    except Exception:
        # Python would end with 1, which means something else here.
        traceback.print_exc()
        return EXIT_ERROR
    return code


def run() -> None:
    """What the shell calls. Ctrl-C and SIGTERM end whatever was started, and clean up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="cdn-review",
        description="What a change of the CDN means, and whether a deploy can work.",
    )
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (summary, description, arguments) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for argument in arguments.split():
            one_of = "|" in argument
            group = command.add_mutually_exclusive_group() if one_of else command
            for one in argument.split("|"):
                text, more = _ARGUMENTS[one]
                group.add_argument(one.removesuffix("..."), help=text, **more)
    return whole


def _run(given: argparse.Namespace) -> int:
    # Only the command that runs is imported: others need what may not be installed.
    match given.command:
        case "diff":
            return _diff_with_deployed(given) if given.deployed else _diff(given)
        case "compare":
            from cdn_review.snapshot import read_pair

            return _show(*read_pair(given.BEFORE, given.AFTER), given)
        case "comment":
            from cdn_review import comment

            return comment.run(given)
        case _:
            from cdn_review.preflight import command

            return command.run(given)


def _diff(given: argparse.Namespace) -> int:
    if given.profile:
        raise ValueError("--profile must stand with --deployed: nothing else asks AWS")
    from cdn_review.snapshot import chosen
    from cdn_review.worktree import sides

    before, after, notices = sides(
        given.app_folder, against=given.against, cdk=given.cdk
    )
    before, after = chosen(given.ENV, before, after)
    return _show(before, after, given, notices=notices)


def _diff_with_deployed(given: argparse.Namespace) -> int:
    from cdn_review.base import base_of, base_settings
    from cdn_review.cdk_cli import progress, require_app
    from cdn_review.deployed import DEPLOYED, deployed
    from cdn_review.preflight.clients import Aws
    from cdn_review.snapshot import chosen, snapshot_of
    from cdn_review.worktree import working_tree

    require_app(given.app_folder)
    aws = Aws.of_profile(given.profile)
    (after,) = chosen(given.ENV, working_tree(given.app_folder, cdk=given.cdk))
    progress("asking CloudFormation what is deployed")
    there, wanted, notices = deployed(after.stacks.values(), aws)
    try:
        unprotected = base_settings(base_of(given.app_folder)).unprotected
    except ValueError:
        unprotected = ()
    return _show(
        replace(snapshot_of(there, name=DEPLOYED), unprotected=unprotected),
        replace(after, stacks={stack.name: stack for stack in wanted}),
        given,
        notices=notices,
        is_deployed=True,
    )


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
    said = [*notices, *snapshot.notices(before, after)]
    report = Report.of(before, after, changes, raw=raw, notices=said)
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
    return EXIT_OK if report.ok else EXIT_BLOCKED


def _raw(before: Snapshot, after: Snapshot, given: argparse.Namespace) -> str:
    from cdn_review.cdk_cli import find_cli, progress, raw_diff

    progress("comparing every property")
    folder = getattr(given, "app_folder", Path())
    cli = find_cli(folder, given.cdk)
    return raw_diff(before, after, folder=folder, cli=cli)
