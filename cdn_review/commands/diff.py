"""Say what the working tree changes for visitors, the bill and security.

It is compared with the commit where it left the default branch (origin/HEAD, origin/main,
origin/master, main or master), so that it shows what a pull request would; on that branch
itself, with HEAD: what is not committed. --against names another revision, --deployed asks
the account. No credentials are needed without --deployed.

Ends with 0 when nothing stops, with 1 when something must be acknowledged in
cdn-review.toml first, and with 2 when it could not compare.
"""

from __future__ import annotations

import argparse

from cdn_review.report import Report
from cdn_review.sources.cli import find_cli
from cdn_review.sources.raw import raw_diff, raw_diff_deployed
from cdn_review.sources.sides import Sides, with_deployed, with_revision
from cdn_review.sources.worktree import require_app
from cdn_review.terminal import add_app_arguments, add_formats, progress, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
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
        help="what CloudFormation has; needs credentials that may read",
    )
    parser.add_argument(
        "--profile", metavar="NAME", help="of the AWS configuration, for --deployed"
    )
    parser.add_argument(
        "--raw", action="store_true", help="add the CDK CLI's own diff below"
    )
    add_app_arguments(parser)
    add_formats(parser)


def run(given: argparse.Namespace) -> int:
    if given.profile and not given.deployed:
        raise ValueError("--profile must stand with --deployed: nothing else asks AWS")
    require_app(given.app_folder, where=str(given.app_folder))
    if given.deployed:
        sides = with_deployed(
            given.app_folder, given.environments, cli=given.cdk, profile=given.profile
        )
    else:
        sides = with_revision(
            given.app_folder, given.environments, cli=given.cdk, against=given.against
        )
    raw = _raw(given, sides) if given.raw else ""
    report = Report.of(sides.before, sides.after, raw=raw, notices=sides.notices)
    return show(report, given)


def _raw(given: argparse.Namespace, sides: Sides) -> str:
    cli = find_cli(given.app_folder, given.cdk)
    progress("comparing every property")
    if not given.deployed:
        return raw_diff(sides.before, sides.after, cli)
    names = sorted(sides.names)
    return raw_diff_deployed(given.app_folder, names, cli, profile=given.profile)
