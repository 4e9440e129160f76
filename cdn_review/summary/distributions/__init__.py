"""What changes for the visitors of a distribution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cdn_review.delivery import Delivery, deliveries
from cdn_review.packs import Stack
from cdn_review.summary.change import Change
from cdn_review.summary.distributions.behaving import behaving
from cdn_review.summary.distributions.caching import error_lifetimes
from cdn_review.summary.distributions.reaching import reaching
from cdn_review.summary.distributions.telling import Teller


def changes(
    before: Stack, after: Stack, pairs: Iterable[tuple[str, str, str]]
) -> Iterator[Change]:
    """Compare distributions by what they do.

    :param pairs: A role, and the logical ids of it before and after.
    """
    old, new = deliveries(before.template), deliveries(after.template)
    for role, id_before, id_after in pairs:
        was, now = old.get(id_before, Delivery()), new.get(id_after, Delivery())
        teller = Teller(stack=after, role=role)
        yield from reaching(teller, was, now)
        yield from behaving(teller, was, now)
        yield from error_lifetimes(teller, was, now)
