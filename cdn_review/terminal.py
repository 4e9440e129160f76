"""What commands have in common: how they show a report, and how they say what goes on."""

from __future__ import annotations

import argparse
import os
import sys

from cdn_review.rendering import json as as_json
from cdn_review.rendering import markdown, terminal
from cdn_review.report import Report

FINE, STOPPED = 0, 1


def add_formats(parser: argparse.ArgumentParser) -> None:
    """The options that choose how a report is shown."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument(
        "--markdown", action="store_true", help="as the comment on a pull request"
    )
    formats.add_argument("--json", action="store_true", help="as data")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="of the text (default: on a terminal, unless NO_COLOR is set)",
    )


def show(report: Report, given: argparse.Namespace) -> int:
    """Print a report in the format that was asked for, and give the exit code it means."""
    if given.json:
        text = as_json.render(report)
    elif given.markdown:
        text = markdown.render(report)
    else:
        text = terminal.render(report, colour=_is_coloured(given.color))
    sys.stdout.write(text)
    return FINE if report.ok else STOPPED


def progress(text: str) -> None:
    """Say what takes its time, to whoever watches."""
    print(f"{text} …", file=sys.stderr, flush=True)


def _is_coloured(choice: str) -> bool:
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"
