"""Where files are fetched: the origin, and what keeps it closed to others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cdn_review.delivery.model import Behavior, Number, Origin
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import duration, header, listed, number_of, shown
from cdn_review.words import Own
from dj_cloudfront.contract import TREE_HEADER

_SECRET = re.compile(r"secret|token|auth|verify|key", re.I)
_REFERENCE = "{{resolve:"


def fetching(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    """The origins of one behavior: the first, then those asked when it fails."""
    if len(was.origins) == len(now.origins):
        pairs = list(zip(was.origins, now.origins, strict=True))
    else:
        pairs = _same_places(was, now)
        yield from _come_and_go(teller, was, now, pairs)
    for before, after in pairs:
        is_second = len(now.origins) > 1 and after is not now.origins[0]
        yield from _origin(teller, before, after, "second " if is_second else "")
    both = len(was.origins) > 1 and len(now.origins) > 1
    if both and was.failover_on != now.failover_on:
        text = "the second origin is asked on {} instead of {}"
        values = listed(now.failover_on), listed(was.failover_on)
        yield teller.tell(Topic.ORIGIN, text, *values)


def _same_places(was: Behavior, now: Behavior) -> list[tuple[Origin, Origin]]:
    """An origin that moves to the second place, or from it, is the same origin."""
    pairs = [
        (before, after)
        for before in was.origins
        for after in now.origins
        if (before.kind, before.domain_name) == (after.kind, after.domain_name)
    ]
    return pairs or list(zip(was.origins, now.origins, strict=False))


def _come_and_go(
    teller: Teller,
    was: Behavior,
    now: Behavior,
    pairs: Sequence[tuple[Origin, Origin]],
) -> Iterator[Change]:
    kept = [id(one) for pair in pairs for one in pair]
    for origin in now.origins:
        if id(origin) in kept:
            continue
        text = "a second origin is asked when the first fails: {}"
        if origin is now.origins[0]:
            text = f"a {origin.kind} is asked first: {{}}"
        note = "one more request for each miss that is a 404"
        yield teller.tell(Topic.ORIGIN, text, shown(origin.domain_name), note=note)
    for origin in was.origins:
        if id(origin) not in kept:
            text = f"a {origin.kind} is no longer asked: {{}}"
            yield teller.tell(Topic.ORIGIN, text, shown(origin.domain_name))


def _origin(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    if was == now:
        return
    if was.kind != now.kind and "bucket" in (was.kind, now.kind):
        yield _another_kind(teller, was, now, which)
        return
    yield from _place(teller, was, now, which)
    yield from _closed(teller, was, now, which)
    yield from _guards(teller, was, now, which)
    yield from _patience(teller, was, now, which)
    others = {name for name, _ in set(was.rest) ^ set(now.rest)}
    if others:
        text = f"other settings of the {which}origin change: {{}}"
        yield teller.tell(Topic.OTHER, text, listed(others))


def _another_kind(teller: Teller, was: Origin, now: Origin, which: str) -> Change:
    """A bucket has neither a tree nor a folder of a server: nothing else compares."""
    text = f"files come from the {which}{now.kind} {{}} instead of the {was.kind} {{}}"
    values = shown(now.domain_name), shown(was.domain_name)
    return teller.tell(Topic.ORIGIN, text, *values)


def _place(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    note = "files that are cached stay until they expire"
    if was.domain_name != now.domain_name:
        text = f"files come from the {which}origin {{}} instead of {{}}"
        values = shown(now.domain_name), shown(was.domain_name)
        yield teller.tell(Topic.ORIGIN, text, *values, note=note)
    if was.path != now.path:
        is_wider = was.path.rstrip("/").startswith(now.path.rstrip("/") + "/")
        is_wider = is_wider or (bool(was.path) and now.path.strip("/") == "")
        yield teller.tell(
            Topic.ORIGIN,
            f"files come from the {which}origin's folder {{}} instead of {{}}",
            now.path or "/",
            was.path or "/",
            note="more of the server can be reached" if is_wider else note,
            stop=Stop.ORIGIN_OPENED if is_wider else None,
            was=was.path,
            now=now.path,
        )
    if was.port != now.port:
        text = f"the {which}origin is asked on port {{}} instead of {{}}"
        yield teller.tell(Topic.ORIGIN, text, _number(now.port), _number(was.port))
    if was.address_type != now.address_type:
        text = f"the {which}origin is asked by {{}} instead of {{}}"
        yield teller.tell(Topic.ORIGIN, text, now.address_type, was.address_type)


def _closed(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    """Who but CloudFront can reach the origin, and who can listen."""
    if was.kind != now.kind:
        opens = was.kind == "private network"
        yield teller.tell(
            Topic.ORIGIN,
            f"the {which}origin is a {now.kind} instead of a {was.kind}",
            note="it has to be on the internet" if opens else "",
            stop=Stop.ORIGIN_OPENED if opens else None,
            was=was.kind,
            now=now.kind,
        )
    if was.protocol != now.protocol and was.kind == now.kind:
        opens = was.protocol == "https-only"
        yield teller.tell(
            Topic.ORIGIN,
            f"the {which}origin is asked by {{}} instead of {{}}",
            now.protocol or "an unknown protocol",
            was.protocol or "an unknown protocol",
            note="others can read and change what it answers" if opens else "",
            stop=Stop.ORIGIN_OPENED if opens else None,
            was=was.protocol,
            now=now.protocol,
        )
    if was.tls != now.tls and was.protocol == now.protocol:
        weaker = bool(now.tls - was.tls)
        yield teller.tell(
            Topic.SECURITY,
            f"the {which}origin is asked by {{}} instead of {{}}",
            listed(now.tls) or Own("any TLS"),
            listed(was.tls) or Own("any TLS"),
            stop=Stop.PROTECTION_DROPPED if weaker else None,
            was=was.tls,
            now=now.tls,
        )
    if was.access_control and not now.access_control and now.kind == "bucket":
        yield teller.tell(
            Topic.ORIGIN,
            f"requests to the {which}bucket are no longer signed",
            note="it answers only if it is open to everybody",
            stop=Stop.ORIGIN_OPENED,
            was=True,
            now=False,
        )


def _guards(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    """The headers by which an origin knows who asks, and for which tree."""
    for name in sorted(was.headers.keys() | now.headers.keys()):
        before, after = was.headers.get(name), now.headers.get(name)
        if before == after:
            continue
        opens = before is not None and _opens(name, before, after)
        yield teller.tell(
            Topic.ORIGIN,
            f"the {which}origin is sent the header {{}} {_how(before, after)}",
            header(name),
            note=_guard_note(name, opens, after),
            stop=Stop.ORIGIN_OPENED if opens else None,
            was=before,
            now=[name, after],
        )


def _how(before: str | None, after: str | None) -> str:
    if before is None:
        return "too"
    return "no longer" if after is None else "with another value"


def _opens(name: str, before: str, after: str | None) -> bool:
    if name == TREE_HEADER.lower():
        return True
    is_reference = before.startswith(_REFERENCE)
    if after is None:
        return is_reference or bool(_SECRET.search(name))
    # Another version of the secret is what a rotation looks like.
    return is_reference and not after.startswith(_REFERENCE)


def _guard_note(name: str, opens: bool, after: str | None) -> str:
    if name == TREE_HEADER.lower() and opens:
        return "the server knows by it which folder may answer"
    if opens:
        return "the server can no longer tell its own distributions from others"
    if after is not None and after.startswith(_REFERENCE):
        return "the server has to accept this value before the deploy"
    return ""


def _patience(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    for what, before, after in (
        ("the wait for an answer", was.read_timeout, now.read_timeout),
        ("the wait for a connection", was.connection_timeout, now.connection_timeout),
        ("the life of idle connections", was.keepalive_timeout, now.keepalive_timeout),
        ("the time for a whole answer", was.completion_timeout, now.completion_timeout),
    ):
        if before != after:
            text = f"{what} of the {which}origin is {{}} instead of {{}}"
            yield teller.tell(Topic.ORIGIN, text, _time(after), _time(before))
    if was.attempts != now.attempts:
        text = f"the {which}origin is tried {{}} times instead of {{}}"
        tries = _number(now.attempts), _number(was.attempts)
        yield teller.tell(Topic.ORIGIN, text, *tries)
    if was.shield != now.shield:
        text = f"one more cache before the {which}origin: {{}} instead of {{}}"
        values = [shown(one) or Own("none") for one in (now.shield, was.shield)]
        costs = bool(now.shield) and not was.shield
        note = "charged for each request that reaches it" if costs else ""
        yield teller.tell(Topic.ORIGIN, text, *values, note=note, costs=costs)


def _time(seconds: Number) -> str:
    return Own("unlimited") if seconds is None else duration(seconds)


def _number(value: Number) -> str:
    return number_of(value) if isinstance(value, int) else shown(str(value))
