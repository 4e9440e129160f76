"""The whole comparison of two packs."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery import deliveries
from cdn_review.delivery.plain import canonical, resources, text
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Pack, Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions import changes
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import CDN
from cdn_review.summary.matching import match
from cdn_review.summary.resources import resource_changes
from cdn_review.summary.resources.policies import counts
from cdn_review.summary.values import count, listed
from cdn_review.words import Own, plain

MOST_CHANGES = 500


def summarize(before: Pack, after: Pack) -> list[Change]:
    """What changes from one side to the other, in the order in which it is read.

    There are never more than 500 changes; what stops is always among them.
    """
    found = [*_all(before, after), *counts(before, after)]
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
            yield from _new(now)
        elif now is None and was is not None:
            yield from _gone(was)
        elif was is not None and now is not None:
            yield from _both(was, now)


def _both(was: Stack, now: Stack) -> Iterator[Change]:
    if not (_is_cdn(was) or _is_cdn(now)):
        if canonical(was.template) != canonical(now.template):
            text = "changes, and has nothing of the CDN"
            yield Teller(stack=now, role="stack").tell(Topic.OTHER, text)
        return
    matches = match(was, now)
    pairs = [
        (one.role, one.id_before, one.id_after)
        for one in matches
        if one.kind == DISTRIBUTION and one.before and one.after
    ]
    yield from changes(was, now, pairs)
    yield from resource_changes(was, now, matches)


def _new(stack: Stack) -> Iterator[Change]:
    teller = Teller(stack=stack, role="stack")
    if not _is_cdn(stack):
        yield teller.tell(Topic.STACK, "is new, and has nothing of the CDN")
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
    yield teller.tell(Topic.STACK, text, *values)


def _gone(stack: Stack) -> Iterator[Change]:
    """A stack that leaves the app stays in the account, but nothing takes care of it.

    It stops all the same: with another name, its distributions are made a second time, and
    the first ones have their names in DNS.
    """
    has_distributions = bool(resources(stack.template, DISTRIBUTION))
    yield Teller(stack=stack, role="stack").tell(
        Topic.REPLACEMENT,
        "is no longer part of the app",
        note="a deploy does not delete it: it stays as it is until cdk destroy",
        stop=Stop.DISTRIBUTION_DELETED if has_distributions else None,
        was=stack.name,
    )


def _is_cdn(stack: Stack) -> bool:
    found = resources(stack.template).values()
    return any(text(one.get("Type")).startswith(CDN) for one in found)
