"""Show the CDK CLI's own diff of two sides, without credentials and without an account.

Each side is a pack, a cdk.out folder or a *.template.json. Prints nothing when they are
equal.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cdn_review.rendering.markup import cleaned
from cdn_review.sources.cli import find_cli
from cdn_review.sources.files import read_side
from cdn_review.sources.raw import raw_diff
from cdn_review.terminal import FINE, add_cli_argument, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="BEFORE", help="the older side")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the newer side")
    add_cli_argument(parser)


def run(given: argparse.Namespace) -> int:
    before, after = read_side(given.before), read_side(given.after)
    text = raw_diff(before, after, find_cli(Path(), given.cdk))
    if text:
        write(cleaned(text))
    return FINE
