"""The rule that all servers and the CDN send the same headers for a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dj_cloudfront.live_check.check_report import TargetFinding
from dj_cloudfront.live_check.probes import Probe, ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.rule import WARN, Violation, findings

ID = "agreement"
LEVELS = frozenset({WARN})
PASS_MESSAGE = "sends the same headers as the first server"

_OF_A_FILE = ("Content-Type", "Cache-Control")
# The edge may add these or change them by its policy, and compress by itself.
_OF_A_SERVER = ("Access-Control-Allow-Origin", "Content-Encoding")


def agreement(all_results: Sequence[ProbeResults]) -> Iterator[TargetFinding]:
    """Each target that was asked for files is compared with the first of them.

    Bytes are compared with the index instead, by the rule ``bytes``.
    """
    asked = [results for results in all_results if results.files]
    for results in asked[1:]:
        violations = _violations(asked[0], results)
        yield from findings(ID, results.target, violations, PASS_MESSAGE)


def _violations(first: ProbeResults, other: ProbeResults) -> Iterator[Violation]:
    is_origin = other.target.is_origin
    answers = _by_probe(first)
    for probe, result in _by_probe(other).items():
        before = answers.get(probe)
        for name in _OF_A_FILE + (_OF_A_SERVER if is_origin else ()):
            if before and before.answer.get(name) != result.answer.get(name):
                yield Violation(
                    WARN,
                    f"sends another {name} than {first.target.url}",
                    "give all servers the same configuration"
                    if is_origin
                    else "the CDN has copies from before a change: publish a new version, or "
                    "invalidate these paths",
                    result.subject,
                )


def _by_probe(results: ProbeResults) -> dict[Probe, ProbeResult]:
    return {result.probe: result for result in results.files}
