"""What a rule is, and how it reports several files in one finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from dj_cloudfront.findings import Level
from dj_cloudfront.live_check.check_report import TargetFinding
from dj_cloudfront.live_check.probes import ProbeKind, ProbeResult, ProbeResults
from dj_cloudfront.live_check.targets import Target

PASS, WARN, FAIL = Level.PASS, Level.WARN, Level.FAIL


@dataclass(frozen=True)
class Violation:
    """What is wrong with one answer.

    :param subject: The file or path; empty when it is about the whole target.
    """

    level: Level
    message: str
    hint: str
    subject: str = ""


Judge = Callable[[ProbeResults], Iterable[Violation]]
JudgeOne = Callable[[ProbeResults, ProbeResult], Iterable[Violation]]
Applies = Callable[[ProbeResults], object]


@dataclass(frozen=True, kw_only=True)
class ProbeRule:
    """A rule about the answers of a target.

    :param id: Stable, such as ``missing-lifetime``.
    :param pass_message: The message when nothing is violated.
    :param levels: What it can report besides ``PASS``.
    :param applies: Whether there are results to judge.
    """

    id: str
    pass_message: str
    levels: frozenset[Level]
    applies: Applies
    judge: Judge

    def findings(self, results: ProbeResults) -> Iterator[TargetFinding]:
        """The violations by message, or that there is none. Nothing without results."""
        if self.applies(results):
            violations = self.judge(results)
            yield from findings(self.id, results.target, violations, self.pass_message)


def rule(
    name: str, *levels: Level, pass_message: str, applies: Applies
) -> Callable[[Judge], ProbeRule]:
    """Make a rule of a function that yields violations."""

    def made(judge: Judge) -> ProbeRule:
        return ProbeRule(
            id=name,
            pass_message=pass_message,
            levels=frozenset(levels),
            applies=applies,
            judge=judge,
        )

    return made


def result_rule(
    name: str,
    *levels: Level,
    pass_message: str,
    of: Callable[[ProbeResults], list[ProbeResult]],
    shows_form: bool = False,
) -> Callable[[JudgeOne], ProbeRule]:
    """Make a rule of a function that judges one result at a time.

    :param of: The results to judge.
    :param shows_form: Whether a finding names the form in which a file was asked for.
    """

    def made(judge_one: JudgeOne) -> ProbeRule:
        def judge(results: ProbeResults) -> Iterator[Violation]:
            for result in of(results):
                subject = result.subject if shows_form else result.probe.subject
                for violation in judge_one(results, result):
                    yield replace(violation, subject=subject)

        return rule(name, *levels, pass_message=pass_message, applies=of)(judge)

    return made


def of_kind(*kinds: ProbeKind) -> Callable[[ProbeResults], list[ProbeResult]]:
    """The results of some kinds of probes."""
    return lambda results: [
        result for kind in kinds for result in results.of_kind(kind)
    ]


def findings(
    name: str, target: Target, violations: Iterable[Violation], pass_message: str
) -> Iterator[TargetFinding]:
    """The findings of a rule at a target: one for each message, or that it passes."""
    grouped = group_by_message(violations) or {(PASS, pass_message, ""): []}
    for (level, message, hint), subjects in grouped.items():
        yield TargetFinding(
            id=name,
            level=level,
            message=message,
            hint=hint,
            subjects=_shortest(subjects),
            target=target.url,
            tree=target.tree,
        )


def group_by_message(
    violations: Iterable[Violation],
) -> dict[tuple[Level, str, str], list[str]]:
    """The subjects of the violations that differ in nothing else."""
    grouped: dict[tuple[Level, str, str], list[str]] = {}
    for violation in violations:
        subjects = grouped.setdefault(
            (violation.level, violation.message, violation.hint), []
        )
        if violation.subject and violation.subject not in subjects:
            subjects.append(violation.subject)
    return grouped


def _shortest(subjects: list[str]) -> tuple[str, ...]:
    """Without "site.css (gzip)" where "site.css" is there already."""
    plain = set(subjects)
    return tuple(
        subject
        for subject in subjects
        if not (subject.endswith(")") and subject.rpartition(" (")[0] in plain)
    )
