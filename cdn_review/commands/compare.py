"""Say what changes between two sides, each a pack, a cdk.out folder or a *.template.json.

Ends with 0 when nothing stops, with 1 when something must be acknowledged in
cdn-review.toml first, and with 2 when it could not compare.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cdn_review.packs import limits
from cdn_review.packs.strict_json import read_bytes
from cdn_review.redaction import redact_text
from cdn_review.report import Report
from cdn_review.sources.files import read_side
from cdn_review.terminal import add_formats, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path, metavar="BEFORE", help="the older side")
    parser.add_argument("after", type=Path, metavar="AFTER", help="the newer side")
    parser.add_argument(
        "--raw",
        type=Path,
        metavar="FILE",
        help="what 'cdn-review raw' has written, to be shown below",
    )
    add_formats(parser)


def run(given: argparse.Namespace) -> int:
    before, after = read_side(given.before), read_side(given.after)
    raw = _raw(given.raw) if given.raw else ""
    return show(Report.of(before, after, raw=raw), given)


def _raw(path: Path) -> str:
    text = read_bytes(path, most=limits.PACK_BYTES).decode("utf-8", "replace")
    return redact_text(text)
