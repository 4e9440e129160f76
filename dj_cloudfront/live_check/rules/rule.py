"""What a rule is, and how it speaks of many files in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dj_cloudfront.live_check.report import Level, Problem
from dj_cloudfront.live_check.results import ProbeResults

WARN, FAIL = Level.WARN, Level.FAIL


Judge = Callable[[ProbeResults], Iterable[Problem]]


Applies = Callable[[ProbeResults], object]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that is looked at.

    :param id: Stable, such as ``missing-lifetime``.
    :param good: The sentence when there is no problem.
    :param levels: What it can say besides ``PASS``.
    :param applies: Whether there is evidence to judge.
    """

    id: str
    pass_message: str
    levels: frozenset[Level]
    applies: Applies
    judge: Judge


def rule(
    name: str, *levels: Level, pass_message: str, applies: Applies
) -> Callable[[Judge], Rule]:
    """Make a rule of a function that yields the problems it sees."""

    def made(judge: Judge) -> Rule:
        return Rule(
            id=name,
            pass_message=pass_message,
            levels=frozenset(levels),
            applies=applies,
            judge=judge,
        )

    return made


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What is wrong with one answer."""

    level: Level
    message: str
    hint: str
    subject: str


def group_by_message(violations: Iterable[Violation]) -> Iterator[Problem]:
    """One problem for all answers with which the same is wrong."""
    found: dict[tuple[Level, str, str], list[str]] = {}
    for one in violations:
        subjects = found.setdefault((one.level, one.message, one.hint), [])
        if one.subject not in subjects:
            subjects.append(one.subject)
    for (level, message, hint), subjects in found.items():
        yield Problem(
            level=level, message=message, hint=hint, subjects=_shortest(subjects)
        )


def _shortest(subjects: list[str]) -> tuple[str, ...]:
    """Without "site.css (gzip)" where "site.css" says it already."""
    plain = set(subjects)
    return tuple(
        one
        for one in subjects
        if not (one.endswith(")") and one.rpartition(" (")[0] in plain)
    )
