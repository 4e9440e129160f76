"""All other resources: what comes, goes, is replaced or set differently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdn_review.delivery.plain import properties, reference, text
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import CDN, Kind, kind_of
from cdn_review.summary.matching import Match, renames
from cdn_review.summary.resources.access.buckets import BUCKET, POLICY, told_of
from cdn_review.summary.resources.access.filters import SETTINGS, is_looser
from cdn_review.summary.resources.access.keys import GROUP, KEY
from cdn_review.summary.resources.distributions import is_kept
from cdn_review.summary.resources.names import taken
from cdn_review.summary.resources.policies import CONFIGS
from cdn_review.summary.resources.settings import changed, phrases
from cdn_review.summary.resources.wholes import comes_or_goes, wholes
from cdn_review.summary.values import listed, number_of, shown
from cdn_review.words import Own

MOST_UNKNOWN = 20
_VPC_ORIGIN = f"{CDN}VpcOrigin"
# What they do is said of the distributions that use them.
_ELSEWHERE = {DISTRIBUTION, KEY, GROUP, f"{CDN}OriginAccessControl", *CONFIGS}


@dataclass(frozen=True)
class _Event:
    """What happened to a resource. Those that are equal share a line."""

    kind: Kind
    what: str
    values: tuple[str, ...] = ()
    note: str = ""
    costs: bool = False


def others(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """A line for each kind of event, whatever number of resources it happens to."""
    together: dict[_Event, list[str]] = {}
    names = renames(matches)
    some = list(_untold(matches, names))
    yield from wholes(stack, some)
    for one in some:
        event = None if comes_or_goes(one) else _event(one, names)
        if event:
            together.setdefault(event, []).append(one.role)
    unknown = [event for event in together if event.kind.topic is Topic.OTHER]
    untold = {*unknown[MOST_UNKNOWN:]}
    for event, roles in together.items():
        if event not in untold:
            yield _tell(stack, event, roles)
    if untold:
        teller = Teller(stack=stack, role="other resources")
        text = "and {} more kinds of changes"
        yield teller.tell(Topic.OTHER, text, number_of(len(untold)))


def _untold(matches: Sequence[Match], names: Mapping[str, str]) -> Iterator[Match]:
    """Without what is said elsewhere."""
    failing = {one.id_after for one in taken(matches)}
    buckets = [one for one in matches if one.kind == BUCKET]
    come = {one.id_after for one in buckets if one.before is None}
    gone = {one.id_before for one in buckets if one.after is None}
    for one in matches:
        is_elsewhere = one.kind in _ELSEWHERE or one.id_after in failing
        if not (is_elsewhere or _is_said_with_bucket(one, come, gone, names)):
            yield one


def _is_said_with_bucket(
    one: Match, come: set[str], gone: set[str], names: Mapping[str, str]
) -> bool:
    """A policy that a bucket brings along or takes with it, or that opens it."""
    if one.kind != POLICY or (one.before is not None and one.after is not None):
        return False
    resource = one.after if one.after is not None else one.before
    bucket = reference(properties(resource).get("Bucket"))
    return bucket in (gone if one.after is None else come) or bool(told_of(one, names))


def _tell(stack: Stack, event: _Event, roles: list[str]) -> Change:
    one = len(roles) == 1
    is_whole = event.kind.is_whole
    nouns = event.kind.nouns
    role = nouns if is_whole or not one else re.sub(r" \d+$", "", roles[0])
    is_plural = role == nouns and (nouns != event.kind.noun or nouns.endswith("s"))
    verb = "are" if is_plural else "is"
    count = "" if one or is_whole else f"{len(roles)} "
    return Teller(stack=stack, role=role).tell(
        event.kind.topic,
        f"{count}{event.what.format(verb=verb)}",
        *event.values,
        note=event.note,
        costs=event.costs,
    )


def _event(one: Match, names: Mapping[str, str]) -> _Event | None:
    kind = kind_of(one.kind)
    if one.before is None:
        what, values = _named(kind, one, "{verb} added")
        note = "; ".join(part for part in (kind.begun, kind.price) if part)
        return _Event(kind, what, values, note=note, costs=bool(kind.price))
    if one.after is None:
        what, values = _named(kind, one, "{verb} removed")
        kept = "stays in the account, outside the stack"
        note = kept if is_kept(one.before) else kind.gone
        return _Event(kind, what, values, note=note)
    found = changed(one.before, one.after, names)
    if one.is_replaced or found & set(kind.renamed_by):
        return _replaced(kind, found)
    # The tags of all resources are said at once, of the stack.
    found -= told_of(one, names) | ({"Tags"} if one.kind != _VPC_ORIGIN else set())
    found -= SETTINGS if is_looser(one, names) else set()
    if not found:
        return None
    # https://github.com/aws/aws-cdk/issues/35765
    fails = "the deploy fails while a distribution uses it, even for a tag"
    note = fails if one.kind == _VPC_ORIGIN else ""
    what, values = _set(one, found)
    return _Event(kind, f"{{verb}} changed: {what}", values, note=note)


def _set(one: Match, found: set[str]) -> tuple[str, tuple[str, ...]]:
    """What the properties are about; of a single one also the values, if they are short."""
    known, unknown = phrases(found)
    what = ", ".join([*known, "{{}}"] if unknown else known)
    values = [listed(unknown)] if unknown else []
    if len(found) == 1:
        (name,) = found
        sides = [properties(side).get(name) for side in (one.after, one.before)]
        if all(map(_is_short, sides)):
            what += ": {{}} instead of {{}}"
            values += [
                shown(side) if isinstance(side, str) else Own(text(side))
                for side in sides
            ]
    return what, tuple(values)


def _is_short(value: object) -> bool:
    return isinstance(value, int) or (
        isinstance(value, str) and re.fullmatch(r"\S{1,60}", value) is not None
    )


def _named(kind: Kind, one: Match, what: str) -> tuple[str, tuple[str, ...]]:
    """With the name that it is known by, if it has one."""
    resource = one.after if one.after is not None else one.before
    name = text(properties(resource).get("Name")) if kind.hint == "Name" else ""
    if not name or shown(name) != name:
        return what, ()
    return what + ": {{}}", (name.rstrip("."),)


def _replaced(kind: Kind, found: set[str]) -> _Event | None:
    """Replaced by an equal one is no news, except where something is kept in it."""
    if not found and not kind.lost and not kind.begun:
        return None
    note = "; ".join(part for part in (kind.begun, kind.lost) if part)
    what = "set up in another way" if kind.is_whole else "replaced"
    return _Event(kind, f"{{verb}} {what}", note=note)
