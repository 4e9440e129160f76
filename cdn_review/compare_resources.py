"""Every resource but distributions: what is added, removed, replaced or changed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.resource_types import UNIQUE_NAMES, immutable_properties
from cdn_model.template import Resolver, assignments
from cdn_model.values import Json, mapping, properties, reference, text
from cdn_review.bucket_policy import remaining
from cdn_review.change import BlockReason, Change, Tag, Topic
from cdn_review.compare_stacks import Subject
from cdn_review.matching import Match
from cdn_review.message import Message, format_message
from cdn_review.resources import ResourceType, type_of
from cdn_review.rules import Line, Rules, within
from cdn_review.rules_resources import (
    REMOVED_BLOCKS,
    RESOURCE_RULES,
    other_lines,
    policy_lines,
    resource_leaves,
)
from cdn_review.snapshot import Stack

_MOST_UNKNOWN = 20
_BUCKET, _BUCKET_POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
_KEPT = ("Retain", "RetainExceptOnCreate")
_PUBLIC_KEY = f"{CLOUDFRONT}PublicKey"
# Types whose settings are told one by one.
_SITE_SERVICES = (
    *(
        "AWS::CertificateManager::",
        "AWS::CloudFront::",
        "AWS::Logs::",
        "AWS::Route53::",
    ),
    *("AWS::S3::", "AWS::SNS::", "AWS::WAFv2::"),
)
INLINED: Mapping[str, str] = {
    f"{CLOUDFRONT}CachePolicy": r"CachePolicyConfig.*",
    f"{CLOUDFRONT}Function": r"FunctionCode|FunctionConfig.*",
    f"{CLOUDFRONT}KeyGroup": r"KeyGroupConfig\.(Items|Name|Comment).*",
    f"{CLOUDFRONT}OriginAccessControl": r"OriginAccessControlConfig.*",
    f"{CLOUDFRONT}OriginRequestPolicy": r"OriginRequestPolicyConfig.*",
    f"{CLOUDFRONT}PublicKey": r"PublicKeyConfig\.Comment",
    f"{CLOUDFRONT}ResponseHeadersPolicy": r"ResponseHeadersPolicyConfig.*",
    "AWS::Lambda::Function": r"(Code|Handler|Layers|MemorySize|Runtime|Timeout)\b.*",
    "AWS::Lambda::Version": r".*",
}
"""The settings that are compared where a distribution uses a resource of the type."""
_POLICY_TYPES = re.compile(rf"{CLOUDFRONT}(Cache|OriginRequest|ResponseHeaders)Policy")


def resource_changes(
    was: Stack,
    now: Stack,
    environment: str,
    matches: Sequence[Match],
    inlined: set[str],
) -> Iterator[Change]:
    """One line for equal changes of several resources of a type.

    :param inlined: Roles of resources whose settings are compared with distributions.
    """
    names = (
        {one.id_before: one.role for one in matches},
        {one.id_after: one.role for one in matches},
    )
    renamed = any(one.is_replaced for one in matches)
    same_sections = all(
        was.template.get(section) == now.template.get(section)
        for section in ("Conditions", "Mappings", "Parameters")
    )
    together: dict[tuple[str, Line], list[str]] = defaultdict(list)
    for one in matches:
        unchanged = one.before == one.after and same_sections and not renamed
        if unchanged or one.type == DISTRIBUTION:
            continue
        used = one.role in inlined
        for line in dict.fromkeys(_lines(one, was, now, names, matches, used)):
            together[one.type, line].append(one.role)
    unknown = 0
    for (resource_type, line), roles in together.items():
        kind = type_of(resource_type)
        if kind.topic is Topic.OTHER and not line.block:
            unknown += 1
            if unknown > _MOST_UNKNOWN:
                continue
        role = _role(kind, roles)
        subject = Subject(stack=now.name, environment=environment, role=role)
        yield subject.change(_in_number(line, kind, roles))
    if unknown > _MOST_UNKNOWN:
        rest = Line(
            topic=Topic.OTHER,
            message=(f"and {unknown - _MOST_UNKNOWN} more changes of other types",),
        )
        subject = Subject(
            stack=now.name, environment=environment, role="other resources"
        )
        yield subject.change(rest)


def _in_number(line: Line, kind: ResourceType, roles: Sequence[str]) -> Line:
    """``is added`` or ``are added``."""
    first, *rest = line.message
    if not (
        isinstance(first, str) and first.startswith(("added", "removed", "replaced"))
    ):
        return line
    plural = kind.nouns.endswith("s") if kind.is_group else len(roles) > 1
    return replace(line, message=(f"{'are' if plural else 'is'} {first}", *rest))


def _role(kind: ResourceType, roles: Sequence[str]) -> str:
    if kind.is_group:
        return kind.nouns
    if len(roles) == 1:
        return (
            roles[0]
            if kind.topic is not Topic.OTHER
            else re.sub(r" \d+$", "", roles[0])
        )
    return f"{len(roles)} {kind.nouns}"


def _lines(
    one: Match,
    was: Stack,
    now: Stack,
    names: tuple[Mapping[str, str], Mapping[str, str]],
    matches: Sequence[Match],
    inlined: bool,
) -> Iterator[Line]:
    kind = type_of(one.type)
    if one.before is None or one.after is None:
        line = (
            _added(one, kind, was, now, matches)
            if one.before is None
            else _removed(one, kind)
        )
        if line is not None:
            yield line
        if one.type == _BUCKET_POLICY and one.after is not None:
            yield from policy_lines(None, properties(one.after).get("PolicyDocument"))
        return
    if one.is_replaced and _keeps_name(one):
        yield Line(
            topic=kind.topic,
            message=format_message(
                "is made anew under the name that it has: {}", _name(one)
            ),
            note="the deploy fails, because the earlier one still has the name",
        )
        return
    choices = assignments((was.template, [one.before]), (now.template, [one.after]))
    found: dict[Line, int] = defaultdict(int)
    for choice in choices:
        sides = [
            mapping(
                Resolver(stack.template, choice, ids, stack.region).resolve(resource)
            )
            for stack, ids, resource in (
                (was, names[0], one.before),
                (now, names[1], one.after),
            )
        ]
        for line in dict.fromkeys(_differences(one, kind, inlined, *sides)):
            found[line] += 1
    for line, times in found.items():
        some = times < len(choices)
        yield within(line, format_message("under some conditions: ")) if some else line
    yield from _condition(one, kind)


def _condition(one: Match, kind: ResourceType) -> Iterator[Line]:
    was, now = (
        text(mapping(side).get("Condition")) for side in (one.before, one.after)
    )
    if was != now:
        message = "exists only where the condition {} holds" if now else "exists always"
        yield Line(
            topic=Topic.STACK,
            message=format_message(message, *([now] if now else [])),
            note="it is deleted elsewhere" if now else "",
        )


def _differences(
    one: Match, kind: ResourceType, inlined: bool, before: Json, after: Json
) -> Iterator[Line]:
    sides = [
        {key: value for key, value in properties(side).items() if key != "Tags"}
        for side in (before, after)
    ]
    lines: list[Line] = []
    for key in sorted(sides[0] | sides[1]):
        if key.endswith("PolicyDocument"):
            documents = [side.get(key) for side in sides]
            if one.type == _BUCKET_POLICY:
                lines += policy_lines(*documents)
            for side, document in zip(sides, remaining(*documents), strict=True):
                side[key] = document
    was, now = (resource_leaves(one.type, side) for side in sides)
    if inlined:
        covered = re.compile(INLINED[one.type])
        was, now = (
            {path: leaf for path, leaf in side.items() if not covered.fullmatch(path)}
            for side in (was, now)
        )
    rules = RESOURCE_RULES.get(one.type)
    if rules is None and not one.type.startswith(_SITE_SERVICES):
        lines += other_lines(was, now)
    else:
        own = rules or Rules((), fallback=replace(Rules(()).fallback, topic=kind.topic))
        lines += own.lines(was, now)
    if one.type == _PUBLIC_KEY and one.is_replaced:
        lines = []
    immutable = immutable_properties().get(one.type, frozenset())
    changed = {
        key for key in sides[0] | sides[1] if sides[0].get(key) != sides[1].get(key)
    }
    is_new = one.is_replaced and (lines or kind.replaced)
    if is_new or (lines and changed & immutable):
        yield Line(
            topic=kind.topic,
            message=format_message("replaced"),
            note="; ".join(n for n in (kind.added, kind.replaced) if n),
        )
    yield from lines


def _added(
    one: Match, kind: ResourceType, was: Stack, now: Stack, matches: Sequence[Match]
) -> Line | None:
    if one.type == _BUCKET_POLICY and _with_bucket(
        one.after, "id_after", "before", matches
    ):
        return None
    if _POLICY_TYPES.fullmatch(one.type) or one.type in _QUIET:
        return None
    note = "; ".join(part for part in (kind.added, kind.price) if part)
    return Line(
        topic=kind.topic,
        message=_with_name("added", kind, one.after),
        note=note,
        tags=(Tag.COST,) if kind.price else (),
    )


# What they do is said of the distributions that use them.
_QUIET = frozenset(
    f"{CLOUDFRONT}{kind}" for kind in ("KeyGroup", "OriginAccessControl", "PublicKey")
)


def _removed(one: Match, kind: ResourceType) -> Line | None:
    if _POLICY_TYPES.fullmatch(one.type) or one.type in _QUIET:
        return None
    kept = mapping(one.before).get("DeletionPolicy") in _KEPT
    block: BlockReason | None = None if kept else REMOVED_BLOCKS.get(one.type)
    return Line(
        topic=kind.topic,
        message=_with_name("removed", kind, one.before),
        note="it stays in the account, outside the stack"
        if kept
        else kind.removed,
        block=block,
        values=("removed", one.type, one.role),
    )


def _with_name(verb: str, kind: ResourceType, resource: Json | None) -> Message:
    """With the name that a reader knows it by, if it has one."""
    name = properties(resource).get("Name") if kind.hint == "Name" else None
    if not isinstance(name, str):
        return format_message(verb)
    return format_message(f"{verb}: {{}}", name.rstrip("."))


def _with_bucket(
    resource: Json | None, attribute: str, other: str, matches: Sequence[Match]
) -> bool:
    """Whether a bucket brings its policy along."""
    bucket = reference(properties(resource).get("Bucket"))
    return any(
        one.type == _BUCKET
        and getattr(one, attribute) == bucket
        and getattr(one, other) is None
        for one in matches
    )


def _keeps_name(one: Match) -> bool:
    """Whether it comes under another logical id with the name of what goes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """
    paths = UNIQUE_NAMES.get(one.type, ())
    sides = [
        [text(_at(side, path)) for path in paths] for side in (one.before, one.after)
    ]
    return bool(paths) and bool(sides[0][0]) and sides[0] == sides[1]


def _name(one: Match) -> str:
    return text(_at(one.after, UNIQUE_NAMES[one.type][0]))


def _at(resource: Json | None, path: str) -> object:
    value: object = properties(resource)
    for key in path.split("."):
        value = mapping(value).get(key)
    return value
