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
Select = Callable[[ProbeResults], list[ProbeResult]]


@dataclass(frozen=True, kw_only=True)
class ProbeRule:
    """A rule about the answers of a target.

    :param id: Stable, such as ``missing-lifetime``.
    :param pass_message: The message when nothing is violated.
    :param applies: Whether there are results to judge.
    """

    id: str
    pass_message: str
    applies: Callable[[ProbeResults], object]
    judge: Judge

    def findings(self, results: ProbeResults) -> Iterator[TargetFinding]:
        """The violations by message, or that there is none. Nothing without results."""
        if self.applies(results):
            violations = self.judge(results)
            yield from findings(self.id, results.target, violations, self.pass_message)


def rule(
    id: str, pass_message: str, *, applies: Callable[[ProbeResults], object]
) -> Callable[[Judge], ProbeRule]:
    """Make a rule of a function that yields violations."""
    return lambda judge: ProbeRule(
        id=id, pass_message=pass_message, applies=applies, judge=judge
    )


def result_rule(
    id: str, pass_message: str, *, of: Select, shows_form: bool = False
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

        return rule(id, pass_message, applies=of)(judge)

    return made


def of_kind(*kinds: ProbeKind) -> Select:
    """The results of some kinds of probes."""
    return lambda results: [
        result for kind in kinds for result in results.of_kind(kind)
    ]


def findings(
    id: str, target: Target, violations: Iterable[Violation], pass_message: str
) -> Iterator[TargetFinding]:
    """The findings of a rule at a target: one for each message, or that it passes."""
    grouped: dict[tuple[Level, str, str], dict[str, None]] = {}
    for one in violations:
        key = (one.level, one.message, one.hint)
        grouped.setdefault(key, {})[one.subject] = None
    for (level, message, hint), subjects in (
        grouped or {(PASS, pass_message, ""): {}}
    ).items():
        yield TargetFinding(
            id=id,
            level=level,
            message=message,
            hint=hint,
            # Not "site.css (gzip)" where "site.css" is there already.
            subjects=tuple(
                subject
                for subject in filter(None, subjects)
                if not subject.endswith(")")
                or subject.rpartition(" (")[0] not in subjects
            ),
            target=target.url,
            tree=target.tree,
        )
