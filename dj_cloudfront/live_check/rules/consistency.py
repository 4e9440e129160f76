"""Do all servers, and the CDN, say the same of the same file?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dj_cloudfront.live_check.probes import Probe
from dj_cloudfront.live_check.report import Finding, Level
from dj_cloudfront.live_check.results import ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.rule import WARN, Violation, group_by_message

ID = "agreement"


LEVELS = frozenset({WARN})


GOOD = "says the same of files as the first server"


_OF_A_FILE = ("Content-Type", "Cache-Control")


# The edge may add these or change them by its policy, and compress by itself.
_OF_A_SERVER = ("Access-Control-Allow-Origin", "Content-Encoding")


def agreement(all_results: Sequence[ProbeResults]) -> Iterator[Finding]:
    """Each place that was asked for files is compared with the first of them.

    Bytes are compared with the index instead, by the rule ``bytes``.
    """
    asked = [results for results in all_results if results.files]
    for results in asked[1:]:
        yield from _compared(asked[0], results)


def _compared(first: ProbeResults, other: ProbeResults) -> Iterator[Finding]:
    target = other.target
    problems = list(group_by_message(_violations(first, other)))
    for problem in problems:
        yield Finding(
            id=ID,
            level=problem.level,
            target=target.url,
            tree=target.tree,
            message=problem.message,
            hint=problem.hint,
            subjects=problem.subjects,
        )
    if not problems:
        yield Finding(
            id=ID, level=Level.PASS, target=target.url, tree=target.tree, message=GOOD
        )


def _violations(first: ProbeResults, other: ProbeResults) -> Iterator[Violation]:
    names = _OF_A_FILE + (_OF_A_SERVER if other.target.is_origin else ())
    answers = _by_question(first)
    for probe, result in _by_question(other).items():
        before = answers.get(probe)
        for name in names if before else ():
            if before and before.answer.get(name) != result.answer.get(name):
                yield Violation(
                    level=WARN,
                    message=f"sends another {name} than {first.target.url}",
                    hint="give all servers the same configuration"
                    if other.target.is_origin
                    else "the CDN has copies from before a change: publish a new version, or "
                    "invalidate these paths",
                    subject=result.subject,
                )


def _by_question(results: ProbeResults) -> dict[Probe, ProbeResult]:
    return {result.probe: result for result in results.files}
