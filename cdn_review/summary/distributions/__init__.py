"""What changes for the visitors of a distribution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cdn_review.delivery import Delivery, deliveries, has_conditions, renamed
from cdn_review.delivery.renames import PUBLIC_KEY
from cdn_review.packs import Stack
from cdn_review.summary.change import Change
from cdn_review.summary.distributions.behaving import behaving
from cdn_review.summary.distributions.caching import error_lifetimes
from cdn_review.summary.distributions.conditional import conditional, resource_of
from cdn_review.summary.distributions.reaching import reaching
from cdn_review.summary.distributions.telling import Teller


def changes(
    before: Stack, after: Stack, pairs: Iterable[tuple[str, str, str]]
) -> Iterator[Change]:
    """Compare distributions by what they do.

    Where a template has conditions, both of their sides are compared.

    :param pairs: A role, and the logical ids of it before and after.
    """
    names = renamed(before.template, after.template)
    is_either = has_conditions(before.template) or has_conditions(after.template)
    sides = [
        (
            deliveries(before.template, branch=branch),
            deliveries(after.template, branch=branch, names=names),
        )
        for branch in ((0, 1) if is_either else (0,))
    ]
    for role, id_before, id_after in pairs:
        teller = Teller(stack=after, role=role)
        found: dict[Change, None] = {}
        for old, new in sides:
            was, now = old.get(id_before, Delivery()), new.get(id_after, Delivery())
            come_or_go = _signers(old) ^ _signers(new)
            found |= dict.fromkeys(_of_one(teller, was, now, come_or_go))
        yield from found
        if is_either:
            first = resource_of(before.template, id_before)
            yield from conditional(teller, first, resource_of(after.template, id_after))


def _of_one(
    teller: Teller, was: Delivery, now: Delivery, come_or_go: frozenset[str]
) -> Iterator[Change]:
    yield from reaching(teller, was, now)
    yield from behaving(teller, was, now, come_or_go)
    yield from error_lifetimes(teller, was, now)


def _signers(found: Mapping[str, Delivery]) -> frozenset[str]:
    """The keys that a stack defines: which are new and which go is said of the stack."""
    behaviors = [b for one in found.values() for b in (one.default, *one.behaviors)]
    keys = {key for one in behaviors for key in one.signers}
    return frozenset(key for key in keys if key.startswith(PUBLIC_KEY))
