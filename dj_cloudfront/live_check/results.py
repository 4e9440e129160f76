"""What a target answered: everything that the rules judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dj_cloudfront.builds.index import COMPANIONS, File, Index
from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.probes import Probe, ProbeKind
from dj_cloudfront.live_check.targets import Target


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """A probe with its answer."""

    probe: Probe
    answer: HttpResponse

    @property
    def subject(self) -> str:
        """The file, and how it was asked for if not in the plainest way."""
        probe = self.probe
        ways = [probe.coding] if probe.coding != "identity" else []
        ways += ["with Origin"] if probe.with_origin else []
        return f"{probe.subject} ({', '.join(ways)})" if ways else probe.subject


@dataclass(frozen=True, kw_only=True)
class ProbeResults:
    """All that a target answered.

    :param index: What the build holds; None where no file was asked for.
    :param site: The origin of the site's pages, as in the header ``Origin``.
    :param failures: Why there was no answer, a sentence each, and whether the certificate
        is the reason.
    """

    target: Target
    site: str
    index: Index | None
    answered: tuple[ProbeResult, ...]
    failures: Mapping[str, bool]

    def of_kind(self, kind: ProbeKind) -> list[ProbeResult]:
        return [one for one in self.answered if one.probe.kind is kind]

    @property
    def files(self) -> list[ProbeResult]:
        """The answers for files of the build that are files."""
        return [one for one in self.of_kind(ProbeKind.FILE) if one.answer.status == 200]

    def file(self, result: ProbeResult) -> File | None:
        """What the build has under the name that was asked for."""
        return self.index.files.get(result.probe.subject) if self.index else None

    def companion(self, result: ProbeResult, coding: str) -> File | None:
        """The compressed form that was published with a file, if there is one."""
        suffix = COMPANIONS.get(coding.strip().lower())
        if self.index is None or suffix is None:
            return None
        return self.index.files.get(result.probe.subject + suffix)

    def is_nothing(self, answer: HttpResponse) -> bool:
        """Whether a missing file gets the same answer."""
        return any(
            answer.is_like(one.answer) for one in self.of_kind(ProbeKind.MISSING)
        )
