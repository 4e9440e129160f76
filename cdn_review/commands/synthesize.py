"""Write what an app synthesizes to into a pack, to be compared elsewhere.

Runs the CDK CLI without any credentials. The pack has the templates of all stacks without
account ids, addresses and secrets, and what cdn-review.toml beside the app says. It is what
a workflow hands from one job to another.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cdn_review.packs.files import write_pack
from cdn_review.sources.worktree import WORKING_TREE, working_tree_pack
from cdn_review.terminal import FINE, add_app_arguments, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("cdn-review.json"),
        metavar="FILE",
        help="the pack (default: %(default)s)",
    )
    parser.add_argument(
        "--revision",
        default=WORKING_TREE,
        metavar="NAME",
        help="what readers call this state, such as the hash of its commit",
    )
    add_app_arguments(parser)


def run(given: argparse.Namespace) -> int:
    pack = working_tree_pack(given.app_folder, cli=given.cdk, revision=given.revision)
    write_pack(pack, given.output)
    count = len(pack.stacks)
    write(f"{given.output}: {count} stack{'' if count == 1 else 's'}")
    return FINE
