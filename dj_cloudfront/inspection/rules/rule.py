"""What a rule is, and how it speaks of many files in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dj_cloudfront.inspection.evidence import Evidence
from dj_cloudfront.inspection.findings import Level, Problem

WARN, FAIL = Level.WARN, Level.FAIL

Judge = Callable[[Evidence], Iterable[Problem]]
Applies = Callable[[Evidence], object]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that is looked at.

    :param id: Stable, such as ``missing-lifetime``.
    :param good: The sentence when there is no problem.
    :param levels: What it can say besides ``PASS``.
    :param applies: Whether there is evidence to judge.
    """

    id: str
    good: str
    levels: frozenset[Level]
    applies: Applies
    judge: Judge


def rule(
    name: str, *levels: Level, good: str, applies: Applies
) -> Callable[[Judge], Rule]:
    """Make a rule of a function that yields the problems it sees."""

    def made(judge: Judge) -> Rule:
        return Rule(
            id=name, good=good, levels=frozenset(levels), applies=applies, judge=judge
        )

    return made


@dataclass(frozen=True, kw_only=True)
class Objection:
    """What is wrong with one answer."""

    level: Level
    sentence: str
    cure: str
    subject: str


def together(objections: Iterable[Objection]) -> Iterator[Problem]:
    """One problem for all answers with which the same is wrong."""
    found: dict[tuple[Level, str, str], list[str]] = {}
    for one in objections:
        subjects = found.setdefault((one.level, one.sentence, one.cure), [])
        if one.subject not in subjects:
            subjects.append(one.subject)
    for (level, sentence, cure), subjects in found.items():
        yield Problem(
            level=level, sentence=sentence, cure=cure, subjects=_shortest(subjects)
        )


def _shortest(subjects: list[str]) -> tuple[str, ...]:
    """Without "site.css (gzip)" where "site.css" says it already."""
    plain = set(subjects)
    return tuple(
        one
        for one in subjects
        if not (one.endswith(")") and one.rpartition(" (")[0] in plain)
    )
