"""What changes about stacks as such: whether they exist, what they keep, what they output."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from cdn_model.distribution import DISTRIBUTION
from cdn_model.intrinsics import assignments
from cdn_model.values import Json, mapping, properties, resources, sequence, text
from cdn_review.change import BlockReason, Change, Topic, Trusted
from cdn_review.leaves import Leaf, leaves
from cdn_review.matching import ResourceMatch, Side, roles_of
from cdn_review.rules import Rule, Rules, say, table
from cdn_review.shown import count, listed, plural
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
_OUTPUT_RULES = table(
    Topic.OUTPUTS,
    Rule(
        r"(\w+)\.Value(?:\..*)?",
        "the output {key} is …",
        note=lambda d: _OUTPUT_NOTES.get(d.key, ""),
    ),
    Rule(r"\w+\.(?:Condition|Description)"),
    Rule(r"(\w+)\..*", "the setting {path} of the outputs is …"),
)
_TAG = r"Tags(?:\.Items)?(?:\[(.*)\]\.\w+|\.(.*))"
_TAG_RULES = table(Topic.STACK, Rule(_TAG, "the tag {key} of {which} is …"))
# Sections that matter by themselves. Parameters, mappings and conditions matter where a
# resource uses them, and are compared there.
_SECTIONS = ("Hooks", "Rules")
# Of AWS, and they add nothing from elsewhere.
_HARMLESS_MACROS = frozenset({"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"})
_RETAINING = ("DeletionPolicy", "UpdateReplacePolicy")
_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")


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
    for noun in ("account", "region"):
        before, after = getattr(was, noun), getattr(now, noun)
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
    changed: dict[tuple[bool, tuple[str, ...]], list[ResourceMatch]] = defaultdict(list)
    for one in matches:
        was, now = (
            {key for key in _RETAINING if mapping(side).get(key) in _KEPT}
            for side in (one.before, one.after)
        )
        if one.before is not None and one.after is not None:
            for is_lost, policies in ((True, was - now), (False, now - was)):
                if policies:
                    changed[is_lost, tuple(sorted(policies))].append(one)
    for (is_lost, keys), those in changed.items():
        kinds = {one.type for one in those}
        matters = is_lost and kinds & {DISTRIBUTION, "AWS::S3::Bucket"}
        deleted = "they are deleted when they leave the stack or are replaced"
        yield say(
            Topic.STACK,
            f"{'no longer keeps' if is_lost else 'keeps'} {{}} in the account: {{}}",
            count(len(those), "resource"),
            Trusted(" and ".join(keys)),
            note=deleted if is_lost else "",
            block=BlockReason.PROTECTION_DROPPED if matters else None,
            of=(keys, sorted(one.role for one in those)),
        )


def _macros(
    before: Json, after: Json, matches: Sequence[ResourceMatch]
) -> Iterator[Change]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html"""
    changed = [one for one in matches if one.before != one.after]
    was = _macros_of(before, [one.before for one in changed])
    now = _macros_of(after, [one.after for one in changed])
    if was != now:
        opens = now - was - _HARMLESS_MACROS
        yield say(
            Topic.ACCESS if opens else Topic.STACK,
            "is rewritten at deploy time by {} instead of {}",
            listed(now),
            listed(was),
            note="what a macro makes of it cannot be reviewed here" if opens else "",
            block=BlockReason.ACCESS_WIDENED if opens else None,
            of=(sorted(was), sorted(now)),
        )


def _macros_of(template: Json, changed: Sequence[Json | None]) -> set[str]:
    found = {
        text(mapping(one).get("Name") or one)
        for one in sequence(template.get("Transform"))
    }
    inside = json.dumps(changed).count('"Fn::Transform":')
    return found | ({f"{inside} inside of resources"} if inside else set())


def _tags(matches: Sequence[ResourceMatch]) -> Iterator[Change]:
    """Once for all resources that get the same tag."""
    changed: Counter[tuple[str, Leaf, Leaf]] = Counter()
    for one in matches:
        if one.before is not None and one.after is not None:
            was, now = (
                leaves(properties(side).get("Tags"), "Tags")
                for side in (one.before, one.after)
            )
            changed.update((path, was.get(path), now.get(path)) for path in was | now)
    for (path, before, after), number in changed.items():
        those = count(number, "resource")
        yield from _TAG_RULES.lines({path: before}, {path: after}, those)


def _outputs(before: Side, after: Side) -> Iterator[Change]:
    """Outputs, which the settings of a Django site read."""
    was, now = (mapping(s.stack.template.get("Outputs")) for s in (before, after))
    gone, fail = (
        set(was) - set(now),
        "settings that use them fail with the next outputs file",
    )
    for names, verb, note in (
        (gone & _OURS, "removed", fail),
        (gone - _OURS, "removed", ""),
        (set(now) - set(was), "added", ""),
    ):
        if names:
            outputs = plural(names, "the output {} is", "the outputs {} are")
            yield say(Topic.OUTPUTS, f"{outputs} {verb}", listed(names), note=note)
    changed = set(was) & set(now)
    if before.reads_like(after):
        changed = {name for name in changed if was[name] != now[name]}
    sides = (before.stack.template, was.values()), (after.stack.template, now.values())
    for choice in assignments(*sides) if changed else ():
        earlier, later = (
            leaves(
                {
                    name: side.resolver(choice).resolve(all_of_it[name])
                    for name in changed
                }
            )
            for side, all_of_it in ((before, was), (after, now))
        )
        yield from _OUTPUT_RULES.lines(earlier, later)


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
