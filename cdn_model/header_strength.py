"""Whether a security header protects less than before."""

from __future__ import annotations

import re

from cdn_model.csp import effective

SECURITY_HEADERS = frozenset(
    {
        *("content-security-policy", "cross-origin-embedder-policy"),
        *("cross-origin-opener-policy", "cross-origin-resource-policy"),
        *("permissions-policy", "referrer-policy", "strict-transport-security"),
        *("x-content-type-options", "x-frame-options"),
    }
)
# From strict to open.
_ORDERS = {
    "cross-origin-resource-policy": ("same-origin", "same-site", "cross-origin"),
    "referrer-policy": (
        *("no-referrer", "same-origin", "strict-origin"),
        *("strict-origin-when-cross-origin", "origin", "origin-when-cross-origin"),
        *("no-referrer-when-downgrade", "unsafe-url"),
    ),
    "x-content-type-options": ("nosniff",),
    "x-frame-options": ("deny", "sameorigin"),
}


def weakens(name: str, before: str | None, after: str) -> bool:
    """Whether a security header protects less than before, or that cannot be told."""
    if not before:
        return False
    if name == "strict-transport-security":
        return _weaker_hsts(before, after)
    if name == "content-security-policy":
        return _weaker_csp(before, after)
    order = _ORDERS.get(name, ())
    was, now = _rank(order, before), _rank(order, after)
    if name == "referrer-policy" and was == len(order):
        # It may be several, of which browsers take the last that they know.
        return now > 0
    return now > was or not order


def _rank(order: tuple[str, ...], value: str) -> int:
    """The place of a value, from strict to open. An unknown value is the most open."""
    value = value.strip().lower()
    return order.index(value) if value in order else len(order)


def _weaker_hsts(before: str, after: str) -> bool:
    ages = [re.search(r"max-age=(\d{1,12})", value) for value in (before, after)]
    if not all(ages):
        return True
    first, second = (int(age.group(1)) for age in ages if age)
    flags = [
        flag in before.lower() and flag not in after.lower()
        for flag in ("includesubdomains", "preload")
    ]
    return second < first or any(flags)


def _weaker_csp(before: str, after: str) -> bool:
    """Whether a directive goes, or allows anything that was not allowed.

    What has no directive of its own follows ``default-src``:
    https://www.w3.org/TR/CSP3/#directive-fallback-list
    """
    was, now = _directives(before), _directives(after)
    for name in was.keys() | now.keys():
        allowed, allows = effective(was, name), effective(now, name)
        if allowed and (not allows or _more(name, allowed[1], allows[1])):
            return True
    return False


def _more(name: str, allowed: frozenset[str], allows: frozenset[str]) -> bool:
    """Whether the second lets more through.

    Beside a nonce or a hash, ``'unsafe-inline'`` has no effect. A directive that is no list
    of sources demands what it names.
    """
    if not _is_list_of_sources(name):
        return allowed != allows
    if "'unsafe-inline'" in allows and _is_proven(allowed) and not _is_proven(allows):
        return True
    gained = {source for source in allows - allowed if not _is_covered(source, allowed)}
    if "'unsafe-inline'" in allowed and not _is_proven(allowed):
        gained = {source for source in gained if not _is_proof(source)}
    return bool(gained)


def _is_covered(source: str, allowed: frozenset[str]) -> bool:
    """``*`` is every host; neither a scheme such as ``data:`` nor a keyword but ``'self'``."""
    is_host = not source.startswith("'") and not source.endswith(":")
    return "*" in allowed and (is_host or source == "'self'")


def _is_proven(sources: frozenset[str]) -> bool:
    return any(map(_is_proof, sources))


def _is_list_of_sources(name: str) -> bool:
    allowing = ("base-uri", "form-action", "frame-ancestors", "sandbox")
    return "-src" in name or name in allowing


def _is_proof(source: str) -> bool:
    return source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-"))


def _directives(policy: str) -> dict[str, frozenset[str]]:
    parts = [part.split() for part in policy.split(";")]
    # A directive that is there twice counts the first time.
    return {
        words[0].lower(): frozenset(words[1:]) - {"'none'"}
        for words in reversed(parts)
        if words
    }
