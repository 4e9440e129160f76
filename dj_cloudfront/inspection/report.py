"""A report for a person: one line for each rule, and the cure of what is wrong below it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from dj_cloudfront.commands.terminal import Terminal
from dj_cloudfront.inspection.findings import Finding, Level, Report

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
    for (place, tree), findings in groupby(
        _by_place(report), key=lambda finding: (finding.place, finding.tree)
    ):
        yield ""
        yield terminal.style.MIGRATE_HEADING(f"{place} {tree}")
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


def _by_place(report: Report) -> list[Finding]:
    """Together what is of one place, in the order in which places were asked."""
    order: dict[tuple[str, str], int] = {}
    for finding in report.findings:
        order.setdefault((finding.place, finding.tree), len(order))
    return sorted(report.findings, key=lambda one: order[one.place, one.tree])


def _finding_lines(terminal: Terminal, finding: Finding, width: int) -> Iterator[str]:
    level = _painted(terminal, finding.level, finding.level)
    yield f"  {level}  {finding.id:<{width}}  {finding.sentence}{_named(finding)}"
    if finding.cure:
        yield f"  {'':<4}  {'':<{width}}  cure: {finding.cure}"


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
