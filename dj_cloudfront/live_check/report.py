"""A report for a person: one line for each rule, and the cure of what is wrong below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import groupby

from dj_cloudfront.commands.terminal import Terminal


class Level(StrEnum):
    """How bad it is. ``FAIL`` ends the command with 1, ``WARN`` does not."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a rule objects to at one place.

    :param subjects: The files or paths that it is about.
    """

    level: Level
    message: str
    hint: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem with the rule's id and the place, or that there is none.

    :param place: The URL of the server or of the CDN.
    :param tree: ``static`` or ``media``.
    """

    id: str
    level: Level
    target: str
    tree: str
    message: str
    hint: str = ""
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that was found.

    :param not_checked: What was left out, and why, a sentence each.
    :param files: How many files were asked for, and how many the build has.
    """

    build_version: str
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    files: tuple[int, int]

    @property
    def verdict(self) -> Level:
        return worst(finding.level for finding in self.findings)

    def count(self, level: Level) -> int:
        return sum(finding.level == level for finding in self.findings)

    def as_data(self) -> Mapping[str, object]:
        """For ``--json``."""
        return {
            "build_version": self.build_version,
            "verdict": self.verdict,
            "files": {"asked_for": self.files[0], "of": self.files[1]},
            "findings": [_as_data(finding) for finding in self.findings],
            "not_checked": list(self.not_checked),
        }


def cleaned(report: Report, clean: Callable[[str], str]) -> Report:
    """The report with all that a server may have put into it made clean."""
    findings = (
        replace(
            finding,
            message=clean(finding.message),
            subjects=tuple(clean(one) for one in finding.subjects),
        )
        for finding in report.findings
    )
    return replace(report, findings=tuple(findings))


def worst(levels: Iterable[Level]) -> Level:
    """``PASS`` when there are none."""
    order = list(Level)
    return max(levels, key=order.index, default=Level.PASS)


_MOST_SUBJECTS = 3


def show(terminal: Terminal, report: Report) -> None:
    """Write it, with colours if there are any."""
    for line in lines(terminal, report):
        terminal.say(line)
    terminal.result(report.as_data())


def lines(terminal: Terminal, report: Report) -> Iterator[str]:
    """The lines of the table."""
    asked, total = report.files
    yield f"build {report.build_version}: {asked} of {total} files asked for"
    width = max((len(finding.id) for finding in report.findings), default=0)
    for (target, tree), findings in groupby(
        _by_target(report), key=lambda finding: (finding.target, finding.tree)
    ):
        yield ""
        yield terminal.style.MIGRATE_HEADING(f"{target} {tree}")
        for finding in findings:
            yield from _finding_lines(terminal, finding, width)
    if report.not_checked:
        yield ""
    for note in report.not_checked:
        yield f"not checked: {note}"
    yield ""
    yield _painted(terminal, report.verdict, f"{report.verdict}: {summary(report)}")


def summary(report: Report) -> str:
    """How many there are of each level."""
    return ", ".join(f"{report.count(level)} {level}" for level in reversed(Level))


def _by_target(report: Report) -> list[Finding]:
    """Together what is of one place, in the order in which places were asked."""
    order: dict[tuple[str, str], int] = {}
    for finding in report.findings:
        order.setdefault((finding.target, finding.tree), len(order))
    return sorted(report.findings, key=lambda one: order[one.target, one.tree])


def _finding_lines(terminal: Terminal, finding: Finding, width: int) -> Iterator[str]:
    level = _painted(terminal, finding.level, finding.level)
    yield f"  {level}  {finding.id:<{width}}  {finding.message}{_named(finding)}"
    if finding.hint:
        yield f"  {'':<4}  {'':<{width}}  cure: {finding.hint}"


def _named(finding: Finding) -> str:
    if not finding.subjects:
        return ""
    shown = ", ".join(finding.subjects[:_MOST_SUBJECTS])
    more = len(finding.subjects) - _MOST_SUBJECTS
    return f": {shown} and {more} more" if more > 0 else f": {shown}"


def _painted(terminal: Terminal, level: Level, text: str) -> str:
    style = terminal.style
    paint = {
        Level.PASS: style.SUCCESS,
        Level.WARN: style.WARNING,
        Level.FAIL: style.ERROR,
    }
    return str(paint[level](text))


def _as_data(finding: Finding) -> Mapping[str, object]:
    data = asdict(finding)
    return {
        "id": data["id"],
        "level": data["level"],
        "place": data["target"],
        "tree": data["tree"],
        "sentence": data["message"],
        "cure": data["hint"],
        "subjects": data["subjects"],
    }
