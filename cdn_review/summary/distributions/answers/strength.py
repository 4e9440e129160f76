"""Whether a security header protects less than before."""

from __future__ import annotations

import re
from collections.abc import Mapping

# From strict to open.
_ORDERS = {
    "cross-origin-resource-policy": ("same-origin", "same-site", "cross-origin"),
    "referrer-policy": (
        "no-referrer",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "origin",
        "origin-when-cross-origin",
        "no-referrer-when-downgrade",
        "unsafe-url",
    ),
    "x-content-type-options": ("nosniff",),
    "x-frame-options": ("deny", "sameorigin"),
}


def weakens(name: str, before: str | None, after: str) -> bool:
    """Whether a security header protects less than before, or nobody can tell."""
    if not before:
        return False
    if name == "strict-transport-security":
        return _weaker_hsts(before, after)
    if name == "content-security-policy":
        return _weaker_csp(before, after)
    order = _ORDERS.get(name, ())
    return _rank(order, after) > _rank(order, before) or not order


def _rank(order: tuple[str, ...], value: str) -> int:
    """The place of a value, from strict to open; what is unknown is the most open."""
    value = value.strip().lower()
    return order.index(value) if value in order else len(order)


def _weaker_hsts(before: str, after: str) -> bool:
    ages = [re.search(r"max-age=(\d{1,12})", one) for one in (before, after)]
    if not all(ages):
        return True
    first, second = (int(one.group(1)) for one in ages if one)
    flags = [
        flag in before.lower() and flag not in after.lower()
        for flag in ("includesubdomains", "preload")
    ]
    return second < first or any(flags)


def _weaker_csp(before: str, after: str) -> bool:
    """Whether a directive goes, or anything is allowed that was not.

    What has no directive of its own follows ``default-src``:
    https://www.w3.org/TR/CSP3/#directive-fallback-list
    """
    was, now = _directives(before), _directives(after)
    for name in was.keys() | now.keys():
        allowed, allows = _effective(was, name), _effective(now, name)
        if allowed is not None and (allows is None or allows - allowed):
            return True
    return False


def _effective(
    directives: Mapping[str, frozenset[str]], name: str
) -> frozenset[str] | None:
    fallback = directives.get("default-src") if name.endswith("-src") else None
    return directives.get(name, fallback)


def _directives(policy: str) -> dict[str, frozenset[str]]:
    parts = [part.split() for part in policy.split(";")]
    # A directive that is there twice counts the first time.
    return {
        words[0].lower(): frozenset(words[1:]) - {"'none'"}
        for words in reversed(parts)
        if words
    }
