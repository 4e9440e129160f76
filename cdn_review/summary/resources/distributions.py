"""Distributions that come, go, or are replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_review.delivery import Delivery, deliveries
from cdn_review.delivery.plain import Json
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.matching import Match
from cdn_review.summary.values import listed, shown
from cdn_review.words import Own

_KEPT = ("Retain", "RetainExceptOnCreate")


def distributions(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """One line for each that is not the same as before."""
    for one in matches:
        if one.kind != DISTRIBUTION:
            continue
        teller = Teller(stack=stack, role=one.role)
        if one.before is None and one.after is not None:
            yield _added(teller, _delivery(one.after))
        elif one.after is None and one.before is not None:
            yield _deleted(teller, one.before)
        elif one.is_replaced and one.before is not None:
            yield _replaced(teller, one)


def _delivery(resource: Json) -> Delivery:
    return deliveries({"Resources": {"It": resource}})["It"]


def is_kept(resource: Json) -> bool:
    """Whether it stays in the account when it leaves the stack."""
    return resource.get("DeletionPolicy") in _KEPT


def _added(teller: Teller, now: Delivery) -> Change:
    origin = now.default.origins[0].domain_name if now.default.origins else ""
    text = "is new, and serves files of {}" + (" as {}" if now.aliases else "")
    values = [shown(origin) or Own("an unknown origin")]
    values += [listed(now.aliases)] if now.aliases else []
    return teller.tell(Topic.REPLACEMENT, text, *values)


def _deleted(teller: Teller, before: Json) -> Change:
    was = _delivery(before)
    if is_kept(before):
        text = "leaves the stack and stays in the account, where nothing updates it"
        note = "its names cannot be given to another distribution until they are moved"
    else:
        text = "is deleted"
        note = "every URL of it stops working"
    return teller.tell(
        Topic.REPLACEMENT,
        text,
        note=note if was.aliases or not is_kept(before) else "",
        stop=Stop.DISTRIBUTION_DELETED,
        was=was.aliases,
        now=[teller.role, text],
    )


def _replaced(teller: Teller, one: Match) -> Change:
    was, now = _delivery(one.before or {}), _delivery(one.after or {})
    common = was.aliases & now.aliases
    note = "its address at CloudFront and its caches are new; a rollout takes minutes"
    if common:
        note = (
            "the deploy fails with CNAMEAlreadyExists, because the old one still has "
            "the names: move them first"
        )
    return teller.tell(
        Topic.REPLACEMENT,
        "is replaced by a new distribution",
        note=note,
        stop=Stop.DISTRIBUTION_REPLACED,
        was=[one.id_before, was.aliases],
        now=[one.id_after, now.aliases],
    )
