"""Results for people and for scripts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from cdn_review.preflight.result import Level, Result
from cdn_review.redaction import redact_text

_COLOURS = {Level.PASS: "32", Level.WARN: "33", Level.FAIL: "31;1", Level.SKIP: "2"}


def line(result: Result, *, colour: bool) -> str:
    """One result, with its cure below."""
    word = f"{result.level:<4}"
    if colour:
        word = f"\x1b[{_COLOURS[result.level]}m{word}\x1b[0m"
    text = f"{word}  {result.check}: {_clean(result.sentence)}"
    if result.cure and result.level in (Level.WARN, Level.FAIL):
        text += f"\n      -> {_clean(result.cure)}"
    return text


def summary(results: Iterable[Result]) -> str:
    counted = Counter(one.level for one in results)
    return ", ".join(f"{counted[level]} {level}" for level in Level)


def as_json(stack: str, results: Sequence[Result]) -> str:
    """One object: ``ok``, ``stack``, and the results with their cures."""
    data = {
        "ok": is_ok(results),
        "stack": stack,
        "results": [
            {
                "check": one.check,
                "level": str(one.level),
                "sentence": _clean(one.sentence),
                "cure": _clean(one.cure),
            }
            for one in results
        ],
    }
    return json.dumps(data, indent=2)


def is_ok(results: Iterable[Result]) -> bool:
    return all(one.level is not Level.FAIL for one in results)


def _clean(text: str) -> str:
    """No account, address or control character reaches a log."""
    shown = "".join(one if one.isprintable() else " " for one in redact_text(text))
    return " ".join(shown.split())
