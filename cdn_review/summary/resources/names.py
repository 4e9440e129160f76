"""Names that an account has once, and that a deploy would have to give a second time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_review.delivery.plain import Json, mapping, properties, text
from cdn_review.packs import Stack
from cdn_review.summary.change import Change
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import kind_of
from cdn_review.summary.matching import Match
from cdn_review.summary.values import shown


def names(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """Resources whose deploy fails: what is new is made before what goes is deleted.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """
    for one in taken(matches):
        kind = kind_of(one.kind)
        name = shown(_first(one.kind, one.after or {}))
        text = "is made anew under the name that it has: {}"
        note = "the deploy fails, as the old one still has it"
        teller = Teller(stack=stack, role=one.role)
        yield teller.tell(kind.topic, text, name, note=note)


def taken(matches: Sequence[Match]) -> list[Match]:
    """Those that come under another logical id with the name of one that goes."""
    gone = {
        (one.kind, name_of(one.kind, one.before))
        for one in matches
        if one.before is not None and one.id_before != one.id_after
    }
    return [
        one
        for one in matches
        if one.after is not None
        and one.id_before != one.id_after
        and _first(one.kind, one.after)
        and (one.kind, name_of(one.kind, one.after)) in gone
    ]


def name_of(kind: str, resource: Json) -> tuple[str, ...]:
    """What an account has once, such as a name, or the name and the type of a record."""
    return tuple(_at(resource, path) for path in kind_of(kind).named_by)


def _first(kind: str, resource: Json) -> str:
    return "".join(name_of(kind, resource)[:1])


def _at(resource: Json, path: str) -> str:
    value: object = properties(resource)
    for key in path.split("."):
        value = mapping(value).get(key)
    return text(value)
