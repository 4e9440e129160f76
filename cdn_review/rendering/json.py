"""A report as data. The keys are a public interface: they are added to, not changed."""

from __future__ import annotations

import json
from typing import Any

from cdn_review.report import Report
from cdn_review.summary import Change
from cdn_review.words import plain


def render(report: Report) -> str:
    """One JSON object, in ASCII.

    ``ok`` and ``changed`` are the result; ``before``, ``after`` and ``environments`` say
    what was compared. Each of ``changes`` has ``environment``, ``stack``, ``role``,
    ``topic``, ``text``, ``note``, ``costs``, ``stop`` (null, or what kind of change must be
    acknowledged), and for what must be acknowledged ``id`` and ``acknowledged``, the
    reason or null. ``unused`` lists acknowledgements of what does not happen, and
    ``notices`` has sentences about the comparison. Texts are plain, not escaped.
    """
    return json.dumps(_data(report), indent=2) + "\n"


def _data(report: Report) -> dict[str, Any]:
    verdict = report.verdict
    ids = {stopped.change: stopped.id for stopped in verdict.open}
    ids |= {stopped.change: stopped.id for stopped, _ in verdict.acknowledged}
    reasons = {stopped.change: reason for stopped, reason in verdict.acknowledged}
    return {
        "ok": report.ok,
        "changed": report.changed,
        "before": report.before_name,
        "after": report.after_name,
        "environments": list(report.environments),
        "changes": [
            {**_change(one), "id": ids.get(one), "acknowledged": reasons.get(one)}
            for one in report.changes
        ],
        "unused": list(verdict.unused),
        "notices": list(report.notices),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "environment": change.environment,
        "stack": change.stack,
        "role": change.role,
        "topic": str(change.topic),
        "text": plain(change.text),
        "note": change.note,
        "costs": change.costs,
        "stop": str(change.stop) if change.stop else None,
    }
