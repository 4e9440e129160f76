"""What the lists beside this file hold: one for each part of the code.

A mutant is found by a function and a pattern in it, so that code around it can change.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One breakage.

    :param name: What is broken, as a sentence.
    :param file: Where it is, from the top of the checkout.
    :param within: A function, class or ``Class.method`` of the file; by default all of it.
    :param pattern: A regular expression that matches exactly once there.
    :param replacement: Replaces the match; can refer to its groups, such as ``\\1``.
    :param tests: The smallest set of tests that ought to notice.
    """

    name: str
    file: str
    pattern: str
    replacement: str
    tests: Sequence[str]
    within: str = ""

    def broken(self, text: str) -> str:
        """The file's text with the breakage.

        :raises ValueError: when the code has changed so that it no longer applies.
        """
        start, end = _span(text, self.within) if self.within else (0, len(text))
        broken, found = re.subn(self.pattern, self.replacement, text[start:end])
        if found != 1:
            raise ValueError(
                f"the mutant no longer applies: its pattern must match once in "
                f"{self.within or 'all'} of {self.file}, got {found} times"
            )
        return text[:start] + broken + text[end:]


def _span(text: str, name: str) -> tuple[int, int]:
    """Where a function or a class begins and ends in a file's text."""
    for dotted, node in _definitions(ast.parse(text) if text else ast.Module([], [])):
        if dotted == name:
            lines = text.splitlines(keepends=True)
            end = node.end_lineno or node.lineno
            return len("".join(lines[: node.lineno - 1])), len("".join(lines[:end]))
    return 0, 0


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, _Definition]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _Definition):
            yield f"{prefix}{node.name}", node
            yield from _definitions(node, f"{prefix}{node.name}.")


def read_mutants() -> list[Mutant]:
    """All lists, each in its order."""
    return [
        Mutant(**entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text("utf-8"))["mutant"]
    ]
