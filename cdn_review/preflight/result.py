"""What a check found out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check ended. A deploy with a ``FAIL`` fails, or leaves a site that does not work."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the outcome.

    :param check: The name of the check, such as ``certificate``.
    :param cure: What to do, if there is anything.
    """

    check: str
    level: Level
    sentence: str
    cure: str = ""


def passed(check: str, sentence: str) -> Result:
    return Result(check=check, level=Level.PASS, sentence=sentence)


def warned(check: str, sentence: str, cure: str) -> Result:
    return Result(check=check, level=Level.WARN, sentence=sentence, cure=cure)


def failed(check: str, sentence: str, cure: str) -> Result:
    return Result(check=check, level=Level.FAIL, sentence=sentence, cure=cure)


def skipped(check: str, why: str) -> Result:
    return Result(check=check, level=Level.SKIP, sentence=why)
