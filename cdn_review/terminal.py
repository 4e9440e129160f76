"""What a command says, and where: results to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cdn_review.rendering import json as as_json
from cdn_review.rendering import markdown, terminal
from cdn_review.report import Report

FINE, STOPPED = 0, 1


def progress(text: str) -> None:
    """Say what takes its time, to whoever watches. It is never part of a result."""
    print(f"{text} …", file=sys.stderr, flush=True)


def add_app_arguments(parser: argparse.ArgumentParser) -> None:
    """Which app, and by which CLI."""
    parser.add_argument(
        "--app-folder",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where the cdk.json is (default: here)",
    )
    add_cli_argument(parser)


def add_cli_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cdk",
        metavar="COMMAND",
        help="the CDK CLI, such as 'npx cdk' (default: that in node_modules, else of PATH)",
    )


def add_formats(parser: argparse.ArgumentParser) -> None:
    """The options that choose how a report is shown."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument(
        "--markdown", action="store_true", help="as the comment on a pull request"
    )
    formats.add_argument("--json", action="store_true", help="as data, for scripts")
    add_colour(parser)


def add_colour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="of the text (default: in a terminal, unless NO_COLOR is set)",
    )


def show(report: Report, given: argparse.Namespace) -> int:
    """Print a report in the format that was asked for, and give the exit code it means."""
    write(_rendered(report, given))
    return FINE if report.ok else STOPPED


def write(text: str) -> None:
    """Print a result, whatever the terminal can show of it."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding).rstrip("\n"))


def _rendered(report: Report, given: argparse.Namespace) -> str:
    if given.json:
        return as_json.render(report)
    if given.markdown:
        return markdown.render(report)
    return terminal.render(report, colour=is_coloured(given.color))


def is_coloured(choice: str) -> bool:
    """https://no-color.org"""
    if choice != "auto":
        return choice == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain
