"""What the lists beside this file hold: one for each part of the code.

``old`` occurs exactly once in ``file``; ``tests`` are the smallest that ought to notice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One breakage.

    :param name: What is broken, as a sentence.
    :param old: Text that occurs exactly once in the file.
    :param tests: The smallest set of tests that ought to notice.
    """

    name: str
    file: str
    old: str
    new: str
    tests: Sequence[str]

    def broken(self, text: str) -> str:
        """The file's text with the breakage.

        :raises ValueError: when the code has changed so that it no longer applies.
        """
        found = text.count(self.old)
        if found != 1:
            raise ValueError(
                f"the mutant no longer applies: its old text must occur once in {self.file}, "
                f"got {found} times"
            )
        return text.replace(self.old, self.new)


def read_mutants() -> list[Mutant]:
    """All lists, each in its order."""
    return [
        Mutant(**entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text("utf-8"))["mutant"]
    ]
