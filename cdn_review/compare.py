"""The whole comparison: every leaf of two snapshots, as lines for a reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from cdn_model import path_patterns
from cdn_model.distribution import (
    DISTRIBUTION,
    CacheBehavior,
    Distribution,
    from_config,
)
from cdn_model.intrinsics import Assignment
from cdn_model.values import (
    Computed,
    Json,
    properties,
    reference,
    resources,
    sequence,
    text,
)
from cdn_review.change import (
    BlockReason,
    Change,
    Message,
    Topic,
    format_message,
    to_text,
)
from cdn_review.compare_resources import (
    INLINED,
    by_condition,
    is_kept,
    resource_lines,
)
from cdn_review.compare_stacks import (
    moved_names,
    removed_stack,
    role_of,
    stack_lines,
)
from cdn_review.leaves import Leaves, behavior_of, leaf, leaves, settings_of
from cdn_review.matching import ResourceMatch, Side, match, roles_of
from cdn_review.rules import Rules, say, within
from cdn_review.rules_behavior import BEHAVIOR_RULES
from cdn_review.rules_distribution import DISTRIBUTION_RULES
from cdn_review.rules_origin import origin_lines
from cdn_review.shown import count, listed, shown
from cdn_review.snapshot import Snapshot, Stack, environments


def compare(before: Snapshot, after: Snapshot) -> list[Change]:
    """What changes from one side to the other, in the order in which it is read."""
    environment = environments({**before.stacks, **after.stacks})
    found = [
        (name, role, line)
        for name in environment
        for role, line in _stack(before.stacks.get(name), after.stacks.get(name), after)
    ]
    found += moved_names(before, after)
    changes = (
        replace(line, stack=name, environment=environment[name], role=role)
        for name, role, line in found
    )
    return sorted(dict.fromkeys(changes), key=_order)


def _order(change: Change) -> tuple[object, ...]:
    topic = list(Topic).index(change.topic)
    place = change.environment, change.stack, topic, change.role
    return (*place, to_text(change.message))


def _stack(
    was: Stack | None, now: Stack | None, after: Snapshot
) -> Iterator[tuple[str, Change]]:
    """The lines of one stack, each with the role that it is about."""
    if was is None and now is not None:
        yield role_of(now), _new_stack(now)
    elif now is None and was is not None:
        yield role_of(was), removed_stack(was, after)
    elif was is not None and now is not None and was != now:
        matches = match(was.template, now.template)
        before = Side(was, {m.id_before: m.role for m in matches if m.id_before})
        later = Side(now, {m.id_after: m.role for m in matches if m.id_after})
        changed = matches
        if before.reads_like(later):
            changed = [m for m in matches if m.before != m.after or m.is_replaced]
        used: set[str] = set()
        for one in _distributions(matches, changed):
            for line in _distribution(one, before, later, used):
                yield one.role, line
        yield from resource_lines(before, later, changed, used)
        for line in stack_lines(before, later, changed):
            yield role_of(now), line


def _distributions(
    matches: Iterable[ResourceMatch], changed: Iterable[ResourceMatch]
) -> Iterator[ResourceMatch]:
    """Those that changed, and those that use something that did."""
    ids = {name for m in changed if m.type in INLINED for name in m.ids}
    # Two steps away are the key of a group, and the function of a version.
    for m in matches:
        if m.type in INLINED and m.refers_to & ids:
            ids |= m.ids
    yield from (
        m
        for m in matches
        if m.type == DISTRIBUTION and (m in changed or m.refers_to & ids)
    )


def _new_stack(stack: Stack) -> Change:
    side = Side(stack, roles_of(stack.template))
    all_of_it = resources(stack.template).values()
    distributions = (one for one in all_of_it if one.get("Type") == DISTRIBUTION)
    effective = (_effective(side, one, {}, set()) for one in distributions)
    found = [one for one in effective if one is not None]
    if not found:
        kinds = {text(one.get("Type")) for one in all_of_it}
        message = (
            "is new and has no distribution, only {}" if kinds else "is new and empty"
        )
        return say(Topic.STACK, message, *([listed(kinds)] if kinds else []))
    number = count(len(found), "distribution")
    origins = [part for one in found for part in one.default.config.get("Origins", ())]
    names = listed(leaf(origin.get("DomainName")) for origin in origins)
    return say(Topic.STACK, "is new: {} in front of {}{}", number, names, _as(*found))


def _as(*found: Distribution) -> Message:
    names = {leaf(n) for one in found for n in sequence(one.config.get("Aliases"))}
    return format_message(" as {}", listed(names)) if names else ()


def _effective(
    side: Side, resource: Json | None, choice: Assignment, used: set[str]
) -> Distribution | None:
    """What a distribution does; ``None`` where it does not exist."""
    resolver = side.resolver(choice)
    if resource is None or not resolver.exists(resource):
        return None

    def find(resource_type: str, value: object) -> Json | None:
        role = reference(value) or ""
        found = side.by_role.get(role, {})
        if found.get("Type") != resource_type:
            return None
        used.add(role)
        return properties(resolver.resolve(found))

    config = resolver.resolve(properties(resource).get("DistributionConfig"))
    return from_config(config, find)


def _distribution(
    one: ResourceMatch, before: Side, after: Side, used: set[str]
) -> Iterator[Change]:
    """The lines of one distribution, under each choice of conditions that makes others."""

    def lines(choice: Assignment) -> Iterator[Change]:
        was = _effective(before, one.before, choice, used)
        now = _effective(after, one.after, choice, used)
        return _lines(one, was, now)

    was = [one.before, *before.of_types(INLINED)]
    now = [one.after, *after.of_types(INLINED)]
    yield from by_condition(before, was, after, now, lines)


def _lines(
    one: ResourceMatch, was: Distribution | None, now: Distribution | None
) -> Iterator[Change]:
    if was is None and now is not None:
        yield _added(now)
    elif now is None and was is not None:
        yield _deleted(one, was)
    elif was is not None and now is not None:
        if one.is_replaced:
            yield _replaced(one, was, now)
        if was.config != now.config:
            settings = settings_of(was.config), settings_of(now.config)
            yield from DISTRIBUTION_RULES.lines(*settings)
        yield from Rules(()).lines(_beside(one.before), _beside(one.after))
        yield from _behaviors(was, now)


def _beside(resource: Json | None) -> Leaves:
    """What stands beside the configuration of a distribution."""
    known = ("DistributionConfig", "Tags")
    rest = {key: part for key, part in properties(resource).items() if key not in known}
    return leaves(rest)


def _added(now: Distribution) -> Change:
    origins = now.default.config.get("Origins", ())
    origin = shown(leaf(origins[0].get("DomainName"))) if origins else "nothing"
    return say(Topic.REPLACEMENT, "is added in front of {}{}", origin, _as(now))


def _deleted(one: ResourceMatch, was: Distribution) -> Change:
    message, note = "is deleted", "every URL of it stops working"
    if is_kept(one.before) and one.after is None:
        message = "leaves the stack and stays in the account, where nothing updates it"
        note = "no other distribution can have its names until they are moved"
    return say(
        Topic.REPLACEMENT,
        message,
        note=note,
        block=BlockReason.DISTRIBUTION_DELETED,
        of=(one.role, message, text(was.config.get("Aliases"))),
    )


def _replaced(one: ResourceMatch, was: Distribution, now: Distribution) -> Change:
    names = [set(map(text, sequence(d.config.get("Aliases")))) for d in (was, now)]
    note = "its address at CloudFront and its cache are new; a rollout takes minutes"
    if names[0] & names[1]:
        note = (
            "the deploy fails with CNAMEAlreadyExists, because the earlier one still has "
            "the names: move them first"
        )
    return say(
        Topic.REPLACEMENT,
        "is replaced by a new distribution",
        note=note,
        block=BlockReason.DISTRIBUTION_REPLACED,
        of=(one.id_before, one.id_after),
    )


# --- Paths ---


def _behaviors(was: Distribution, now: Distribution) -> Iterator[Change]:
    """What changes for all paths, or for some, said once for all that have it.

    Paths of a new pattern had the settings of whatever matched them before. So a new
    pattern is seen to open what needed a signature.
    """
    places = _places(was, now)
    found: dict[Change, list[str]] = defaultdict(list)
    for path, before, after in places:
        for line in dict.fromkeys(_behavior(before.config, after.config)):
            found[line].append(path)
    every = [path for path, _, _ in places]
    for line, paths in found.items():
        where = _where(paths, every)
        yield within(line, where, paths) if where else line


def _behavior(before: Json, after: Json) -> Iterator[Change]:
    if before != after:
        yield from BEHAVIOR_RULES.lines(behavior_of(before), behavior_of(after))
        decisive = ("Origins", "OriginGroup", "ViewerProtocolPolicy")
        if any(before.get(key) != after.get(key) for key in decisive):
            yield from origin_lines(before, after)


def _where(paths: list[str], every: list[str]) -> Message:
    if len(paths) == len(every):
        return ()
    if "" not in paths:
        return format_message("under {}: ", _patterns(paths))
    return format_message("except under {}: ", _patterns(set(every) - set(paths)))


def _patterns(paths: Iterable[str]) -> object:
    """The paths, with placeholders for what a deploy fills in."""
    return listed(Computed(path) if path.startswith("{") else path for path in paths)


def _places(
    was: Distribution, now: Distribution
) -> list[tuple[str, CacheBehavior, CacheBehavior]]:
    """The default, then every path that a pattern of either side speaks of.

    A path whose behaviors were compared already is left out, since nothing is new there.
    """
    behaviors = (*was.behaviors[:-1], *now.behaviors[:-1])
    patterns = dict.fromkeys(path_patterns.tidy(b.path_pattern) for b in behaviors)
    overlaps = (path_patterns.overlap(*pair) for pair in combinations(patterns, 2))
    places = {(id(was.default), id(now.default)): ("", was.default, now.default)}
    for path in (*patterns, *filter(None, overlaps)):
        before, after = was.behavior_for(path), now.behavior_for(path)
        places.setdefault((id(before), id(after)), (path, before, after))
    return list(places.values())
