"""What changes about stacks as such: whether they exist, what they keep, what they output."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.template import Resolver, assignments
from cdn_model.values import (
    Json,
    is_computed,
    mapping,
    properties,
    resources,
    sequence,
    text,
)
from cdn_review.change import BlockReason, Change, Topic
from cdn_review.leaves import Leaf, leaf, leaves
from cdn_review.matching import Match, roles_of
from cdn_review.message import Trusted, format_message
from cdn_review.resources import RESOURCE_TYPES
from cdn_review.rules import Line, Rules, count, listed, same, shown_pair
from cdn_review.snapshot import NESTED, Snapshot, Stack
from dj_cloudfront.contract import Output

_OURS = frozenset(str(output) for output in Output)
_IN_URLS = frozenset(name for name in _OURS if name.endswith("DomainName"))
# Sections that matter by themselves. Parameters, mappings and conditions matter where a
# resource uses them, and are compared there.
_SECTIONS = ("Hooks", "Rules")
# Of AWS, and they add nothing from elsewhere.
_HARMLESS_MACROS = frozenset({"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"})
_POLICIES = tuple(
    f"{CLOUDFRONT}{kind}"
    for kind in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy")
)
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
POLICY_QUOTA = 20


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What changes are about."""

    stack: str
    environment: str
    role: str

    @classmethod
    def of_stack(cls, stack: Stack, environment: str) -> Subject:
        role = "nested stack" if NESTED in stack.name else "stack"
        return cls(stack=stack.name, environment=environment, role=role)

    def change(self, line: Line) -> Change:
        return Change(
            stack=self.stack,
            environment=self.environment,
            role=self.role,
            topic=line.topic,
            message=line.message,
            note=line.note,
            block=line.block,
            tags=line.tags,
            fingerprint=line.fingerprint,
        )


def removed_stack(stack: Stack, environment: str, after: Snapshot) -> Iterator[Change]:
    """A stack that leaves the app stays in the account, but nothing takes care of it.

    With another name its distributions are made a second time, while DNS leads to the
    first ones. A nested stack is a resource of the stack around it and is deleted.
    """
    outer, nested, _ = stack.name.partition(NESTED)
    message, note = (
        "is no longer part of the app",
        "a deploy does not delete it: it stays",
    )
    note = f"{note} as it is until cdk destroy"
    if nested and outer in after.stacks:
        message, note = "is deleted", "with everything that has no DeletionPolicy"
    has_distributions = bool(resources(stack.template, DISTRIBUTION))
    yield Subject.of_stack(stack, environment).change(
        Line(
            topic=Topic.REPLACEMENT,
            message=format_message(message),
            note=note,
            block=BlockReason.DISTRIBUTION_DELETED if has_distributions else None,
            values=(stack.name,),
        )
    )


def stack_changes(
    was: Stack, now: Stack, environment: str, matches: Sequence[Match]
) -> Iterator[Change]:
    """What is not said of any one resource."""
    subject = Subject.of_stack(now, environment)
    for lines in (
        _place(was, now),
        _protection(was, now),
        _kept(matches),
        _macros(was.template, now.template, matches),
        _tags(matches),
        _sections(was.template, now.template),
        _outputs(was, now, matches),
    ):
        yield from map(subject.change, lines)


def _place(was: Stack, now: Stack) -> Iterator[Line]:
    for noun, before, after in (
        ("account", was.account, now.account),
        ("region", was.region, now.region),
    ):
        if before and after and before != after:
            yield Line(
                topic=Topic.REPLACEMENT,
                message=format_message(
                    f"moves to the {noun} {{}} from {{}}", after, before
                ),
                note="everything in it is made anew there, and what exists stays behind",
                block=BlockReason.DISTRIBUTION_REPLACED,
                values=(noun, before, after),
            )


def _protection(was: Stack, now: Stack) -> Iterator[Line]:
    if was.termination_protection and not now.termination_protection:
        yield Line(
            topic=Topic.STACK,
            message=format_message("loses its termination protection"),
            note="it can be deleted by mistake",
            block=BlockReason.PROTECTION_DROPPED,
            values=("TerminationProtection",),
        )
    if now.termination_protection and not was.termination_protection:
        yield Line(
            topic=Topic.STACK, message=format_message("gains termination protection")
        )


def _kept(matches: Sequence[Match]) -> Iterator[Line]:
    """Whether resources stay in the account when they leave the stack, or are replaced."""
    lost: dict[str, dict[str, str]] = {}
    gained: dict[str, dict[str, str]] = {}
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        for one in matches:
            if one.before is None or one.after is None:
                continue
            before, after = (_keeps(side, policy) for side in (one.before, one.after))
            if before != after:
                changed = lost if before else gained
                changed.setdefault(policy, {})[one.role] = one.type
    for changed, verb in ((lost, "no longer keeps"), (gained, "keeps")):
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for policy, types in changed.items():
            groups[tuple(sorted(types))].append(policy)
        for roles, policies in groups.items():
            kinds = {changed[policies[0]][role] for role in roles}
            matters = changed is lost and kinds & {DISTRIBUTION, "AWS::S3::Bucket"}
            yield Line(
                topic=Topic.STACK,
                message=format_message(
                    f"{verb} {{}} in the account: {' and '.join(policies)}",
                    count(len(roles), "resource"),
                ),
                note="they are deleted when they leave the stack or are replaced"
                if changed is lost
                else "",
                block=BlockReason.PROTECTION_DROPPED if matters else None,
                values=(policies, roles),
            )


def _keeps(resource: Json | None, policy: str) -> bool:
    return mapping(resource).get(policy) in (
        "Retain",
        "RetainExceptOnCreate",
        "Snapshot",
    )


def _macros(before: Json, after: Json, matches: Sequence[Match]) -> Iterator[Line]:
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
        yield Line(
            topic=Topic.ACCESS if opens else Topic.STACK,
            message=format_message(
                "is rewritten at deploy time by {} instead of {}",
                listed(now),
                listed(was),
            ),
            note="what a macro makes of it cannot be reviewed here" if opens else "",
            block=BlockReason.ACCESS_WIDENED if opens else None,
            values=(sorted(was), sorted(now), inside),
        )


def _macros_of(template: Json) -> set[str]:
    transforms = sequence(template.get("Transform"))
    return {
        text(mapping(transform).get("Name") or transform) for transform in transforms
    }


def _transforms(value: object) -> int:
    """How many transforms are inside of a resource."""
    if isinstance(value, dict):
        return ("Fn::Transform" in value) + sum(map(_transforms, value.values()))
    return sum(map(_transforms, value)) if isinstance(value, list) else 0


def _tags(matches: Sequence[Match]) -> Iterator[Line]:
    """Once for all resources that get the same tag."""
    changed: Counter[tuple[str, Leaf, Leaf]] = Counter()
    for one in matches:
        if one.before is None or one.after is None:
            continue
        raw = [properties(side).get("Tags") for side in (one.before, one.after)]
        if raw[0] == raw[1]:
            continue
        was, now = map(_tags_of, raw)
        for key in was.keys() | now.keys():
            if not same(was.get(key), now.get(key)):
                changed[key, was.get(key), now.get(key)] += 1
    for (key, before, after), number in changed.items():
        values = shown_pair(before, after)
        resources_ = count(number, "resource")
        yield Line(
            topic=Topic.STACK,
            message=format_message(
                "the tag {} of {} is {} instead of {}",
                key,
                resources_,
                values[1],
                values[0],
            ),
        )


def _tags_of(tags: object) -> dict[str, Leaf]:
    if isinstance(tags, dict) and "Items" not in tags and not is_computed(tags):
        return {key: leaf(value) for key, value in tags.items()}
    found: dict[str, Leaf] = {}
    for number, tag in enumerate(sequence(tags), 1):
        key = mapping(tag).get("Key")
        name = key if isinstance(key, str) else f"number {number}"
        found[name] = leaf(
            mapping(tag).get("Value") if "Value" in mapping(tag) else tag
        )
    return found


def _sections(before: Json, after: Json) -> Iterator[Line]:
    for section in _SECTIONS:
        was, now = (
            dict(leaves(side.get(section), section)) for side in (before, after)
        )
        yield from Rules(()).lines(was, now)


def _outputs(was: Stack, now: Stack, matches: Sequence[Match]) -> Iterator[Line]:
    """Outputs, which the settings of a Django site read."""
    before, after = (mapping(side.template.get("Outputs")) for side in (was, now))
    gone, come = set(before) - set(after), set(after) - set(before)
    for names, note in (
        (gone & _OURS, "settings that use them fail with the next outputs file"),
        (gone - _OURS, ""),
    ):
        if names:
            yield _output_line("removed", names, note)
    if come:
        yield _output_line("added", come)
    names_before = {one.id_before: one.role for one in matches}
    names_after = {one.id_after: one.role for one in matches}
    common = sorted(set(before) & set(after))
    if (
        before == after
        and was.template.get("Parameters") == now.template.get("Parameters")
        and (names_before == names_after or not common)
    ):
        return
    choices = assignments(
        (was.template, before.values()), (now.template, after.values())
    )
    for choice in choices:
        sides = (
            Resolver(was.template, choice, names_before, was.region),
            Resolver(now.template, choice, names_after, now.region),
        )
        values = [
            {
                name: {
                    key: part
                    for key, part in mapping(side.resolve(outputs[name])).items()
                    if key not in ("Condition", "Description")
                }
                for name in common
            }
            for side, outputs in zip(sides, (before, after), strict=True)
        ]
        yield from _output_values(common, *values)


def _output_values(
    names: Iterable[str], before: Mapping[str, Json], after: Mapping[str, Json]
) -> Iterator[Line]:
    for name in names:
        was, now = (dict(leaves(side[name])) for side in (before, after))
        for path in sorted(was.keys() | now.keys()):
            first, second = was.get(path), now.get(path)
            if same(first, second):
                continue
            values = shown_pair(first, second)
            part = "" if path == "Value" else f"{path} of the "
            yield Line(
                topic=Topic.OUTPUTS,
                message=format_message(
                    f"the {part}output {{}} is {{}} instead of {{}}",
                    name,
                    values[1],
                    values[0],
                ),
                note=_output_note(name) if path == "Value" else "",
            )


def _output_note(name: str) -> str:
    if name == Output.MEDIA_KEY_PAIR_ID:
        return "the server has to sign with another key: it needs the new id and private key"
    return (
        "pages use it in their URLs with the next outputs file"
        if name in _IN_URLS
        else ""
    )


def _output_line(verb: str, names: set[str], note: str = "") -> Line:
    noun, be = ("output", "is") if len(names) == 1 else ("outputs", "are")
    return Line(
        topic=Topic.OUTPUTS,
        message=format_message(f"the {noun} {{}} {be} {verb}", listed(names)),
        note=note,
    )


# --- Across stacks ---


def moved_names(
    before: Snapshot, after: Snapshot, names: Mapping[str, str]
) -> Iterator[Change]:
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
            stack = after.stacks[place[0]]
            role = roles_of(stack.template)[place[1]]
            line = Line(
                topic=Topic.DOMAINS,
                message=format_message(
                    "takes over from another distribution: {}", listed(taken)
                ),
                note="the deploy fails with CNAMEAlreadyExists: move the names first",
            )
            yield Subject(
                stack=stack.name, environment=names[stack.name], role=role
            ).change(line)


def _aliases(side: Snapshot) -> dict[tuple[str, str], frozenset[str]]:
    found = {}
    for stack in side.stacks.values():
        for name, resource in resources(stack.template, DISTRIBUTION).items():
            config = mapping(properties(resource).get("DistributionConfig"))
            listed_names = sequence(config.get("Aliases")) + sequence(
                config.get("CNAMEs")
            )
            texts = (one.lower() for one in listed_names if isinstance(one, str))
            found[stack.name, name] = frozenset(texts)
    return found


def policy_counts(
    before: Snapshot, after: Snapshot, names: Mapping[str, str]
) -> Iterator[Change]:
    """How many policies the app has of those that an account may have, when it grows."""
    totals = Counter(
        (stack.account, kind)
        for stack in after.stacks.values()
        for kind in _kinds(stack)
    )
    for name in sorted(after.stacks):
        stack = after.stacks[name]
        was, now = (Counter(_kinds(side.stacks.get(name))) for side in (before, after))
        for kind in _POLICIES:
            total = totals[stack.account, kind]
            if now[kind] > was[kind] and total > POLICY_QUOTA // 2:
                subject = Subject(
                    stack=name, environment=names[name], role=RESOURCE_TYPES[kind].nouns
                )
                fails = total > POLICY_QUOTA
                yield subject.change(
                    Line(
                        topic=Topic.POLICIES,
                        message=format_message(
                            "this app has {} of the {} that an account may have",
                            Trusted(total),
                            Trusted(POLICY_QUOTA),
                        ),
                        note="the deploy fails unless the quota was raised"
                        if fails
                        else "",
                    )
                )


def _kinds(stack: Stack | None) -> list[str]:
    template = stack.template if stack else {}
    kinds = [text(resource.get("Type")) for resource in resources(template).values()]
    return [kind for kind in kinds if kind in _POLICIES]
