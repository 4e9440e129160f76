"""Which pages of other sites may read files, as the edge says."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import CrossOrigin
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import duration, header, listed
from cdn_review.words import Own


def cross_origin(
    teller: Teller, was: CrossOrigin | None, now: CrossOrigin | None
) -> Iterator[Change]:
    """What the edge itself says of CORS; without it the origin decides."""
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
