"""Compare two states that are files: what changes for visitors.

Each is a pack, a folder such as cdk.out, or one *.template.json. Ends with 1 if something must
be acknowledged first, and with 2 if it could not be compared.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cdn_review.packs import limits
from cdn_review.packs.strict_json import read_bytes
from cdn_review.report import Report
from cdn_review.sources.files import read_side
from cdn_review.terminal import add_formats, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="BEFORE", help="the older state")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the newer state")
    parser.add_argument(
        "--raw",
        type=Path,
        metavar="FILE",
        help="what the command raw has written, to be shown below",
    )
    add_formats(parser)


def run(given: argparse.Namespace) -> int:
    raw = _raw(given.raw) if given.raw else ""
    report = Report.of(read_side(given.before), read_side(given.after), raw=raw)
    return show(report, given)


def _raw(path: Path) -> str:
    return read_bytes(path, most=limits.PACK_BYTES).decode("utf-8", "replace")
