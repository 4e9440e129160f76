"""What a subcommand says, and where."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.core.management.base import OutputWrapper
from django.core.management.color import Style


@dataclass(frozen=True, kw_only=True)
class Console:
    """Results go to standard output, progress and complaints to standard error.

    :param style: Colours, which are empty unless standard output is a terminal.
    :param as_json: Whether a script reads along. Then ``write`` is silent.
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

    def progress(self, what: str, done: int, total: int) -> None:
        """How far it is, rewriting one line; nothing unless a person watches."""
        if self.stderr.isatty():
            end = "\n" if done >= total else ""
            # Without Django's red, for it is no error.
            plain = f"\r{what} {done}/{total}"
            self.stderr.write(plain, style_func=str, ending=end)
