"""Every resource but distributions: what is added, removed, replaced or changed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.intrinsics import Assignment, assignments, describe_condition
from cdn_model.resource_types import UNIQUE_NAMES, immutable_properties, with_defaults
from cdn_model.values import Json, canonical, mapping, properties, reference, text
from cdn_review.bucket_policy import (
    BUCKET_POLICY,
    CDN_REFUSED,
    lets_in_cdn,
    policy_lines,
    remaining,
)
from cdn_review.change import BlockReason, Change, Message, Tag, Topic, format_message
from cdn_review.leaves import Leaves, leaves
from cdn_review.matching import ResourceMatch, Side
from cdn_review.resources import ResourceType
from cdn_review.rules import Rules, say, within
from cdn_review.rules_resources import (
    DERIVED,
    OPENED,
    REMOVED_BLOCKS,
    RESOURCE_RULES,
    opened,
    uses_of_set,
)

_PUBLIC_KEY = f"{CLOUDFRONT}PublicKey"
# Types that open or close another resource, by the property that names it.
_ATTACHED = {
    "AWS::EC2::SecurityGroupIngress": "GroupId",
    "AWS::Lambda::Permission": "FunctionName",
    BUCKET_POLICY: "Bucket",
}
_SETS = ("AWS::WAFv2::IPSet", "AWS::WAFv2::RegexPatternSet")
_WEB_ACLS = ("AWS::WAFv2::RuleGroup", "AWS::WAFv2::WebACL")
_POLICIES = (
    *("CachePolicy", "OriginAccessControl"),
    *("OriginRequestPolicy", "ResponseHeadersPolicy"),
)
INLINED: Mapping[str, str] = {
    **{f"{CLOUDFRONT}{name}": rf"{name}Config.*" for name in _POLICIES},
    f"{CLOUDFRONT}KeyGroup": r"KeyGroupConfig\.(Items|Name|Comment).*",
    f"{CLOUDFRONT}PublicKey": r"PublicKeyConfig\.Comment",
    f"{CLOUDFRONT}Function": r"FunctionCode|FunctionConfig.*",
    "AWS::Lambda::Function": r"(Code|Handler|Layers|MemorySize|Runtime|Timeout)\b.*",
    "AWS::Lambda::Version": r".*",
}
"""The settings that are compared where a distribution uses a resource of the type."""
# What they do is said of the distributions that use them.
_QUIET = {name for name in INLINED if re.search("Policy|Key|Control", name)}


def resource_lines(
    before: Side, after: Side, matches: Sequence[ResourceMatch], inlined: Set[str]
) -> Iterator[tuple[str, Change]]:
    """One line for equal changes of several resources of a type, with their role.

    :param inlined: Roles of resources whose settings are compared with distributions.
    """
    together: dict[tuple[ResourceType, Change], list[str]] = defaultdict(list)
    for one in matches:
        if one.type != DISTRIBUTION:
            for line in dict.fromkeys(_lines(one, before, after, matches, inlined)):
                together[one.kind, line].append(one.role)
    for (kind, line), roles in together.items():
        role = roles[0] if len(roles) == 1 else f"{len(roles)} {kind.nouns}"
        if kind.is_group:
            role = kind.nouns
        elif kind.topic is Topic.OTHER:
            role = re.sub(r" \d+$", "", role)
        first, *rest = line.message
        is_plural = kind.nouns.endswith("s") if kind.is_group else len(roles) > 1
        if is_plural and str(first).startswith("is "):
            first = f"are {str(first)[3:]}"
        yield role, replace(line, message=(first, *rest))


def _lines(
    one: ResourceMatch,
    before: Side,
    after: Side,
    matches: Sequence[ResourceMatch],
    inlined: Set[str],
) -> Iterator[Change]:
    if one.after is None:
        yield from _removed(one, matches)
        return
    if one.before is None:
        yield from _added(one, matches)
        return
    if one.is_replaced and _keeps_name(one):
        yield say(
            one.kind.topic,
            "is made anew under the name that it has: {}",
            text(_at(one.after, UNIQUE_NAMES[one.type][0])),
            note="the deploy fails, because the earlier one still has the name",
        )
        return
    is_set = one.type in _SETS
    uses = uses_of_set(one.id_after, after.of_types(_WEB_ACLS)) if is_set else {}

    def lines(choice: Assignment) -> Iterator[Change]:
        was, now = (
            dict(properties(side.resolver(choice).resolve(resource)))
            for side, resource in ((before, one.before), (after, one.after))
        )
        return _differences(one, was, now, uses, inlined)

    yield from by_condition(before, [one.before], after, [one.after], lines)
    condition = text(one.after.get("Condition"))
    if condition and condition != text(one.before.get("Condition")):
        message = "exists only where the condition {} holds"
        yield say(Topic.STACK, message, condition, note="it is deleted elsewhere")
    elif not condition and "Condition" in one.before:
        yield say(Topic.STACK, "exists always")


def by_condition(
    before: Side,
    was: Sequence[Json | None],
    after: Side,
    now: Sequence[Json | None],
    lines: Callable[[Assignment], Iterable[Change]],
) -> Iterator[Change]:
    """The lines under each choice of conditions that makes others of these resources."""
    templates = before.stack.template, after.stack.template
    choices = assignments((templates[0], was), (templates[1], now))
    found: dict[Change, list[Assignment]] = defaultdict(list)
    for choice in choices:
        for line in dict.fromkeys(lines(choice)):
            found[line].append(choice)
    for line, held in found.items():
        where, values = _condition(held, choices, templates)
        yield within(line, where, *values) if where else line


def _condition(
    held: Sequence[Assignment], choices: Sequence[Assignment], templates: Iterable[Json]
) -> tuple[Message, tuple[object, ...]]:
    """Under which conditions a line holds: nothing if it always does."""
    if len(held) == len(choices):
        return (), ()
    fixed = {
        atom: value
        for atom, value in held[0].items()
        if all(choice.get(atom) == value for choice in held)
    }
    matching = [c for c in choices if all(c.get(a) == v for a, v in fixed.items())]
    values = ([dict(choice) for choice in held],)
    if len(matching) != len(held):
        return format_message("under some conditions: "), values
    parts: list[Message] = []
    for atom, value in fixed.items():
        kind, name, literal = describe_condition(atom, templates)
        verb, holds = ("is", "holds") if value else ("is not", "does not hold")
        if name == "AWS::Region":
            part = format_message(f"the region {verb} {{}}", literal)
        elif kind == "parameter":
            part = format_message(f"the parameter {{}} {verb} {{}}", name, literal)
        else:
            part = format_message(f"the condition {{}} {holds}", name)
        parts.append((" and " if parts else "where ", *part))
    return (*(piece for part in parts for piece in part), ": "), values


def _differences(
    one: ResourceMatch,
    before: dict[str, Any],
    after: dict[str, Any],
    uses: Leaves,
    inlined: Set[str],
) -> Iterator[Change]:
    changed = {
        key for key in before | after if before.get(key) != after.get(key)
    } & immutable_properties().get(one.type, frozenset())
    lines: list[Change] = []
    for key in sorted(before | after):
        if key.endswith(("PolicyDocument", "KeyPolicy")):
            documents = before.get(key), after.get(key)
            lines += policy_lines(one.type, *documents)
            before[key], after[key] = remaining(*documents)
    elsewhere = INLINED[one.type] if one.role in inlined else ""
    covered = re.compile(rf"Tags\b.*|{elsewhere}")
    was, now = (
        {
            path: leaf
            for path, leaf in _resource_leaves(one.type, side).items()
            if not covered.fullmatch(path)
        }
        for side in (before, after)
    )
    fallback = replace(Rules(()).fallback, topic=one.kind.topic)
    rules = RESOURCE_RULES.get(one.type, Rules((), fallback))
    lines += rules.lines({**was, **uses}, {**now, **uses})
    if one.type == _PUBLIC_KEY and one.is_replaced:
        lines = []
    is_new = one.is_replaced and (lines or one.kind.replaced)
    if is_new or (lines and changed):
        notes = filter(None, (one.kind.added, one.kind.replaced))
        yield say(one.kind.topic, "is replaced", note="; ".join(notes))
    yield from lines


def _resource_leaves(resource_type: str, properties: Json) -> Leaves:
    """The leaves of a resource, with one for what belongs together."""
    derive = DERIVED.get(resource_type)
    filled = dict(with_defaults(resource_type, properties))
    found, rest = derive(filled) if derive else ({}, filled)
    found |= leaves(rest)
    for path in [path for path in found if path.endswith("RateBasedStatement.Limit")]:
        found.setdefault(f"{path[:-5]}EvaluationWindowSec", 300)
    return found


def _added(one: ResourceMatch, matches: Sequence[ResourceMatch]) -> Iterator[Change]:
    settings = properties(one.after)
    attached_to = reference(settings.get(_ATTACHED.get(one.type, "")))
    comes_along = any(m.before is None and m.id_after == attached_to for m in matches)
    is_policy = one.type == BUCKET_POLICY
    note, block = "; ".join(filter(None, (one.kind.added, one.kind.price))), None
    is_open = opened(one.type, {}, _resource_leaves(one.type, settings))
    if is_open and one.type in _ATTACHED and not comes_along:
        note, block = OPENED, BlockReason.ORIGIN_OPENED
    if one.type not in _QUIET and not (is_policy and comes_along):
        yield say(
            one.kind.topic,
            *_with_name("is added", one.kind, one.after),
            note=note,
            block=block,
            tags=(Tag.COST,) if one.kind.price else (),
            of=("added", one.type, canonical(settings)),
        )
    if is_policy:
        yield from policy_lines(one.type, None, settings.get("PolicyDocument"))


def _removed(one: ResourceMatch, matches: Sequence[ResourceMatch]) -> Iterator[Change]:
    if one.type in _QUIET:
        return
    kept, settings = is_kept(one.before), properties(one.before)
    note = "kept in the account, outside the stack" if kept else one.kind.removed
    if one.type == BUCKET_POLICY and not kept:
        bucket = reference(settings.get("Bucket"))
        goes_along = any(m.after is None and m.id_before == bucket for m in matches)
        lets_in = lets_in_cdn(settings.get("PolicyDocument"))
        note = CDN_REFUSED if lets_in and not goes_along else ""
    yield say(
        one.kind.topic,
        *_with_name("is removed", one.kind, one.before),
        note=note,
        block=None if kept else REMOVED_BLOCKS.get(one.type),
        of=("removed", one.type, one.role),
    )


def is_kept(resource: Json | None) -> bool:
    """Whether a resource stays in the account when it leaves the stack."""
    return mapping(resource).get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")


def _with_name(verb: str, kind: ResourceType, resource: Json | None) -> tuple[str, ...]:
    """With the name that a reader knows it by, if it has one."""
    name = properties(resource).get("Name") if kind.hint == "Name" else None
    return (f"{verb}: {{}}", name.rstrip(".")) if isinstance(name, str) else (verb,)


def _keeps_name(one: ResourceMatch) -> bool:
    """Whether it comes under another logical id with the name of what goes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """
    paths = UNIQUE_NAMES.get(one.type, ())
    was, now = (
        [text(_at(side, path)) for path in paths] for side in (one.before, one.after)
    )
    return was == now and bool(was and was[0])


def _at(resource: Json | None, path: str) -> object:
    value: object = properties(resource)
    for key in path.split("."):
        value = mapping(value).get(key)
    return value
