"""All other resources: what comes, goes, is replaced or set differently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cdn_review.delivery.plain import Json, canonical, properties, references, text
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import CDN, Kind, kind_of
from cdn_review.summary.matching import Match
from cdn_review.summary.resources.buckets import opened_by
from cdn_review.summary.resources.distributions import is_kept
from cdn_review.summary.resources.keys import GROUP, KEY
from cdn_review.summary.resources.policies import CONFIGS
from cdn_review.summary.values import listed, number_of, shown

MOST_UNKNOWN = 20
_ELSEWHERE = {DISTRIBUTION, KEY, GROUP, *CONFIGS}
_VPC_ORIGIN = f"{CDN}VpcOrigin"


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
    renamed = {
        one.id_before: one.id_after for one in matches if one.before and one.after
    }
    together: dict[_Event, list[str]] = {}
    for one in matches:
        if one.kind in _ELSEWHERE:
            continue
        event = _event(one, renamed)
        if event:
            together.setdefault(event, []).append(one.role)
    unknown = [event for event in together if event.kind.topic is Topic.OTHER]
    untold = {*unknown[MOST_UNKNOWN:]}
    for event, roles in together.items():
        if event not in untold:
            yield _tell(stack, event, roles)
    if len(unknown) > MOST_UNKNOWN:
        teller = Teller(stack=stack, role="other resources")
        text = "and {} more kinds of changes"
        more = number_of(len(unknown) - MOST_UNKNOWN)
        yield teller.tell(Topic.OTHER, text, more)


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


def _event(one: Match, renamed: dict[str, str]) -> _Event | None:
    kind = kind_of(one.kind)
    if one.before is None:
        what, values = _named(kind, one.after or {}, "{verb} added")
        note = "; ".join(part for part in (kind.begun, kind.price) if part)
        return _Event(kind, what, values, note=note, costs=bool(kind.price))
    if one.after is None:
        what, values = _named(kind, one.before, "{verb} removed")
        kept = "stays in the account, outside the stack"
        note = kept if is_kept(one.before) else kind.gone
        return _Event(kind, what, values, note=note)
    before = _resolved(properties(one.before), renamed)
    changed = _changed(before, properties(one.after)) - opened_by(one)
    if one.is_replaced or changed & set(kind.renamed_by):
        return _replaced(one, kind, changed)
    if changed:
        note = ""
        if one.kind == _VPC_ORIGIN:
            # https://github.com/aws/aws-cdk/issues/35765
            note = "the deploy fails while a distribution uses it, even for a tag"
        verb = "{verb} changed: {}".replace("{}", "{{}}")
        return _Event(kind, verb, (listed(changed),), note=note)
    return None


def _named(kind: Kind, resource: Json, what: str) -> tuple[str, tuple[str, ...]]:
    """With the name that it is known by, if it has one."""
    name = text(properties(resource).get("Name")) if kind.hint == "Name" else ""
    if not name or shown(name) != name:
        return what, ()
    return what + ": {{}}", (name.rstrip("."),)


def _replaced(one: Match, kind: Kind, changed: set[str]) -> _Event | None:
    """Replaced by an equal one is no news, except where something is kept in it."""
    if not changed and not kind.gone and not kind.begun:
        return None
    note = "; ".join(part for part in (kind.begun, kind.gone) if part)
    return _Event(kind, "{verb} replaced", note=note)


def _changed(before: Json, after: Json) -> set[str]:
    return {
        name
        for name in before.keys() | after.keys()
        if canonical(before.get(name)) != canonical(after.get(name))
    }


def _resolved(value: Json, renamed: dict[str, str]) -> Json:
    """With references to what plays the same part under its new logical id."""
    used = {name for name in references(value) if renamed.get(name, name) != name}
    if not used:
        return value
    done = _rename(value, {name: renamed[name] for name in used})
    return done if isinstance(done, dict) else value


def _rename(value: object, names: dict[str, str]) -> object:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _rename(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_rename(one, names) for one in value]
    return value
