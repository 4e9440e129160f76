"""The documentation as data: pages, sections, tables and blocks."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from dj_cloudfront.management.commands.cdn import Command

ROOT = Path(__file__).resolve().parents[2]
# What a program writes is held to that program.
WRITTEN = {ROOT / "docs" / "review" / "comment.md"}
PAGES = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("example/*.md"),
    )
    if path not in WRITTEN
)
# With an indent inside a list.
FENCE = re.compile(r"^ *```([\w-]*)\n(.*?)^ *```$", re.M | re.S)


def fenced(page):
    """Kind and text of each fenced block."""
    return [
        (kind, textwrap.dedent(text))
        for kind, text in FENCE.findall(page.read_text("utf-8"))
    ]


def prose(page):
    return FENCE.sub("", page.read_text("utf-8"))


def section(page, heading):
    """The text below a heading, up to the next one of any level."""
    found = re.search(
        rf"^#+ {re.escape(heading)}$\n(.*?)(?=^#|\Z)", prose(page), re.M | re.S
    )
    assert found, f"{page.name} must have the heading {heading!r}"
    return found[1]


def tables(text):
    """Rows of cells, without heads and rules."""
    found = []
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.M):
        rows = [
            [
                cell.strip().replace("\\|", "|")
                for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))
            ]
            for line in table.splitlines()
        ]
        assert len({len(row) for row in rows}) == 1, rows
        found.append(rows[2:])
    return found


def code(cell):
    """What a cell has in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def parser_of(*names):
    """The parser of ``manage.py cdn`` or of a subcommand, such as ``conf`` and ``nginx``."""
    parser = Command().create_parser("manage.py", "cdn")
    for name in names:
        (parser,) = (
            one.choices[name]
            for one in parser._actions
            if isinstance(one.choices, dict) and name in one.choices
        )
    return parser


def options_of(parser):
    """Actions by their long option."""
    return {
        one.option_strings[-1]: one
        for one in parser._actions
        if one.option_strings and one.dest != "help"
    }
