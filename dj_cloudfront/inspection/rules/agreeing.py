"""Do all servers, and the CDN, say the same of the same file?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dj_cloudfront.inspection.evidence import Evidence, Said
from dj_cloudfront.inspection.findings import Finding, Level
from dj_cloudfront.inspection.questions import Question
from dj_cloudfront.inspection.rules.rule import WARN, Objection, together

ID = "agreement"
LEVELS = frozenset({WARN})
GOOD = "says the same of files as the first server"

_OF_A_FILE = ("Content-Type", "Cache-Control")
# The edge may add these or change them by its policy, and compress by itself.
_OF_A_SERVER = ("Access-Control-Allow-Origin", "Content-Encoding")


def agreement(evidences: Sequence[Evidence]) -> Iterator[Finding]:
    """Each place that was asked for files is compared with the first of them.

    Bytes are compared with the index instead, by the rule ``bytes``.
    """
    asked = [evidence for evidence in evidences if evidence.files]
    for evidence in asked[1:]:
        yield from _compared(asked[0], evidence)


def _compared(first: Evidence, other: Evidence) -> Iterator[Finding]:
    place = other.place
    problems = list(together(_objections(first, other)))
    for problem in problems:
        yield Finding(
            id=ID,
            level=problem.level,
            place=place.url,
            tree=place.tree,
            sentence=problem.sentence,
            cure=problem.cure,
            subjects=problem.subjects,
        )
    if not problems:
        yield Finding(
            id=ID, level=Level.PASS, place=place.url, tree=place.tree, sentence=GOOD
        )


def _objections(first: Evidence, other: Evidence) -> Iterator[Objection]:
    names = _OF_A_FILE + (_OF_A_SERVER if other.place.is_origin else ())
    answers = _by_question(first)
    for question, said in _by_question(other).items():
        before = answers.get(question)
        for name in names if before else ():
            if before and before.answer.get(name) != said.answer.get(name):
                yield Objection(
                    level=WARN,
                    sentence=f"sends another {name} than {first.place.url}",
                    cure="give all servers the same configuration"
                    if other.place.is_origin
                    else "the CDN has copies from before a change: publish a new version, or "
                    "invalidate these paths",
                    subject=said.subject,
                )


def _by_question(evidence: Evidence) -> dict[Question, Said]:
    return {said.question: said for said in evidence.files}
