"""Show the CDK CLI's own diff of two states that are files, every property of it.

Each is a pack, a folder such as cdk.out, or one *.template.json. It needs no credentials.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cdn_review.rendering.markup import cleaned
from cdn_review.sources.diff import diff_of_packs
from cdn_review.sources.files import read_side


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="BEFORE", help="the older state")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the newer state")
    parser.add_argument(
        "--cdk", metavar="COMMAND", help="the CDK CLI, such as 'npx cdk'"
    )


def run(given: argparse.Namespace) -> int:
    before, after = read_side(given.before), read_side(given.after)
    print(cleaned(diff_of_packs(before, after, folder=Path(), cli=given.cdk)))
    return 0
