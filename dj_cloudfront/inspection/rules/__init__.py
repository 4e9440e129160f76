"""The rules, in the order of the report. Their ids are a public interface."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.inspection.evidence import Evidence
from dj_cloudfront.inspection.findings import Finding, Level
from dj_cloudfront.inspection.rules import (
    confining,
    files,
    forms,
    keeping,
    reaching,
    sharing,
)
from dj_cloudfront.inspection.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *reaching.RULES,
    *files.RULES,
    *forms.RULES,
    *sharing.RULES,
    *keeping.RULES,
    *confining.RULES,
)


def judge(evidence: Evidence) -> Iterator[Finding]:
    """What each rule says of a place. A rule without evidence says nothing."""
    for rule in RULES:
        if not rule.applies(evidence):
            continue
        problems = list(rule.judge(evidence))
        for problem in problems:
            yield Finding(
                id=rule.id,
                level=problem.level,
                place=evidence.place.url,
                tree=evidence.place.tree,
                sentence=problem.sentence,
                cure=problem.cure,
                subjects=problem.subjects,
            )
        if not problems:
            yield Finding(
                id=rule.id,
                level=Level.PASS,
                place=evidence.place.url,
                tree=evidence.place.tree,
                sentence=rule.good,
            )
