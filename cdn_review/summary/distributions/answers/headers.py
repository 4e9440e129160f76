"""The headers that the edge adds to an answer, and takes from it."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import Answer
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.answers.cors import cross_origin
from cdn_review.summary.distributions.answers.strength import weakens
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import header, shown
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
    yield from cross_origin(teller, was.cors, now.cors)
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
            yield from _override(teller, name, was, now)
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


def _override(teller: Teller, name: str, was: Answer, now: Answer) -> Iterator[Change]:
    """Whose value holds, where the origin sends the same header."""
    if (name in was.yielding) == (name in now.yielding):
        return
    yields = name in now.yielding
    protects = yields and name in SECURITY_HEADERS
    text = "the origin's header {} replaces that of the edge"
    yield teller.tell(
        Topic.SECURITY if name in SECURITY_HEADERS else Topic.HEADERS,
        text if yields else "the header {} of the edge replaces the origin's",
        header(name),
        stop=Stop.HEADER_DROPPED if protects else None,
        was=name,
        now=yields,
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
