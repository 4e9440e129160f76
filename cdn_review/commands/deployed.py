"""Write what is deployed into a pack, for a section of its own in the comment.

Reads the stacks that are named here, with boto3 and the caller's credentials, and nothing
that a pull request has a hand in. A stack that is not deployed is left out. The pack has no
account ids, addresses and secrets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cdn_review.packs import Stack
from cdn_review.packs.files import write_pack
from cdn_review.packs.preparing import prepare
from cdn_review.sources.deployed import DEPLOYED, as_deployed, deployed
from cdn_review.terminal import FINE, write

_REGION = "us-east-1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stacks",
        nargs="+",
        metavar="STACK",
        help="names of stacks, such as mysite-cdn-prod",
    )
    parser.add_argument(
        "--region", default=_REGION, help="where they are (default: %(default)s)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("cdn-deployed.json"),
        metavar="FILE",
        help="the pack (default: %(default)s)",
    )


def run(given: argparse.Namespace) -> int:
    wanted = [
        Stack(name=name, template={}, region=given.region)
        for name in dict.fromkeys(given.stacks)
    ]
    found = deployed(wanted)
    write_pack(prepare(map(as_deployed, found.stacks), revision=DEPLOYED), given.output)
    write(f"{given.output}: {len(found.stacks)} of {len(wanted)} stacks are deployed")
    for notice in found.notices:
        write(notice)
    return FINE
