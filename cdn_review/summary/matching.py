"""Which resource of one side is which of the other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cdn_review.delivery.plain import (
    Json,
    mapping,
    names,
    properties,
    resources,
    text,
)
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Stack
from cdn_review.summary.roles import Roles

_NUMBER = re.compile(r" \d+$")


@dataclass(frozen=True, kw_only=True)
class Match:
    """A resource on both sides, or on one. Replaced: on both, under another logical id."""

    role: str
    id_before: str = ""
    id_after: str = ""
    before: Json | None = None
    after: Json | None = None

    @property
    def kind(self) -> str:
        found = self.after if self.after is not None else self.before
        return text(mapping(found).get("Type"))

    @property
    def is_replaced(self) -> bool:
        return (
            bool(self.id_before and self.id_after) and self.id_before != self.id_after
        )


def match(before: Stack, after: Stack) -> list[Match]:
    """Pair by logical id and type, as CloudFormation does; the rest by what they are for.

    What CloudFormation will delete and make anew under another logical id plays the same
    part, so it is one match, which is replaced.
    """
    old = _Side(resources(before.template), Roles.of(before.template).by_id)
    new = _Side(resources(after.template), Roles.of(after.template).by_id)
    pairs = [(name, name) for name in new.found if old.type(name) == new.type(name)]
    pairs += _counterparts(old, new, {name for name, _ in pairs})
    return [
        Match(
            role=new.roles[second] if second else old.roles[first],
            id_before=first,
            id_after=second,
            before=old.found.get(first),
            after=new.found.get(second),
        )
        for first, second in pairs
    ]


def renames(matches: Iterable[Match]) -> dict[str, str]:
    """Logical ids of before under which after has the same thing otherwise."""
    return {one.id_before: one.id_after for one in matches if one.is_replaced}


@dataclass(frozen=True)
class _Side:
    found: Mapping[str, Json]
    roles: Mapping[str, str]

    def type(self, name: str) -> str | None:
        return text(self.found[name].get("Type")) if name in self.found else None


def _counterparts(
    old: _Side, new: _Side, kept: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Those that come for those that go, and what is left of either."""
    gone = dict.fromkeys(name for name in old.found if name not in kept)
    come = dict.fromkeys(name for name in new.found if name not in kept)
    for likeness in (_role, _aliases, _noun):
        first, second = _by(likeness, old, gone), _by(likeness, new, come)
        for key in sorted(first.keys() & second.keys()):
            for pair in zip(first[key], second[key], strict=False):
                yield pair
                del gone[pair[0]], come[pair[1]]
    yield from ((name, "") for name in gone)
    yield from (("", name) for name in come)


def _by(
    likeness: Callable[[_Side, str], tuple[str, ...]],
    side: _Side,
    some: Iterable[str],
) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in some:
        key = likeness(side, name)
        if key:
            found[key].append(name)
    return found


def _role(side: _Side, name: str) -> tuple[str, ...]:
    return str(side.type(name)), side.roles[name]


def _aliases(side: _Side, name: str) -> tuple[str, ...]:
    """Domain names are of one distribution alone, whatever half it is by now."""
    config = mapping(properties(side.found[name]).get("DistributionConfig"))
    is_one = side.type(name) == DISTRIBUTION
    return tuple(sorted(names(config.get("Aliases")))) if is_one else ()


def _noun(side: _Side, name: str) -> tuple[str, ...]:
    """A number only tells equal ones apart."""
    kind, role = _role(side, name)
    return kind, _NUMBER.sub("", role)
