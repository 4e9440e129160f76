"""What of a request reaches the origin, and which code sees it on the way."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import Behavior, Selection
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import header, listed, shown
from cdn_review.words import Own

_GUARD = "on viewer-request"


def forwarding(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    """What the origin gets besides the cache key. What moves out of the key still comes."""
    before, after = was.forwarding, now.forwarding
    if before.policy != after.policy:
        text = "the origin request policy is {} instead of {}"
        values = [
            shown(one) or Own("one that can be seen")
            for one in (after.policy, before.policy)
        ]
        note = "what it sends to the origin is not known here"
        yield teller.tell(
            Topic.ORIGIN, text, *values, note=note if after.policy else ""
        )
        return
    keys = was.key, now.key
    for noun, part in (
        ("header", "headers"),
        ("query string", "query_strings"),
        ("cookie", "cookies"),
    ):
        key_before, key_after = (getattr(one, part) for one in keys)
        first = key_before | getattr(before, part)
        second = key_after | getattr(after, part)
        # What comes into the key or leaves it is told of the key.
        gained = (second - first) - (key_after - key_before)
        lost = (first - second) - (key_before - key_after)
        yield from _sent(teller, noun, gained, lost, now)


def _sent(
    teller: Teller, noun: str, gained: Selection, lost: Selection, now: Behavior
) -> Iterator[Change]:
    unkeyed = ", which the cache key lacks" if now.is_cached else ""
    if gained.kind != "none":
        text = f"the origin is sent {_named(noun, gained)}{unkeyed}"
        note = _note(noun, gained, now)
        yield teller.tell(Topic.ORIGIN, text, *_names(noun, gained), note=note)
    if lost.kind != "none":
        text = f"the origin is no longer sent {_named(noun, lost)}"
        yield teller.tell(Topic.ORIGIN, text, *_names(noun, lost))


def _named(noun: str, selection: Selection) -> str:
    """``the cookie {}``, ``the cookies {}``, ``all cookies``, ``all cookies but {}``."""
    if selection.is_most:
        return f"all {noun}s but {{}}" if selection.names else f"all {noun}s"
    return f"the {noun} {{}}" if len(selection.names) == 1 else f"the {noun}s {{}}"


def _names(noun: str, selection: Selection) -> tuple[str, ...]:
    names = selection.names
    named = frozenset(map(header, names)) if noun == "header" else names
    return (listed(named),) if named else ()


def _note(noun: str, gained: Selection, now: Behavior) -> str:
    if noun == "header":
        needs = "the origin and its certificate have to know the distribution's names"
        return needs if "host" in gained else ""
    return "an answer for one visitor can be cached for others" if now.is_cached else ""


def code(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    """Functions, what they log, and what they could encrypt."""
    for name in sorted(now.functions.keys() - was.functions.keys()):
        text = "code runs at the edge: {}"
        note = "charged for each request"
        yield teller.tell(Topic.DELIVERY, text, shown(name), note=note, costs=True)
    for name in sorted(was.functions.keys() - now.functions.keys()):
        guards = name.endswith(_GUARD)
        yield teller.tell(
            Topic.SECURITY if guards else Topic.DELIVERY,
            "code no longer runs at the edge: {}",
            shown(name),
            note="if it let in some visitors only, all are let in" if guards else "",
            stop=Stop.PROTECTION_DROPPED if guards else None,
            was=was.functions[name],
        )
    for name in sorted(was.functions.keys() & now.functions.keys()):
        if was.functions[name] != now.functions[name]:
            text = "other code runs at the edge: {}"
            yield teller.tell(Topic.DELIVERY, text, shown(name))
    if was.encrypted_fields != now.encrypted_fields:
        drops = bool(was.encrypted_fields) and not now.encrypted_fields
        how = "no longer encrypted" if drops else "encrypted in another way"
        how = how if was.encrypted_fields else "encrypted"
        yield teller.tell(
            Topic.SECURITY,
            f"fields of forms are {how} at the edge",
            stop=Stop.PROTECTION_DROPPED if drops else None,
            was=was.encrypted_fields,
            now=now.encrypted_fields,
        )
    yield from _logs(teller, was.real_time_logs, now.real_time_logs)


def _logs(teller: Teller, was: str, now: str) -> Iterator[Change]:
    if was == now:
        return
    begins = bool(now) and not was
    how = "begin" if begins else "go elsewhere" if now else "end"
    note = "charged for each line" if begins else ""
    yield teller.tell(Topic.WATCHING, f"real-time logs {how}", note=note, costs=begins)
