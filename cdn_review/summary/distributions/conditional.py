"""Settings under conditions that cannot be compared one side at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cdn_review.delivery.plain import canonical, properties, resources
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller

_IF = "Fn::If"
Place = tuple[str | int, ...]


def conditional(teller: Teller, before: object, after: object) -> Iterator[Change]:
    """One line if the same setting depends on another condition, or on several at once.

    Elsewhere both sides of a condition are compared, as if all conditions were true, and as
    if none were. Which of these a deploy takes is known to CloudFormation alone.
    """
    was, now = dict(_ifs(properties(before))), dict(_ifs(properties(after)))
    hidden = [
        place
        for place, found in now.items()
        if place in was
        and canonical(was[place]) != canonical(found)
        and _name(was[place]) != _name(found)
    ]
    hidden += [
        place
        for place, found in now.items()
        if len(list(_ifs(found))) > 1 and canonical(was.get(place)) != canonical(found)
    ]
    if hidden:
        yield teller.tell(
            Topic.ACCESS,
            "settings depend on conditions in another way",
            note="what a deploy makes of them cannot be told here",
            stop=Stop.PROTECTION_DROPPED,
            was=canonical(properties(before)),
            now=canonical(properties(after)),
        )


def resource_of(template: Mapping[str, Any], identity: str) -> object:
    return resources(template).get(identity, {})


def _ifs(value: object, place: Place = ()) -> Iterator[tuple[Place, object]]:
    """Every condition in a value, by where it stands."""
    if isinstance(value, Mapping):
        if _IF in value:
            yield place, value
        for key, one in value.items():
            yield from _ifs(one, (*place, str(key)))
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _ifs(one, (*place, number))


def _name(found: object) -> str:
    argument = found.get(_IF) if isinstance(found, Mapping) else None
    return canonical(argument[0]) if isinstance(argument, list) and argument else ""
