"""Say what the working tree changes for visitors, in each environment.

It is compared with the commit where it left the default branch, with any other revision, or
with what is deployed. Ends with 0 if nothing must be acknowledged, with 1 if something must,
and with 2 if it could not be compared. Whoever wants every property adds --raw.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cdn_review.packs import Pack, Stack
from cdn_review.packs.preparing import prepare
from cdn_review.packs.settings import read_settings
from cdn_review.report import Report
from cdn_review.sources.deployed import DEPLOYED, as_deployed, deployed
from cdn_review.sources.diff import diff_against_account, diff_of_packs
from cdn_review.sources.git import Checkout, checkout_of, commit_of, default_base
from cdn_review.sources.revision import revision_pack
from cdn_review.sources.worktree import WORKING_TREE, working_tree
from cdn_review.terminal import add_formats, progress, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "environments",
        nargs="*",
        metavar="ENV",
        help="environments or names of stacks (default: all)",
    )
    sides = parser.add_mutually_exclusive_group()
    sides.add_argument(
        "--against",
        metavar="REVISION",
        help="a commit, branch or tag (default: where the default branch was left)",
    )
    sides.add_argument(
        "--deployed",
        action="store_true",
        help="compare with what is deployed; needs credentials that may read",
    )
    parser.add_argument("--profile", help="of the AWS configuration, for --deployed")
    parser.add_argument(
        "--raw", action="store_true", help="add the CDK CLI's own diff below"
    )
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
    add_formats(parser)


def run(given: argparse.Namespace) -> int:
    if given.profile and not given.deployed:
        raise ValueError(
            "--profile must come with --deployed, as nothing else asks AWS"
        )
    report = _with_deployed(given) if given.deployed else _with_revision(given)
    return show(report, given)


def _with_revision(given: argparse.Namespace) -> Report:
    checkout = checkout_of(given.app_folder)
    commit, name = _base(checkout, given.against)
    progress("synthesizing the working tree")
    after = _pack(given, working_tree(given.app_folder, cli=given.cdk))
    progress(f"synthesizing {name}")
    base = revision_pack(checkout, commit, name=name, cli=given.cdk)
    stacks = _chosen([*after.stacks.values(), *base.stacks.values()], given)
    before, after = _only(base, stacks), _only(after, stacks)
    raw = ""
    if given.raw:
        progress("comparing every property")
        raw = diff_of_packs(before, after, folder=given.app_folder, cli=given.cdk)
    return Report.of(before, after, raw=raw)


def _base(checkout: Checkout, revision: str | None) -> tuple[str, str]:
    if revision is None:
        return default_base(checkout)
    return commit_of(checkout, revision), revision


def _with_deployed(given: argparse.Namespace) -> Report:
    progress("synthesizing the working tree")
    found = working_tree(given.app_folder, cli=given.cdk)
    names = _chosen(found, given)
    wanted = [one for one in found if one.name in names]
    progress("asking what is deployed")
    live = deployed(wanted, profile=given.profile)
    settings = read_settings(given.app_folder)
    # Nothing says which acknowledgements were there when it was deployed: all count.
    before = replace(
        prepare(live.stacks, revision=DEPLOYED), unprotected=settings.unprotected
    )
    there = {stack.name for stack in live.stacks}
    comparable = [one for one in map(as_deployed, wanted) if " " not in one.name]
    raw = ""
    if given.raw:
        progress("comparing every property")
        known = [one.name for one in comparable if one.name in there]
        raw = diff_against_account(
            given.app_folder, known, cli=given.cdk, profile=given.profile
        )
    return Report.of(before, _pack(given, comparable), raw=raw, notices=live.notices)


def _pack(given: argparse.Namespace, stacks: Iterable[Stack]) -> Pack:
    settings = read_settings(given.app_folder)
    return prepare(stacks, revision=WORKING_TREE, settings=settings)


def _chosen(stacks: Iterable[Stack], given: argparse.Namespace) -> set[str]:
    """The names of the stacks that were asked for.

    :raises ValueError: for an environment that there is not.
    """
    found = list(stacks)
    if not given.environments:
        return {stack.name for stack in found}
    names: set[str] = set()
    for wanted in given.environments:
        ours = {one.name for one in found if wanted in (one.name, one.environment)}
        if not ours:
            known = ", ".join(sorted({one.environment for one in found})) or "none"
            raise ValueError(f"ENV must be one of {known}, got {wanted!r}")
        names |= ours
    return names


def _only(pack: Pack, names: set[str]) -> Pack:
    kept = {name: one for name, one in pack.stacks.items() if name in names}
    return replace(pack, stacks=kept)
