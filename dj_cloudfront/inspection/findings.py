"""What a check found: a level, a sentence and a cure, under a stable id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum


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
    sentence: str
    cure: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem with the rule's id and the place, or that there is none.

    :param place: The URL of the server or of the CDN.
    :param tree: ``static`` or ``media``.
    """

    id: str
    level: Level
    place: str
    tree: str
    sentence: str
    cure: str = ""
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
            "findings": [asdict(finding) for finding in self.findings],
            "not_checked": list(self.not_checked),
        }


def cleaned(report: Report, clean: Callable[[str], str]) -> Report:
    """The report with all that a server may have put into it made clean."""
    findings = (
        replace(
            finding,
            sentence=clean(finding.sentence),
            subjects=tuple(clean(one) for one in finding.subjects),
        )
        for finding in report.findings
    )
    return replace(report, findings=tuple(findings))


def worst(levels: Iterable[Level]) -> Level:
    """``PASS`` when there are none."""
    order = list(Level)
    return max(levels, key=order.index, default=Level.PASS)
