"""The whole comparison: every leaf of two snapshots, as lines for a reader."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cdn_model import path_patterns
from cdn_model.distribution import (
    DISTRIBUTION,
    Behavior,
    Distribution,
    from_config,
)
from cdn_model.template import Assignment, Resolver, assignments, describe_condition
from cdn_model.values import (
    Json,
    mapping,
    properties,
    reference,
    resources,
    sequence,
    text,
)
from cdn_review.change import BlockReason, Change, Topic
from cdn_review.compare_resources import INLINED, resource_changes
from cdn_review.compare_stacks import (
    Subject,
    moved_names,
    policy_counts,
    removed_stack,
    stack_changes,
)
from cdn_review.leaves import Leaves, behavior_of, leaves, settings_of
from cdn_review.matching import Match, match
from cdn_review.message import Message, format_message, to_text
from cdn_review.rules import Line, Rules, count, listed, within
from cdn_review.rules_behavior import BEHAVIOR_RULES
from cdn_review.rules_distribution import DISTRIBUTION_RULES
from cdn_review.rules_origin import origin_lines
from cdn_review.snapshot import Snapshot, Stack, environments

MOST_CHANGES = 500
# Each pattern is compared with each: a distribution may have 75.
_MOST_PATTERNS = 400
_MOST_OVERLAPPING = 80
_LONGEST_OVERLAPPING = 100


def compare(before: Snapshot, after: Snapshot) -> list[Change]:
    """What changes from one side to the other, in the order in which it is read.

    There are never more than 500 changes. Those that need an acknowledgement are always
    among them.
    """
    names = environments({**before.stacks, **after.stacks})
    changes = [
        change
        for name in sorted(before.stacks.keys() | after.stacks.keys())
        for change in _stack(
            before.stacks.get(name), after.stacks.get(name), names[name], after
        )
    ]
    changes += moved_names(before, after, names)
    changes += policy_counts(before, after, names)
    ordered = sorted(dict.fromkeys(changes), key=_order)
    if len(ordered) <= MOST_CHANGES:
        return ordered
    blocking = [change for change in ordered if change.block]
    others = [change for change in ordered if not change.block]
    kept = others[: max(MOST_CHANGES - len(blocking), 0)]
    last = ordered[-1]
    more = f"and {len(others) - len(kept)} more changes"
    subject = Subject(stack=last.stack, environment=last.environment, role="stack")
    rest = subject.change(Line(topic=Topic.OTHER, message=(more,)))
    return [*sorted([*blocking, *kept], key=_order), rest]


def _order(change: Change) -> tuple[object, ...]:
    topics = list(Topic)
    place = (change.environment, change.stack, topics.index(change.topic))
    return (*place, change.role, to_text(change.message))


def _stack(
    was: Stack | None, now: Stack | None, environment: str, after: Snapshot
) -> Iterator[Change]:
    if now is None and was is not None:
        yield from removed_stack(was, environment, after)
    elif was is None and now is not None:
        yield _new_stack(now, environment, after)
    elif was is not None and now is not None and was != now:
        yield from _both(was, now, environment)


def _new_stack(stack: Stack, environment: str, after: Snapshot) -> Change:
    subject = Subject.of_stack(stack, environment)
    found = _Side(stack, match(stack.template, stack.template)).distributions({})
    if not found:
        kinds = Counter(text(r.get("Type")) for r in resources(stack.template).values())
        message = format_message(
            "is new, without a distribution: {}", listed(kinds) if kinds else "empty"
        )
        return subject.change(Line(topic=Topic.STACK, message=message))
    domains = {
        text(name)
        for one in found.values()
        for name in sequence(one.config.get("Aliases"))
    }
    origins = {
        text(origin.get("DomainName"))
        for one in found.values()
        for origin in one.default.config.get("Origins", ())
    }
    message = format_message(
        "is new: {} in front of {}", count(len(found), "distribution"), listed(origins)
    )
    if domains:
        message = (
            *message,
            *format_message(" as {}", listed(domains)),
        )
    return subject.change(Line(topic=Topic.STACK, message=message))


def _both(was: Stack, now: Stack, environment: str) -> Iterator[Change]:
    matches = match(was.template, now.template)
    sides = _Side(was, matches), _Side(now, matches, later=True)
    used: set[str] = set()
    others_equal = _are_equal(was, now, matches)
    for one in matches:
        if one.type == DISTRIBUTION and not (others_equal and one.before == one.after):
            subject = Subject(stack=now.name, environment=environment, role=one.role)
            lines = _distribution(one, *sides, used)
            yield from map(subject.change, lines)
    inlined = {one.role for one in matches if one.type in INLINED} & used
    yield from resource_changes(was, now, environment, matches, inlined)
    yield from stack_changes(was, now, environment, matches)


def _are_equal(was: Stack, now: Stack, matches: Sequence[Match]) -> bool:
    """Whether all is equal that a distribution can refer to."""
    sections = ("Conditions", "Mappings", "Parameters")
    return (
        was.region == now.region
        and all(was.template.get(name) == now.template.get(name) for name in sections)
        and not any(
            one.is_replaced or (one.type in INLINED and one.before != one.after)
            for one in matches
        )
    )


@dataclass
class _Side:
    """One side of a stack, with its resources named by their roles."""

    stack: Stack
    matches: Sequence[Match]
    later: bool = False

    def __post_init__(self) -> None:
        self.names = {
            (one.id_after if self.later else one.id_before): one.role
            for one in self.matches
        }
        self.raw = resources(self.stack.template)
        self.inlined = {n: r for n, r in self.raw.items() if r.get("Type") in INLINED}

    def resolver(self, choice: Assignment) -> Resolver:
        return Resolver(self.stack.template, choice, self.names, self.stack.region)

    def distribution(
        self, logical_id: str, choice: Assignment, used: set[str]
    ) -> Distribution | None:
        """What a distribution does; ``None`` where it does not exist."""
        resource = self.raw.get(logical_id)
        if resource is None:
            return None
        resolver = self.resolver(choice)
        if not resolver.exists(resource):
            return None
        found: dict[str, Json] = {}

        def find(resource_type: str, value: object) -> Json | None:
            name = reference(value) or ""
            if name not in found:
                found[name] = mapping(resolver.resolve(self._by_role(name)))
            if found[name].get("Type") != resource_type:
                return None
            used.add(name)
            return properties(found[name])

        config = resolver.resolve(properties(resource).get("DistributionConfig"))
        return from_config(config, find)

    def _by_role(self, role: str) -> Json:
        by_role = {
            self.names.get(name): resource for name, resource in self.inlined.items()
        }
        return by_role.get(role, {})

    def distributions(self, choice: Assignment) -> dict[str, Distribution]:
        found = {
            name: self.distribution(name, choice, set())
            for name, resource in self.raw.items()
            if resource.get("Type") == DISTRIBUTION
        }
        return {name: one for name, one in found.items() if one is not None}


def _distribution(
    one: Match, before: _Side, after: _Side, used: set[str]
) -> Iterator[Line]:
    """The lines of one distribution, under each choice of conditions that makes others."""
    choices = assignments(
        (before.stack.template, [one.before, *before.inlined.values()]),
        (after.stack.template, [one.after, *after.inlined.values()]),
    )
    found: dict[Line, list[Assignment]] = defaultdict(list)
    for choice in choices:
        was = before.distribution(one.id_before, choice, used)
        now = after.distribution(one.id_after, choice, used)
        for line in dict.fromkeys(_lines(one, was, now)):
            found[line].append(choice)
    templates = before.stack.template, after.stack.template
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
        verb = "is" if value else "is not"
        if name == "AWS::Region":
            parts.append(format_message(f"the region {verb} {{}}", literal))
        elif kind == "parameter":
            parts.append(
                format_message(f"the parameter {{}} {verb} {{}}", name, literal)
            )
        else:
            holds = "holds" if value else "does not hold"
            parts.append(format_message(f"the condition {{}} {holds}", name))
    joined: Message = tuple(piece for part in parts[1:] for piece in (" and ", *part))
    return ("where ", *parts[0], *joined, ": "), values


def _lines(
    one: Match, was: Distribution | None, now: Distribution | None
) -> Iterator[Line]:
    if was is None and now is not None:
        yield _added(now)
    elif now is None and was is not None:
        yield _deleted(one, was)
    elif was is not None and now is not None:
        if one.is_replaced:
            yield _replaced(one, was, now)
        yield from DISTRIBUTION_RULES.lines(
            settings_of(was.config), settings_of(now.config)
        )
        yield from Rules(()).lines(_beside(one.before), _beside(one.after))
        yield from _behaviors(was, now)


def _beside(resource: Json | None) -> Leaves:
    """What stands beside the configuration of a distribution."""
    known = ("DistributionConfig", "Tags")
    rest = {key: part for key, part in properties(resource).items() if key not in known}
    return dict(leaves(rest))


def _added(now: Distribution) -> Line:
    origins = now.default.config.get("Origins", ())
    origin = text(origins[0].get("DomainName")) if origins else "nothing"
    message = format_message("is added in front of {}", origin)
    domains = now.config.get("Aliases")
    if domains:
        message = (
            *message,
            *format_message(" as {}", listed(map(text, sequence(domains)))),
        )
    return Line(topic=Topic.REPLACEMENT, message=message)


def _deleted(one: Match, was: Distribution) -> Line:
    kept = is_kept(one.before)
    note = "every URL of it stops working"
    message = "is deleted"
    if kept and one.after is None:
        message = "leaves the stack and stays in the account, where nothing updates it"
        note = "no other distribution can have its names until they are moved"
    return Line(
        topic=Topic.REPLACEMENT,
        message=format_message(message),
        note=note,
        block=BlockReason.DISTRIBUTION_DELETED,
        values=(one.role, message, text(was.config.get("Aliases"))),
    )


def _replaced(one: Match, was: Distribution, now: Distribution) -> Line:
    names = [
        set(map(text, sequence(side.config.get("Aliases")))) for side in (was, now)
    ]
    note = "its address at CloudFront and its cache are new; a rollout takes minutes"
    if names[0] & names[1]:
        note = (
            "the deploy fails with CNAMEAlreadyExists, because the earlier one still has "
            "the names: move them first"
        )
    return Line(
        topic=Topic.REPLACEMENT,
        message=format_message("is replaced by a new distribution"),
        note=note,
        block=BlockReason.DISTRIBUTION_REPLACED,
        values=(one.id_before, one.id_after),
    )


def is_kept(resource: Any) -> bool:
    """Whether a resource stays in the account when it leaves the stack."""
    return mapping(resource).get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")


# --- Paths ---


def _behaviors(was: Distribution, now: Distribution) -> Iterator[Line]:
    """What changes for all paths, or for some, said once for all that have it.

    Paths of a new pattern had the settings of whatever matched them before. So a new
    pattern is seen to open what needed a signature.
    """
    places = _places(was, now)
    cached: dict[int, Leaves] = {}

    def leaves_of(behavior: Behavior) -> Leaves:
        if id(behavior) not in cached:
            cached[id(behavior)] = behavior_of(behavior.config)
        return cached[id(behavior)]

    found: dict[Line, list[str]] = defaultdict(list)
    for path, before, after in places:
        if before.config == after.config:
            continue
        lines = [*BEHAVIOR_RULES.lines(leaves_of(before), leaves_of(after))]
        lines += origin_lines(before, after)
        for line in dict.fromkeys(lines):
            found[line].append(path)
    every = [path for path, _, _ in places]
    for line, paths in found.items():
        where = _where(paths, every)
        yield within(line, where, paths) if where else line


def _where(paths: list[str], every: list[str]) -> Message:
    if len(paths) == len(every):
        return ()
    if "" not in paths:
        return format_message("under {}: ", listed(paths))
    return format_message("except under {}: ", listed(set(every) - set(paths)))


def _places(
    was: Distribution, now: Distribution
) -> list[tuple[str, Behavior, Behavior]]:
    """The default, then every path that a pattern of either side speaks of.

    A path whose behaviors were compared already is left out, since nothing is new there.
    """
    places = [("", was.default, now.default)]
    seen = {(id(was.default), id(now.default))}
    for path in _paths(was, now):
        before, after = was.behavior_for(path), now.behavior_for(path)
        if (id(before), id(after)) not in seen:
            seen.add((id(before), id(after)))
            places.append((path, before, after))
    return places


def _paths(was: Distribution, now: Distribution) -> Iterator[str]:
    behaviors = (*was.behaviors[:-1], *now.behaviors[:-1])
    patterns = list(
        dict.fromkeys(path_patterns.tidy(b.path_pattern) for b in behaviors)
    )
    yield from patterns[:_MOST_PATTERNS]
    short = [one for one in patterns if len(one) <= _LONGEST_OVERLAPPING]
    for first, second in combinations(short[:_MOST_OVERLAPPING], 2):
        path = path_patterns.overlap(first, second)
        if path:
            yield path
