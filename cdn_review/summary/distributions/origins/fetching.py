"""Where files are fetched: the origin, and what keeps it closed to others."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import Behavior, Number, Origin
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.origins.guarding import KEPT, folder, guarding
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import duration, listed, number_of, shown
from cdn_review.words import Own


def fetching(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    """The origins of one behavior: the first, then those asked when it fails."""
    pairs = _paired(was.origins, now.origins)
    for position, (before, after) in enumerate(pairs):
        if before is None:
            yield from _added(teller, was, now, position)
        else:
            yield from _origin(teller, before, after, "second " if position else "")
    kept = [before for before, _ in pairs]
    for origin in was.origins:
        if origin not in kept:
            text = f"a {origin.kind} is no longer asked: {{}}"
            yield teller.tell(Topic.ORIGIN, text, shown(origin.domain_name))
    both = len(was.origins) > 1 and len(now.origins) > 1
    if both and was.failover_on != now.failover_on:
        text = "the second origin is asked on {} instead of {}"
        values = listed(now.failover_on), listed(was.failover_on)
        yield teller.tell(Topic.ORIGIN, text, *values)


def _paired(
    was: tuple[Origin, ...], now: tuple[Origin, ...]
) -> list[tuple[Origin | None, Origin]]:
    """Each origin with what it was: that of the same name, else of the same place.

    A server behind a bucket that is new is no new server.
    """
    left = list(was)
    found: dict[int, Origin] = {}
    for known in (_address, _name):
        for position, after in enumerate(now):
            same = [one for one in left if known(one) == known(after)]
            if same and position not in found:
                found[position] = same[0]
                left.remove(same[0])
    missing = [position for position in range(len(now)) if position not in found]
    for position, one in zip(missing, left, strict=False):
        is_alike = (one.kind == "bucket") == (now[position].kind == "bucket")
        if is_alike or len(left) == len(missing):
            found[position] = one
    return [(found.get(position), after) for position, after in enumerate(now)]


def _address(origin: Origin) -> tuple[str, str]:
    return origin.domain_name, origin.path


def _name(origin: Origin) -> str:
    return origin.domain_name


def _added(
    teller: Teller, was: Behavior, now: Behavior, position: int
) -> Iterator[Change]:
    origin = now.origins[position]
    name = shown(origin.domain_name)
    if position:
        text = f"a {origin.kind} is asked when the first origin answers {{}}: {{}}"
        values: tuple[str, ...] = (listed(now.failover_on), name)
    else:
        text = f"a {origin.kind} is asked first: {{}}"
        values = (name,)
    note = "one more request for each file that only the second has"
    yield teller.tell(Topic.ORIGIN, text, *values, note=note)
    servers = [one for one in was.origins if one.kind != "bucket"]
    if servers and origin.kind != "bucket":
        # It stands in for one that was closed, and should be as closed.
        which = "second " if position else ""
        found = [*folder(teller, servers[0], origin, which)]
        found += guarding(teller, servers[0], origin, which)
        yield from (change for change in found if change.stop)


def _origin(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    if was == now:
        return
    if was.kind != now.kind and "bucket" in (was.kind, now.kind):
        yield _another_kind(teller, was, now, which)
        return
    yield from _place(teller, was, now, which)
    yield from guarding(teller, was, now, which)
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
    if was.domain_name != now.domain_name:
        text = f"files come from the {which}origin {{}} instead of {{}}"
        values = shown(now.domain_name), shown(was.domain_name)
        yield teller.tell(Topic.ORIGIN, text, *values, note=KEPT)
    yield from folder(teller, was, now, which)
    if was.port != now.port:
        text = f"the {which}origin is asked on port {{}} instead of {{}}"
        yield teller.tell(Topic.ORIGIN, text, _number(now.port), _number(was.port))
    if was.address_type != now.address_type:
        text = f"the {which}origin is asked by {{}} instead of {{}}"
        yield teller.tell(
            Topic.ORIGIN, text, shown(now.address_type), shown(was.address_type)
        )


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
