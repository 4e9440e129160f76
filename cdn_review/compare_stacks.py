"""What changes about stacks as such: whether they exist, what they keep, what they output."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.intrinsics import assignments
from cdn_model.quotas import POLICIES_PER_ACCOUNT
from cdn_model.values import (
    Json,
    is_computed,
    mapping,
    properties,
    resources,
    sequence,
    text,
)
from cdn_review.change import BlockReason, Change, Topic, Trusted
from cdn_review.leaves import Leaf, leaf, leaves
from cdn_review.matching import ResourceMatch, Side, roles_of
from cdn_review.resources import RESOURCE_TYPES
from cdn_review.rules import Rules, same, say
from cdn_review.shown import count, listed, plural, shown_pair
from cdn_review.snapshot import NESTED, Snapshot, Stack
from dj_cloudfront.contract import Output

_OURS = frozenset(str(output) for output in Output)
_IN_URLS = "pages use it in their URLs with the next outputs file"
_OUTPUT_NOTES = {
    **{name: _IN_URLS for name in _OURS if name.endswith("DomainName")},
    str(Output.MEDIA_KEY_PAIR_ID): (
        "the server has to sign with another key: it needs the new id and private key"
    ),
}
# Sections that matter by themselves. Parameters, mappings and conditions matter where a
# resource uses them, and are compared there.
_SECTIONS = ("Hooks", "Rules")
# Of AWS, and they add nothing from elsewhere.
_HARMLESS_MACROS = frozenset({"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"})
_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")
_POLICIES = tuple(
    f"{CLOUDFRONT}{kind}"
    for kind in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy")
)


def role_of(stack: Stack) -> str:
    return "nested stack" if NESTED in stack.name else "stack"


def removed_stack(stack: Stack, after: Snapshot) -> Change:
    """A stack that leaves the app stays in the account, but nothing takes care of it.

    With another name its distributions are made a second time, while DNS leads to the
    first ones. A nested stack is a resource of the stack around it and is deleted.
    """
    message = "is no longer part of the app"
    note = "a deploy does not delete it: it stays as it is until cdk destroy"
    outer, nested, _ = stack.name.partition(NESTED)
    if nested and outer in after.stacks:
        message, note = "is deleted", "with everything that has no DeletionPolicy"
    has_distributions = bool(resources(stack.template, DISTRIBUTION))
    block = BlockReason.DISTRIBUTION_DELETED if has_distributions else None
    return say(Topic.REPLACEMENT, message, note=note, block=block, of=(stack.name,))


def stack_lines(
    before: Side, after: Side, matches: Sequence[ResourceMatch]
) -> Iterator[Change]:
    """What is not said of any one resource."""
    was, now = before.stack, after.stack
    yield from _place(was, now)
    yield from _protection(was, now)
    yield from _kept(matches)
    yield from _macros(was.template, now.template, matches)
    yield from _tags(matches)
    for section in _SECTIONS:
        first, second = (leaves(s.template.get(section), section) for s in (was, now))
        yield from Rules(()).lines(first, second)
    yield from _outputs(before, after)


def _place(was: Stack, now: Stack) -> Iterator[Change]:
    places = (
        ("account", was.account, now.account),
        ("region", was.region, now.region),
    )
    for noun, before, after in places:
        if before and after and before != after:
            yield say(
                Topic.REPLACEMENT,
                f"moves to the {noun} {{}} from {{}}",
                after,
                before,
                note="everything in it is made anew there, and what exists stays behind",
                block=BlockReason.DISTRIBUTION_REPLACED,
                of=(noun, before, after),
            )


def _protection(was: Stack, now: Stack) -> Iterator[Change]:
    if was.termination_protection and not now.termination_protection:
        yield say(
            Topic.STACK,
            "loses its termination protection",
            note="it can be deleted by mistake",
            block=BlockReason.PROTECTION_DROPPED,
            of=("TerminationProtection",),
        )
    if now.termination_protection and not was.termination_protection:
        yield say(Topic.STACK, "gains termination protection")


def _kept(matches: Sequence[ResourceMatch]) -> Iterator[Change]:
    """Whether resources stay in the account when they leave the stack, or are replaced."""
    changed: dict[tuple[bool, str], dict[str, str]] = defaultdict(dict)
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        for one in matches:
            was, now = (
                mapping(r).get(policy) in _KEPT for r in (one.before, one.after)
            )
            if was != now and one.before is not None and one.after is not None:
                changed[was, policy][one.role] = one.type
    groups: dict[tuple[bool, tuple[str, ...]], list[str]] = defaultdict(list)
    for (lost, policy), types in changed.items():
        groups[lost, tuple(sorted(types))].append(policy)
    for (lost, roles), policies in groups.items():
        kinds = {changed[lost, policies[0]][role] for role in roles}
        matters = lost and kinds & {DISTRIBUTION, "AWS::S3::Bucket"}
        yield say(
            Topic.STACK,
            f"{'no longer keeps' if lost else 'keeps'} {{}} in the account: {{}}",
            count(len(roles), "resource"),
            Trusted(" and ".join(policies)),
            note="they are deleted when they leave the stack or are replaced"
            if lost
            else "",
            block=BlockReason.PROTECTION_DROPPED if matters else None,
            of=(policies, roles),
        )


def _macros(
    before: Json, after: Json, matches: Sequence[ResourceMatch]
) -> Iterator[Change]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html"""
    was, now = _macros_of(before), _macros_of(after)
    changed = [one for one in matches if one.before != one.after]
    inside = (
        sum(_transforms(one.before) for one in changed),
        sum(_transforms(one.after) for one in changed),
    )
    if inside[0] != inside[1] and inside[1]:
        now |= {"inside of resources"}
    if was != now:
        opens = now - _HARMLESS_MACROS
        yield say(
            Topic.ACCESS if opens else Topic.STACK,
            "is rewritten at deploy time by {} instead of {}",
            listed(now),
            listed(was),
            note="what a macro makes of it cannot be reviewed here" if opens else "",
            block=BlockReason.ACCESS_WIDENED if opens else None,
            of=(sorted(was), sorted(now), inside),
        )


def _macros_of(template: Json) -> set[str]:
    found = sequence(template.get("Transform"))
    return {text(mapping(one).get("Name") or one) for one in found}


def _transforms(value: object) -> int:
    """How many transforms are inside of a resource."""
    if isinstance(value, dict):
        return ("Fn::Transform" in value) + sum(map(_transforms, value.values()))
    return sum(map(_transforms, value)) if isinstance(value, list) else 0


def _tags(matches: Sequence[ResourceMatch]) -> Iterator[Change]:
    """Once for all resources that get the same tag."""
    changed: Counter[tuple[str, Leaf, Leaf]] = Counter()
    for one in matches:
        if one.before is None or one.after is None:
            continue
        was, now = (
            _tags_of(properties(side).get("Tags")) for side in (one.before, one.after)
        )
        for key in was.keys() | now.keys():
            if not same(was.get(key), now.get(key)):
                changed[key, was.get(key), now.get(key)] += 1
    for (key, first, second), number in changed.items():
        before, after = shown_pair(first, second)
        place = key, count(number, "resource")
        yield say(
            Topic.STACK, "the tag {} of {} is {} instead of {}", *place, after, before
        )


def _tags_of(tags: object) -> dict[str, Leaf]:
    if isinstance(tags, dict) and "Items" not in tags and not is_computed(tags):
        return {key: leaf(value) for key, value in tags.items()}
    found: dict[str, Leaf] = {}
    for number, tag in enumerate(sequence(tags), 1):
        key = mapping(tag).get("Key")
        name = key if isinstance(key, str) else f"number {number}"
        found[name] = leaf(mapping(tag).get("Value", tag))
    return found


def _outputs(before: Side, after: Side) -> Iterator[Change]:
    """Outputs, which the settings of a Django site read."""
    was, now = (mapping(s.stack.template.get("Outputs")) for s in (before, after))
    gone = set(was) - set(now)
    for names, verb, note in (
        (
            gone & _OURS,
            "removed",
            "settings that use them fail with the next outputs file",
        ),
        (gone - _OURS, "removed", ""),
        (set(now) - set(was), "added", ""),
    ):
        if names:
            outputs = plural(names, "the output {} is", "the outputs {} are")
            yield say(Topic.OUTPUTS, f"{outputs} {verb}", listed(names), note=note)
    changed = sorted(set(was) & set(now))
    if before.reads_like(after):
        changed = [name for name in changed if was[name] != now[name]]
    sides = (before.stack.template, was.values()), (after.stack.template, now.values())
    for choice in assignments(*sides) if changed else ():
        for name in changed:
            earlier = _output_leaves(before.resolver(choice).resolve(was[name]))
            later = _output_leaves(after.resolver(choice).resolve(now[name]))
            yield from _output_values(name, earlier, later)


def _output_leaves(output: object) -> dict[str, Leaf]:
    ignored = ("Condition", "Description")
    parts = {k: part for k, part in mapping(output).items() if k not in ignored}
    return leaves(parts)


def _output_values(
    name: str, was: dict[str, Leaf], now: dict[str, Leaf]
) -> Iterator[Change]:
    for path in sorted(was.keys() | now.keys()):
        if not same(was.get(path), now.get(path)):
            before, after = shown_pair(was.get(path), now.get(path))
            is_value = path == "Value"
            yield say(
                Topic.OUTPUTS,
                f"the {'' if is_value else f'{path} of the '}output {{}} is {{}} instead of {{}}",
                name,
                after,
                before,
                note=_OUTPUT_NOTES.get(name, "") if is_value else "",
            )


# --- Across stacks ---


def moved_names(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str, Change]]:
    """Domain names that a deploy cannot give, because another distribution has them until
    the deploy is through.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move.html
    """
    was, now = _aliases(before), _aliases(after)
    staying = {name for place in was.keys() & now.keys() for name in was[place]}
    leaving: dict[str, set[str]] = defaultdict(set)
    for place in was.keys() - now.keys():
        for name in was[place]:
            leaving[name].add(place[0])
    for place, aliases in now.items():
        # A new distribution replaces one of its stack that goes.
        own = {place[0]} if place not in was else set()
        taken = {
            name
            for name in aliases - was.get(place, frozenset())
            if name in staying or leaving.get(name, set()) - own
        }
        if taken:
            role = roles_of(after.stacks[place[0]].template)[place[1]]
            line = say(
                Topic.DOMAINS,
                "takes over from another distribution: {}",
                listed(taken),
                note="the deploy fails with CNAMEAlreadyExists: move the names first",
            )
            yield place[0], role, line


def _aliases(side: Snapshot) -> dict[tuple[str, str], frozenset[str]]:
    found = {}
    for stack in side.stacks.values():
        for name, resource in resources(stack.template, DISTRIBUTION).items():
            config = mapping(properties(resource).get("DistributionConfig"))
            names = sequence(config.get("Aliases")) + sequence(config.get("CNAMEs"))
            texts = (one.lower() for one in names if isinstance(one, str))
            found[stack.name, name] = frozenset(texts)
    return found


def policy_counts(
    before: Snapshot, after: Snapshot
) -> Iterator[tuple[str, str, Change]]:
    """How many policies the app has of those that an account may have, when it grows."""
    earlier, later = _policies(before), _policies(after)
    for kind in _POLICIES:
        totals: Counter[str] = Counter()
        for name, stack in after.stacks.items():
            totals[stack.account] += later[name, kind]
        for name, stack in after.stacks.items():
            total = totals[stack.account]
            grows = later[name, kind] > earlier[name, kind]
            if grows and total > POLICIES_PER_ACCOUNT // 2:
                line = say(
                    Topic.POLICIES,
                    "this app has {} of the {} that an account may have",
                    Trusted(total),
                    Trusted(POLICIES_PER_ACCOUNT),
                    note="the deploy fails unless the quota was raised"
                    if total > POLICIES_PER_ACCOUNT
                    else "",
                )
                yield name, RESOURCE_TYPES[kind].nouns, line


def _policies(side: Snapshot) -> Counter[tuple[str, str]]:
    return Counter(
        (stack.name, text(resource.get("Type")))
        for stack in side.stacks.values()
        for resource in resources(stack.template).values()
    )
