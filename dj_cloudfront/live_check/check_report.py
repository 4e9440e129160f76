"""What a check found: as JSON, and a line for each rule with its hint below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from dj_cloudfront.commands.console import Console
from dj_cloudfront.findings import Finding, Level

# From good to bad. A rule without results has no finding, so that none is skipped.
_LEVELS = (Level.PASS, Level.WARN, Level.FAIL)
_MOST_SUBJECTS = 3


@dataclass(frozen=True, kw_only=True)
class TargetFinding(Finding):
    """A finding at a server or at the CDN.

    :param target: Its URL.
    :param tree: ``static`` or ``media``.
    """

    target: str
    tree: str

    def as_data(self) -> Mapping[str, object]:
        """For ``--json``. The keys are a public interface."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """All that was found.

    :param not_checked: What was left out, and why, a sentence each.
    :param files: How many files were asked for, and how many the build has.
    """

    build_version: str
    findings: tuple[TargetFinding, ...]
    not_checked: tuple[str, ...]
    files: tuple[int, int]

    @property
    def verdict(self) -> Level:
        levels = {finding.level for finding in self.findings}
        return max(levels, key=_LEVELS.index, default=Level.PASS)

    @property
    def summary(self) -> str:
        """How many findings there are of each level."""
        levels = [finding.level for finding in self.findings]
        return ", ".join(
            f"{levels.count(level)} {level}" for level in reversed(_LEVELS)
        )

    def as_data(self) -> Mapping[str, object]:
        """For ``--json``. The keys are a public interface."""
        return {
            "build_version": self.build_version,
            "verdict": self.verdict,
            "files": {"asked_for": self.files[0], "of": self.files[1]},
            "findings": [finding.as_data() for finding in self.findings],
            "not_checked": list(self.not_checked),
        }


def cleaned(report: CheckReport, clean: Callable[[str], str]) -> CheckReport:
    """The report with everything cleaned that a server may have put into it."""
    findings = (
        replace(
            finding,
            message=clean(finding.message),
            subjects=tuple(map(clean, finding.subjects)),
        )
        for finding in report.findings
    )
    return replace(report, findings=tuple(findings))


def show(console: Console, report: CheckReport) -> None:
    """Write it, with colours if there are any."""
    for line in _lines(console, report):
        console.write(line)
    console.write_json(report.as_data())


def _lines(console: Console, report: CheckReport) -> Iterator[str]:
    asked, total = report.files
    yield (
        f"build {report.build_version}: {asked} of {total} files asked for, compressed "
        "copies not counted"
    )
    width = max((len(finding.id) for finding in report.findings), default=0)
    targets: dict[str, list[TargetFinding]] = {}
    for finding in report.findings:
        targets.setdefault(f"{finding.target} {finding.tree}", []).append(finding)
    for target, findings in targets.items():
        yield ""
        yield console.style.MIGRATE_HEADING(target)
        for finding in findings:
            yield from _finding_lines(console, finding, width)
    if report.not_checked:
        yield ""
    for note in report.not_checked:
        yield f"not checked: {note}"
    yield ""
    yield _painted(console, report.verdict, f"{report.verdict}: {report.summary}")


def _finding_lines(console: Console, finding: Finding, width: int) -> Iterator[str]:
    level = _painted(console, finding.level, finding.level)
    shown = ", ".join(finding.subjects[:_MOST_SUBJECTS])
    more = len(finding.subjects) - _MOST_SUBJECTS
    named = f": {shown}{f' and {more} more' if more > 0 else ''}" if shown else ""
    yield f"  {level}  {finding.id:<{width}}  {finding.message}{named}"
    if finding.hint:
        yield f"  {'':<4}  {'':<{width}}  hint: {finding.hint}"


def _painted(console: Console, level: Level, text: str) -> str:
    style = console.style
    paints = (style.SUCCESS, style.WARNING, style.ERROR)
    return str(dict(zip(_LEVELS, paints, strict=True))[level](text))
