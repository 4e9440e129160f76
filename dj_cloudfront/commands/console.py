"""Where a subcommand writes, and how times, sizes and tables look."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.management.base import OutputWrapper
from django.core.management.color import Style

_NARROWEST = 20


@dataclass(frozen=True, kw_only=True)
class Console:
    """Results go to standard output, progress and warnings to standard error.

    :param style: Colours, which are empty unless standard output is a terminal.
    :param as_json: Whether a script reads the output. Then ``write`` is silent.
    """

    stdout: OutputWrapper
    stderr: OutputWrapper
    style: Style
    as_json: bool = False

    def write(self, text: str) -> None:
        """A line for a person."""
        if not self.as_json:
            self.stdout.write(text)

    def write_json(self, data: object) -> None:
        """The result for a script; nothing without ``--json``."""
        if self.as_json:
            self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False))

    def warn(self, text: str) -> None:
        self.stderr.write(text)

    @property
    def columns(self) -> int | None:
        """How wide the terminal is; None for a file or another program."""
        if not self.stdout.isatty():
            return None
        return shutil.get_terminal_size().columns

    def progress(self, what: str, done: int, total: int) -> None:
        """How far it is, rewriting one line; nothing unless a person watches."""
        if self.stderr.isatty():
            end = "\n" if done >= total else ""
            # Without Django's red, for it is no error.
            plain = f"\r{what} {done}/{total}"
            self.stderr.write(plain, style_func=str, ending=end)


def iso(time: float | None) -> str | None:
    """A time for a script, in UTC."""
    if time is None:
        return None
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds")


def moment(time: float | None) -> str:
    """A time for a person, in the time zone of the settings."""
    if time is None:
        return "not known"
    return datetime.fromtimestamp(time).strftime("%Y-%m-%d %H:%M")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: set[int],
    columns: int | None = None,
) -> str:
    """Rows of cells as lines.

    :param right: The columns of numbers.
    :param columns: Of the terminal; the last cell is wrapped to fit. Default: it is not.
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    left = sum(widths[:-1]) + 2 * (len(widths) - 1)
    room = max(_NARROWEST, columns - left) if columns else max(widths[-1], 1)
    lines = []
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row[:-1], widths, strict=False))
        ]
        first, *more = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        lines.append("  ".join((*cells, first)).rstrip())
        lines += [" " * left + line for line in more]
    return "\n".join(lines)


def in_bytes(count: int) -> str:
    """A number of bytes for a person, such as ``101.6 MB``."""
    if count < 1000:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"
