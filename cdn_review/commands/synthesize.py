"""Synthesize an app and write what may be compared elsewhere: its pack.

A pack has the templates of all stacks, without accounts, addresses and secrets. It is what a
workflow hands from one job to another. No credentials are used, and none are passed on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cdn_review.packs.files import write_pack
from cdn_review.sources.worktree import WORKING_TREE, working_tree_pack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="where the pack is written, such as base.json",
    )
    parser.add_argument(
        "--app-folder",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where the cdk.json is (default: here)",
    )
    parser.add_argument(
        "--revision",
        default=WORKING_TREE,
        help="what a reader calls this state, such as a commit",
    )
    parser.add_argument(
        "--cdk", metavar="COMMAND", help="the CDK CLI, such as 'npx cdk'"
    )


def run(given: argparse.Namespace) -> int:
    pack = working_tree_pack(given.app_folder, cli=given.cdk, revision=given.revision)
    write_pack(pack, given.output)
    print(f"{given.output}: {len(pack.stacks)} stacks")
    return 0
