"""Which resource of one side is which of the other, and the role that it plays."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.values import (
    Json,
    canonical,
    mapping,
    properties,
    reference,
    references,
    resources,
    sequence,
    text,
)
from cdn_review.resources import type_of
from dj_cloudfront.contract import TREE_HEADER, Output

_TREES = ("static", "media", "private")
_OUTPUTS = {
    str(Output.STATIC_DISTRIBUTION_ID): "static",
    str(Output.MEDIA_DISTRIBUTION_ID): "media",
    str(Output.PRIVATE_DISTRIBUTION_ID): "private",
}
_TREE_IN_ID = re.compile(r"(.*?)(Static|Media|Private)(?=[A-Z0-9]|$)")
_HASH = re.compile(r"[0-9A-F]{8}$")
_NUMBER = re.compile(r" \d+$")
# What is whole in the template: an equal resource under another id is as good. A bucket or a
# key value store is not: it would be empty.
_REPLACEABLE = frozenset(
    f"{CLOUDFRONT}{kind}"
    for kind in (
        *("CachePolicy", "CloudFrontOriginAccessIdentity", "Function", "KeyGroup"),
        *("OriginAccessControl", "OriginRequestPolicy", "PublicKey"),
        *("RealtimeLogConfig", "ResponseHeadersPolicy", "VpcOrigin"),
    )
)
_NAMES = frozenset({"Name", "Comment", "CallerReference", "Tags"})


@dataclass(frozen=True, kw_only=True)
class Match:
    """A resource on both sides, or on one of them.

    :param role: What a reader calls it. No other resource of the comparison has that role.
    :param id_before: Its logical id, or nothing where it does not exist.
    """

    role: str
    id_before: str = ""
    id_after: str = ""
    before: Json | None = None
    after: Json | None = None

    @property
    def type(self) -> str:
        resource = self.after if self.after is not None else self.before
        return text(mapping(resource).get("Type"))

    @property
    def is_replaced(self) -> bool:
        """Whether it gets another logical id, so that CloudFormation makes a new one."""
        return (
            bool(self.id_before and self.id_after) and self.id_before != self.id_after
        )


def match(before: Json, after: Json) -> list[Match]:
    """Pair the resources of two templates, by logical id and type as CloudFormation does.

    The others pair by content, by role and by domain names: what CloudFormation deletes
    and makes anew under another logical id is one resource to a reader.
    """
    old, new = resources(before), resources(after)
    pairs = {name: name for name in new if _same_type(old.get(name), new[name])}
    gone = [name for name in old if name not in pairs]
    come = [name for name in new if name not in pairs]
    if not gone and not come:
        roles = roles_of(after)
        return [
            Match(
                role=roles[name],
                id_before=name,
                id_after=name,
                before=old[name],
                after=new[name],
            )
            for name in new
        ]
    old_roles, new_roles = roles_of(before), roles_of(after)
    pairs |= dict(_counterparts((old, old_roles, gone), (new, new_roles, come)))
    matches = [
        Match(
            role=new_roles[second],
            id_before=first,
            id_after=second,
            before=old[first],
            after=new[second],
        )
        for first, second in pairs.items()
    ]
    later = set(pairs.values())
    taken = {one.role for one in matches} | {
        new_roles[n] for n in new if n not in later
    }
    for name in old:
        if name not in pairs:
            role = old_roles[name]
            while role in taken:
                role = f"earlier {role}"
            taken.add(role)
            matches.append(Match(role=role, id_before=name, before=old[name]))
    matches += [
        Match(role=new_roles[name], id_after=name, after=new[name])
        for name in new
        if name not in later
    ]
    return matches


def _same_type(before: Json | None, after: Json) -> bool:
    return before is not None and before.get("Type") == after.get("Type")


_Side = tuple[Mapping[str, Json], Mapping[str, str], list[str]]


def _counterparts(old: _Side, new: _Side) -> Iterator[tuple[str, str]]:
    """Those that come for those that go, by the likeness that tells most."""
    gone, come = dict.fromkeys(old[2]), dict.fromkeys(new[2])
    for likeness in (_content, _same_role, _aliases, _same_noun):
        first, second = _by(likeness, old, gone), _by(likeness, new, come)
        for key in sorted(first.keys() & second.keys()):
            if likeness is _content and len(first[key]) + len(second[key]) > 2:
                continue  # what is there twice is not guessed at
            for pair in zip(first[key], second[key], strict=False):
                yield pair
                del gone[pair[0]], come[pair[1]]


def _by(
    likeness: Callable[[Json, str], tuple[str, ...]], side: _Side, names: Iterable[str]
) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        key = likeness(side[0][name], side[1][name])
        if key:
            found[key].append(name)
    return found


def _content(resource: Json, role: str) -> tuple[str, ...]:
    if resource.get("Type") not in _REPLACEABLE:
        return ()
    unnamed = {
        key: {k: v for k, v in value.items() if k not in _NAMES}
        if isinstance(value, dict)
        else value
        for key, value in properties(resource).items()
        if key not in _NAMES
    }
    return text(resource.get("Type")), canonical(unnamed)


def _same_role(resource: Json, role: str) -> tuple[str, ...]:
    return text(resource.get("Type")), role


def _aliases(resource: Json, role: str) -> tuple[str, ...]:
    """Domain names belong to one distribution alone, whatever its role is by now."""
    if resource.get("Type") != DISTRIBUTION:
        return ()
    config = mapping(properties(resource).get("DistributionConfig"))
    return tuple(sorted(map(text, sequence(config.get("Aliases")))))


def _same_noun(resource: Json, role: str) -> tuple[str, ...]:
    """A number only tells equal roles apart."""
    return text(resource.get("Type")), _NUMBER.sub("", role)


def roles_of(template: Json) -> dict[str, str]:
    """What a reader calls each resource, by logical id: what it is and what it serves."""
    found = resources(template)
    refers_to = {name: set(references(properties(one))) for name, one in found.items()}
    trees = _distributions(template, found)
    users = _users(refers_to, trees)
    named = {
        name: trees.get(name) or _role(resource, users.get(name, set()))
        for name, resource in found.items()
    }
    return _unique(named, found)


def _distributions(template: Json, found: Mapping[str, Json]) -> dict[str, str]:
    by_output = _by_output(template)
    trees = {
        name: _tree(name, resource, by_output)
        for name, resource in found.items()
        if resource.get("Type") == DISTRIBUTION
    }
    times = Counter(trees.values())
    roles = {}
    for name, tree in trees.items():
        hint = f" ({_pair(name)})" if times[tree] > 1 and _pair(name) else ""
        roles[name] = f"{tree} distribution{hint}".strip()
    return roles


def _tree(name: str, resource: Json, by_output: Mapping[str, str]) -> str:
    config = mapping(properties(resource).get("DistributionConfig"))
    for origin in sequence(config.get("Origins")):
        for header in sequence(mapping(origin).get("OriginCustomHeaders")):
            header_name = text(mapping(header).get("HeaderName")).lower()
            tree = text(mapping(header).get("HeaderValue"))
            if header_name == TREE_HEADER.lower() and tree in _TREES:
                return tree
    if name in by_output:
        return by_output[name]
    shape = _TREE_IN_ID.match(name)
    return shape.group(2).lower() if shape else ""


def _by_output(template: Json) -> dict[str, str]:
    outputs = mapping(template.get("Outputs"))
    found = {
        reference(mapping(outputs.get(output)).get("Value")): tree
        for output, tree in _OUTPUTS.items()
    }
    return {name: tree for name, tree in found.items() if name}


def _pair(name: str) -> str:
    """``shop`` of ``ShopStaticDistribution54E0030E``: how the ids of a pair begin."""
    shape = _TREE_IN_ID.match(name)
    first = shape.group(1) if shape else _HASH.sub("", name)
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", first)
    return " ".join(words).lower()[:40]


def _users(
    refers_to: Mapping[str, set[str]], trees: Mapping[str, str]
) -> dict[str, set[str]]:
    """The distributions that a resource serves: those that name it, or that it names."""
    users: dict[str, set[str]] = defaultdict(set)
    for name, others in refers_to.items():
        for other in others:
            if name in trees:
                users[other].add(trees[name])
            elif other in trees:
                users[name].add(trees[other])
    # One step further: the keys of a group, the policy of a bucket.
    near = {name: frozenset(roles) for name, roles in users.items()}
    for name, others in refers_to.items():
        for other in others & refers_to.keys() if name not in trees else ():
            if other not in trees and (name in near) != (other in near):
                known, unknown = (name, other) if name in near else (other, name)
                users[unknown] |= near[known]
    return users


def _role(resource: Json, users: Iterable[str]) -> str:
    noun = type_of(resource.get("Type")).noun
    trees = sorted({role.replace(" distribution", "", 1) for role in users})
    if not trees or noun.startswith("other"):
        return noun
    tree = trees[0] if len(trees) == 1 else "shared"
    # Nothing tells the only distribution of a stack apart.
    return f"{tree} {noun}" if tree != "distribution" else noun


def _unique(named: Mapping[str, str], found: Mapping[str, Json]) -> dict[str, str]:
    """Equal roles get what tells them apart, or else a number."""
    times = Counter(named.values())
    counted: Counter[str] = Counter()
    roles: dict[str, str] = {}
    taken = set(named.values())
    for name, role in named.items():
        hint = _hint(found[name]) if times[role] > 1 else ""
        role = f"{role} ({hint})" if hint else role
        counted[role] += 1
        while counted[role] > 1 and f"{role} {counted[role]}" in taken:
            counted[role] += 1
        roles[name] = role if counted[role] == 1 else f"{role} {counted[role]}"
        taken.add(roles[name])
    return roles


def _hint(resource: Json) -> str:
    key = type_of(resource.get("Type")).hint
    value = properties(resource).get(key) if key else None
    if not isinstance(value, str):
        return ""
    return re.sub(r"[^A-Za-z0-9_./-]+", " ", value[:200]).strip()[:60]
