"""What the edge adds to an answer and takes from it: CORS and headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdn_review.delivery.model import Answer, CrossOrigin
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import duration, header, listed, shown
from cdn_review.words import Own

SECURITY_HEADERS = frozenset(
    {
        "content-security-policy",
        "cross-origin-embedder-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "permissions-policy",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
    }
)
_SEEN_BY = {
    "content-security-policy": "a file that is opened by itself may do more",
    "strict-transport-security": "browsers may use http:// again",
    "x-content-type-options": "browsers may run a file that is not declared a script",
}


def answers(teller: Teller, was: Answer, now: Answer) -> Iterator[Change]:
    """The differences of two response headers policies, whatever their names."""
    if was.policy != now.policy:
        yield from _other_policy(teller, was, now)
        return
    yield from _cors(teller, was.cors, now.cors)
    yield from _headers(teller, was, now)
    yield from _removed(teller, was, now)
    if was.server_timing != now.server_timing:
        text = "Server-Timing is sent for {} of answers instead of {}"
        values = [
            f"{one or 0} %" if not one.startswith("{") else shown(one)
            for one in (now.server_timing or "0", was.server_timing or "0")
        ]
        yield teller.tell(Topic.HEADERS, text, *values)


def _other_policy(teller: Teller, was: Answer, now: Answer) -> Iterator[Change]:
    protects = bool(was.policy) or bool(SECURITY_HEADERS & was.headers.keys())
    yield teller.tell(
        Topic.HEADERS,
        "the response headers policy is {} instead of {}",
        shown(now.policy) or Own("one that can be seen"),
        shown(was.policy) or Own("one that can be seen"),
        note="the headers of an unseen policy are not known here",
        stop=Stop.HEADER_DROPPED if protects and now.policy else None,
        was=[was.policy, was.headers],
        now=[now.policy, now.headers],
    )


def _headers(teller: Teller, was: Answer, now: Answer) -> Iterator[Change]:
    for name in sorted(was.headers.keys() | now.headers.keys()):
        before, after = was.headers.get(name), now.headers.get(name)
        if before == after:
            continue
        is_weaker = after is None or weakens(name, before, after)
        protects = name in SECURITY_HEADERS and before is not None and is_weaker
        text, values = _header(name, before, after)
        yield teller.tell(
            Topic.SECURITY if name in SECURITY_HEADERS else Topic.HEADERS,
            text,
            *values,
            note=_SEEN_BY.get(name, "") if protects else "",
            stop=Stop.HEADER_DROPPED if protects else None,
            was=before,
            now=[name, after],
        )


def _header(
    name: str, before: str | None, after: str | None
) -> tuple[str, tuple[str, ...]]:
    shown_name = header(name)
    if after is None:
        return "the header {} is no longer sent", (shown_name,)
    if before is None:
        return "the header {} is sent: {}", (shown_name, shown(after))
    values = shown_name, shown(after), shown(before)
    return "the header {} is {} instead of {}", values


def weakens(name: str, before: str | None, after: str) -> bool:
    """Whether a security header protects less than before, or nobody can tell."""
    if not before:
        return False
    if name == "strict-transport-security":
        return _weaker_hsts(before, after)
    if name == "content-security-policy":
        return _weaker_csp(before, after)
    if name == "x-frame-options":
        return after.upper() != "DENY"
    if name == "cross-origin-resource-policy":
        return _openness(after) > _openness(before)
    return True


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
    """A directive that goes, or that is another and not ``'none'``."""
    was, now = _directives(before), _directives(after)
    return any(
        name not in now or (now[name] != value and now[name] != frozenset({"'none'"}))
        for name, value in was.items()
    )


def _directives(policy: str) -> dict[str, frozenset[str]]:
    parts = [part.split() for part in policy.split(";")]
    return {words[0].lower(): frozenset(words[1:]) for words in parts if words}


def _openness(value: str) -> int:
    order = ("same-origin", "same-site", "cross-origin")
    return order.index(value) if value in order else len(order)


def _removed(teller: Teller, was: Answer, now: Answer) -> Iterator[Change]:
    for name in sorted(now.removed - was.removed):
        text = "the origin's header {} is removed from answers"
        yield teller.tell(Topic.HEADERS, text, header(name))
    for name in sorted(was.removed - now.removed):
        is_cookie = name == "set-cookie"
        yield teller.tell(
            Topic.SECURITY if is_cookie else Topic.HEADERS,
            "the origin's header {} reaches visitors again",
            header(name),
            note="a cached cookie of one visitor could reach others"
            if is_cookie
            else "",
            stop=Stop.HEADER_DROPPED if is_cookie else None,
            was=name,
        )


def _cors(
    teller: Teller, was: CrossOrigin | None, now: CrossOrigin | None
) -> Iterator[Change]:
    if was == now:
        return
    if now is None:
        text = "the edge sends no CORS headers of its own: the origin decides"
        yield teller.tell(Topic.CORS, text)
        return
    before = was or CrossOrigin()
    yield from _allowed(teller, was, before, now)
    for noun, old, new in (
        ("methods", before.methods, now.methods),
        ("request headers", before.headers, now.headers),
        ("readable headers", before.exposed, now.exposed),
    ):
        if was and old != new:
            text = f"the {noun} for other sites are {{}} instead of {{}}"
            values = _names(noun, new), _names(noun, old)
            yield teller.tell(Topic.CORS, text, *values)
    if was and before.max_age != now.max_age:
        text = "browsers remember a preflight for {} instead of {}"
        values = duration(now.max_age or 0), duration(before.max_age or 0)
        yield teller.tell(Topic.CORS, text, *values)
    if was and before.override != now.override:
        who = "the edge's" if now.override else "the origin's"
        yield teller.tell(Topic.CORS, f"{who} CORS headers win when both send some")


def _allowed(
    teller: Teller, was: CrossOrigin | None, before: CrossOrigin, now: CrossOrigin
) -> Iterator[Change]:
    """Who may read, and who may do so as a visitor who is logged in."""
    if before.origins != now.origins:
        if was is None:
            text = "the edge itself lets pages of {} read the files"
            values: tuple[str, ...] = (_who(now),)
        else:
            text = "pages of {} may read the files instead of {}"
            values = (_who(now), _who(before))
        lost = "" if "*" in now.origins else "pages of all others cannot read them"
        yield teller.tell(
            Topic.CORS,
            text,
            *values,
            note=lost,
            stop=_widens(before, now),
            was=before.origins,
            now=[now.origins, now.credentials],
        )
    if now.credentials and not before.credentials:
        yield teller.tell(
            Topic.ACCESS,
            "pages of {} may ask as the visitor who is logged in",
            _who(now),
            stop=Stop.ACCESS_WIDENED,
            was=False,
            now=now.origins,
        )
    if before.credentials and not now.credentials:
        text = "no other page may ask as the visitor who is logged in any more"
        yield teller.tell(Topic.CORS, text)


def _widens(before: CrossOrigin, now: CrossOrigin) -> Stop | None:
    """More readers of public files is a choice; of files that need a login, it is not."""
    grows = bool(now.origins - before.origins)
    return Stop.ACCESS_WIDENED if grows and before.credentials else None


def _who(cors: CrossOrigin) -> str:
    if "*" in cors.origins:
        return Own("any site")
    return listed(cors.origins) or Own("no site")


def _names(noun: str, names: frozenset[str]) -> str:
    shown_names = names if noun == "methods" else frozenset(map(header, names))
    return listed(shown_names) or Own("none")
