"""The whole comparison of two packs."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery import deliveries
from cdn_review.delivery.plain import canonical, resources, text
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Pack, Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.constants import resolved
from cdn_review.summary.distributions import changes
from cdn_review.summary.kinds import CDN
from cdn_review.summary.matching import match
from cdn_review.summary.moving import moving
from cdn_review.summary.resources import resource_changes
from cdn_review.summary.resources.access.buckets import buckets
from cdn_review.summary.resources.access.filters import filters
from cdn_review.summary.resources.policies import brought, counts
from cdn_review.summary.resources.stack import NESTED, of_stack
from cdn_review.summary.values import count, listed
from cdn_review.words import Own, plain

MOST_CHANGES = 500


def summarize(before: Pack, after: Pack) -> list[Change]:
    """What changes from one side to the other, in the order in which it is read.

    There are never more than 500 changes; what stops is always among them.
    """
    before, after = resolved(before), resolved(after)
    found = [*_all(before, after), *moving(before, after), *counts(before, after)]
    ordered = sorted(dict.fromkeys(found), key=_order)
    if len(ordered) <= MOST_CHANGES:
        return ordered
    stops = [one for one in ordered if one.stop]
    rest = [one for one in ordered if not one.stop][: max(MOST_CHANGES - len(stops), 0)]
    last = ordered[-1]
    more = Change(
        stack=last.stack,
        environment=last.environment,
        role="stack",
        topic=Topic.OTHER,
        text=(f"and {len(ordered) - len(stops) - len(rest)} more changes",),
    )
    return [*sorted([*stops, *rest], key=_order), more]


def _order(change: Change) -> tuple[str, str, int, str, str]:
    topics = list(Topic)
    words = plain(change.text)
    return (
        change.environment,
        change.stack,
        topics.index(change.topic),
        change.role,
        words,
    )


def _all(before: Pack, after: Pack) -> Iterator[Change]:
    for name in sorted(before.stacks.keys() | after.stacks.keys()):
        was, now = before.stacks.get(name), after.stacks.get(name)
        if was is None and now is not None:
            yield from _new(now, after)
        elif now is None and was is not None:
            yield from _gone(was, after)
        elif was is not None and now is not None:
            yield from _both(was, now)


def _both(was: Stack, now: Stack) -> Iterator[Change]:
    matches = match(was, now)
    if not (_is_cdn(was) or _is_cdn(now)):
        if canonical(was.template) != canonical(now.template):
            text = "changes, and has nothing of the CDN"
            yield of_stack(now).tell(Topic.OTHER, text)
            # But for what distributions of another stack may use.
            shared = (*buckets(now, matches), *filters(now, matches))
            yield from (one for one in shared if one.stop)
        return
    pairs = [
        (one.role, one.id_before, one.id_after)
        for one in matches
        if one.kind == DISTRIBUTION and one.before and one.after
    ]
    yield from changes(was, now, pairs)
    yield from resource_changes(was, now, matches)


def _new(stack: Stack, after: Pack) -> Iterator[Change]:
    if not _is_cdn(stack):
        yield of_stack(stack).tell(Topic.STACK, "is new, and has nothing of the CDN")
        return
    found = deliveries(stack.template).values()
    names = {alias for one in found for alias in one.aliases}
    origins = {
        one.default.origins[0].domain_name for one in found if one.default.origins
    }
    text = f"is new: {count(len(found), 'distribution')} in front of {{}}"
    values = [listed(origins) or Own("no origin")]
    if names:
        text, values = f"{text} as {{}}", [*values, listed(names)]
    policies, quota = brought(stack, after)
    text = f"{text}, with {policies}" if policies else text
    yield of_stack(stack).tell(Topic.STACK, text, *values, note=quota)


def _gone(stack: Stack, after: Pack) -> Iterator[Change]:
    """A stack that leaves the app stays in the account, but nothing takes care of it.

    It stops all the same: with another name, its distributions are made a second time, and
    the first ones have their names in DNS. A nested stack is a resource of the one around it
    and is deleted, as long as that one is part of the app.
    """
    outer, nested, _ = stack.name.partition(NESTED)
    is_deleted = bool(nested) and outer in after.stacks
    text, note = "is no longer part of the app", "a deploy does not delete it: it stays"
    note = f"{note} as it is until cdk destroy"
    if is_deleted:
        text, note = "is deleted", "and with it what it does not keep in the account"
    has_distributions = bool(resources(stack.template, DISTRIBUTION))
    yield of_stack(stack).tell(
        Topic.REPLACEMENT,
        text,
        note=note,
        stop=Stop.DISTRIBUTION_DELETED if has_distributions else None,
        was=stack.name,
    )


def _is_cdn(stack: Stack) -> bool:
    found = resources(stack.template).values()
    return any(text(one.get("Type")).startswith(CDN) for one in found)
