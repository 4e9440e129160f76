"""What a check found, in one form for every command. Without Django."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check ended. ``FAIL`` ends a command with 1, the others do not."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of a check.

    :param id: Stable name of the check, such as ``certificate``.
    :param message: What was found, in one sentence.
    :param hint: What to do about it; empty if there is nothing to do.
    :param subjects: The files, names or URLs that it is about.
    """

    id: str
    level: Level
    message: str
    hint: str = ""
    subjects: tuple[str, ...] = ()


def passed(check: str, message: str) -> Finding:
    return Finding(id=check, level=Level.PASS, message=message)


def warned(check: str, message: str, hint: str) -> Finding:
    return Finding(id=check, level=Level.WARN, message=message, hint=hint)


def failed(check: str, message: str, hint: str) -> Finding:
    return Finding(id=check, level=Level.FAIL, message=message, hint=hint)


def skipped(check: str, reason: str) -> Finding:
    return Finding(id=check, level=Level.SKIP, message=reason)
