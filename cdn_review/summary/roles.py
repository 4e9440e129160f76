"""Which part each resource of a template plays: logical ids mean nothing to a reader."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cdn_review.delivery.normal import normal
from cdn_review.delivery.plain import (
    Json,
    mapping,
    properties,
    reference,
    references,
    resources,
    sequence,
    text,
)
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.summary.kinds import kind_of
from dj_cloudfront.contract import TREE_HEADER, Output

_HALVES = ("static", "media", "private")
_OUTPUTS = {
    str(Output.STATIC_DISTRIBUTION_ID): "static",
    str(Output.MEDIA_DISTRIBUTION_ID): "media",
    str(Output.PRIVATE_DISTRIBUTION_ID): "private",
}
_SHAPE = re.compile(r"(.*?)(Static|Media|Private)(?=[A-Z0-9]|$)")
_SHARED = 2
_HASH = re.compile(r"[0-9A-F]{8}$")


@dataclass(frozen=True)
class Roles:
    """Roles by logical id, each of one resource alone."""

    by_id: Mapping[str, str]

    @classmethod
    def of(cls, template: Json) -> Roles:
        """Name every resource, by what it does and what it is connected to."""
        raw = resources(template)
        found = {name: mapping(normal(raw[name], branch=-1, names={})) for name in raw}
        halves = _distributions(template, found)
        users = _users(found, halves)
        named = {
            name: halves.get(name) or _role(one, users.get(name, set()))
            for name, one in found.items()
        }
        return cls(_unique(named, found))


def _distributions(template: Json, found: Mapping[str, Json]) -> dict[str, str]:
    ours = [name for name, one in found.items() if one.get("Type") == DISTRIBUTION]
    told = _told_by_outputs(template)
    halves = {name: _half(name, found[name], told) for name in ours}
    times = Counter(halves.values())
    roles = {}
    for name, half in halves.items():
        hint = f" ({_pair(name)})" if times[half] > 1 and _pair(name) else ""
        roles[name] = f"{half} distribution{hint}".strip()
    return roles


def _half(name: str, resource: Json, told: Mapping[str, str]) -> str:
    config = mapping(properties(resource).get("DistributionConfig"))
    for origin in sequence(config.get("Origins")):
        for header in sequence(mapping(origin).get("OriginCustomHeaders")):
            name_of_header = text(mapping(header).get("HeaderName")).lower()
            half = text(mapping(header).get("HeaderValue"))
            if name_of_header == TREE_HEADER.lower() and half in _HALVES:
                return half
    if name in told:
        return told[name]
    shape = _SHAPE.match(name)
    return shape.group(2).lower() if shape else ""


def _told_by_outputs(template: Json) -> dict[str, str]:
    outputs = mapping(template.get("Outputs"))
    told = {
        reference(mapping(outputs.get(output)).get("Value")): half
        for output, half in _OUTPUTS.items()
    }
    return {name: half for name, half in told.items() if name}


def _pair(name: str) -> str:
    """``shop`` of ``ShopStaticDistribution54E0030E``: what the ids of a pair begin with."""
    shape = _SHAPE.match(name)
    first = shape.group(1) if shape else _HASH.sub("", name)
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", first)
    return " ".join(words).lower()[:40]


def _users(found: Mapping[str, Json], halves: Mapping[str, str]) -> dict[str, set[str]]:
    """The distributions that a resource serves: those that name it, or that it names."""
    named_by: dict[str, set[str]] = defaultdict(set)
    for name, one in found.items():
        for other in references(properties(one)):
            if name in halves:
                _add(named_by[other], {halves[name]})
            elif other in halves:
                _add(named_by[name], {halves[other]})
    _hand_on(found, halves, named_by)
    return named_by


def _hand_on(
    found: Mapping[str, Json],
    halves: Mapping[str, str],
    named_by: dict[str, set[str]],
) -> None:
    """One step further: the keys of a group, the policy of a bucket."""
    near = {name: frozenset(users) for name, users in named_by.items()}
    for name, one in found.items():
        if name in halves:
            continue
        for other in references(properties(one)):
            if other in found and other not in halves:
                if name in near and other not in near:
                    _add(named_by[other], near[name])
                elif other in near and name not in near:
                    _add(named_by[name], near[other])


def _add(users: set[str], more: Iterable[str]) -> None:
    """Two are as many as any number: what they use is shared."""
    for one in more:
        if len(users) < _SHARED:
            users.add(one)


def _role(resource: Json, users: Iterable[str]) -> str:
    kind = kind_of(resource.get("Type"))
    halves = sorted({one.replace(" distribution", "", 1) for one in users})
    if not halves or kind.noun.startswith("other"):
        return kind.noun
    half = halves[0] if len(halves) == 1 else "shared"
    # Of the only distribution of a stack, nothing tells which half it is.
    return f"{half} {kind.noun}" if half != "distribution" else kind.noun


def _unique(named: Mapping[str, str], found: Mapping[str, Json]) -> dict[str, str]:
    """Equal roles get what tells them apart, or else a number."""
    hinted = {}
    times = Counter(named.values())
    for name, role in named.items():
        hint = _hint(found[name]) if times[role] > 1 else ""
        hinted[name] = f"{role} ({hint})" if hint else role
    counted: Counter[str] = Counter()
    roles = {}
    for name, role in hinted.items():
        counted[role] += 1
        roles[name] = role if counted[role] == 1 else f"{role} {counted[role]}"
    return roles


def _hint(resource: Json) -> str:
    key = kind_of(resource.get("Type")).hint
    value = text(properties(resource).get(key)) if key else ""
    return "" if value.startswith(("{", "[")) else _tidy(value)


def _tidy(value: str) -> str:
    return re.sub(r"[^A-Za-z0-9_./-]+", " ", value[:200]).strip()[:60]
