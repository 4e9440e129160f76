"""Which resource of one side is which of the other, and the role that it plays."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.intrinsics import Assignment, Resolver
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
from cdn_review.resources import ResourceType, type_of
from cdn_review.snapshot import Stack
from dj_cloudfront.contract import TREE_HEADER, Output

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
class ResourceMatch:
    """A resource on both sides, or on one of them.

    :param role: What a reader calls it. No other resource of the comparison has that role.
    :param id_before: Its logical id, or nothing where it does not exist.
    :param refers_to: The logical ids that it names on either side.
    """

    role: str
    id_before: str = ""
    id_after: str = ""
    before: Json | None = None
    after: Json | None = None
    refers_to: Set[str] = frozenset()

    @property
    def type(self) -> str:
        resource = self.after if self.after is not None else self.before
        return text(mapping(resource).get("Type"))

    @property
    def kind(self) -> ResourceType:
        return type_of(self.type)

    @property
    def ids(self) -> set[str]:
        return {self.id_before, self.id_after} - {""}

    @property
    def is_replaced(self) -> bool:
        """Whether it gets another logical id, so that CloudFormation makes a new one."""
        return "" != self.id_before != self.id_after != ""


@dataclass(frozen=True)
class Side:
    """One side of a stack, with its resources named by their roles."""

    stack: Stack
    names: Mapping[str, str]

    def reads_like(self, other: Side) -> bool:
        """Whether what is equal on both sides also means the same."""
        was, now = self.stack, other.stack
        return (
            was.region == now.region
            and all(
                was.template.get(section) == now.template.get(section)
                for section in ("Conditions", "Mappings", "Parameters")
            )
            and all(
                other.names.get(id_, role) == role for id_, role in self.names.items()
            )
        )

    @cached_property
    def by_role(self) -> dict[str, Json]:
        found = resources(self.stack.template)
        return {self.names[name]: resource for name, resource in found.items()}

    def of_types(self, types: Collection[str]) -> list[Json]:
        return [one for one in self.by_role.values() if one.get("Type") in types]

    def resolver(self, choice: Assignment) -> Resolver:
        return Resolver(self.stack.template, choice, self.names, self.stack.region)


def match(before: Json, after: Json) -> list[ResourceMatch]:
    """Pair the resources of two templates, by logical id and type as CloudFormation does.

    The others pair by the likeness that tells most: what CloudFormation deletes and makes
    anew under another logical id is one resource to a reader.
    """
    old, new = resources(before), resources(after)
    old_roles, old_links = _named(before)
    new_roles, new_links = _named(after)
    pairs = {n: n for n in new if n in old and old[n].get("Type") == new[n].get("Type")}
    for likeness in (_content, _same_role, _aliases, _same_noun):
        gone = _by(likeness, old, old_roles, pairs)
        come = _by(likeness, new, new_roles, set(pairs.values()))
        for key in sorted(gone.keys() & come.keys()):
            # What is there twice with the same content is not guessed at.
            if likeness is not _content or len(gone[key]) + len(come[key]) == 2:
                pairs |= dict(zip(gone[key], come[key], strict=False))
    alone = [(name, "") for name in old if name not in pairs]
    alone += [("", name) for name in new if name not in set(pairs.values())]
    taken = set(new_roles.values())
    matches = []
    for first, second in (*pairs.items(), *alone):
        role = new_roles.get(second) or old_roles[first]
        while not second and role in taken:
            role = f"earlier {role}"
        taken.add(role)
        one = ResourceMatch(
            role=role,
            id_before=first,
            id_after=second,
            before=old.get(first),
            after=new.get(second),
            refers_to=old_links.get(first, set()) | new_links.get(second, set()),
        )
        matches.append(one)
    return matches


def _by(
    likeness: Callable[[Json, str], tuple[str, ...]],
    found: Mapping[str, Json],
    roles: Mapping[str, str],
    paired: Collection[str],
) -> dict[tuple[str, ...], list[str]]:
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, resource in found.items():
        key = likeness(resource, roles[name]) if name not in paired else ()
        if key:
            groups[key].append(name)
    return groups


def _content(resource: Json, role: str) -> tuple[str, ...]:
    if resource.get("Type") not in _REPLACEABLE:
        return ()
    unnamed = {
        key: {k: v for k, v in mapping(value).items() if k not in _NAMES} or value
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
    return _named(template)[0]


def _named(template: Json) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The roles of the resources, and what they refer to."""
    found = resources(template)
    refers_to = {name: references(properties(one)) for name, one in found.items()}
    trees = _distributions(template, found)
    users = _users(refers_to, trees)
    named = {
        name: trees.get(name) or _role(type_of(one.get("Type")), users.get(name, set()))
        for name, one in found.items()
    }
    return _unique(named, found), refers_to


def _distributions(template: Json, found: Mapping[str, Json]) -> dict[str, str]:
    outputs = mapping(template.get("Outputs"))
    by_output = {
        reference(mapping(outputs.get(output)).get("Value")): tree
        for output, tree in _OUTPUTS.items()
    }
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


def _tree(name: str, resource: Json, by_output: Mapping[str | None, str]) -> str:
    config = mapping(properties(resource).get("DistributionConfig"))
    for origin in sequence(config.get("Origins")):
        for header in map(
            mapping, sequence(mapping(origin).get("OriginCustomHeaders"))
        ):
            is_tree = text(header.get("HeaderName")).lower() == TREE_HEADER.lower()
            if is_tree and text(header.get("HeaderValue")) in _OUTPUTS.values():
                return text(header["HeaderValue"])
    shape = _TREE_IN_ID.match(name)
    return by_output.get(name) or (shape[2].lower() if shape else "")


def _pair(name: str) -> str:
    """``shop`` of ``ShopStaticDistribution54E0030E``: how the ids of a pair begin."""
    shape = _TREE_IN_ID.match(name)
    first = shape[1] if shape else _HASH.sub("", name)
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


def _role(kind: ResourceType, users: Iterable[str]) -> str:
    noun = kind.noun
    trees = sorted({role.replace(" distribution", "", 1) for role in users})
    if not trees or noun.startswith("other"):
        return noun
    tree = trees[0] if len(trees) == 1 else "shared"
    # Nothing tells the only distribution of a stack apart.
    return f"{tree} {noun}" if tree != "distribution" else noun


def _unique(named: Mapping[str, str], found: Mapping[str, Json]) -> dict[str, str]:
    """Equal roles get what tells them apart, or else a number."""
    times, counted = Counter(named.values()), Counter[str]()
    roles: dict[str, str] = {}
    for name, role in named.items():
        hint = _hint(found[name]) if times[role] > 1 else ""
        role = f"{role} ({hint})" if hint else role
        counted[role] += 1
        roles[name] = f"{role} {counted[role]}" if counted[role] > 1 else role
    return roles


def _hint(resource: Json) -> str:
    value = properties(resource).get(type_of(resource.get("Type")).hint)
    value = value if isinstance(value, str) else ""
    return re.sub(r"[^A-Za-z0-9_./-]+", " ", value[:200]).strip()[:60]
