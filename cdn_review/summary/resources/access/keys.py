"""Who can sign URLs and cookies of private media."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdn_review.delivery import deliveries, has_conditions
from cdn_review.delivery.plain import (
    Json,
    mapping,
    properties,
    reference,
    resources,
    text,
)
from cdn_review.delivery.renames import PUBLIC_KEY
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import CDN
from cdn_review.summary.matching import Match
from cdn_review.summary.values import count, number_of
from dj_cloudfront.contract import Output

KEY, GROUP = PUBLIC_KEY, f"{CDN}KeyGroup"


def keys(before: Stack, after: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """Keys that are accepted from now on, and no longer; and the one to sign with.

    Another key stops: who has its private half can open every private file.
    """
    failing = list(_immutable(after, matches))
    if failing:
        yield from failing
        return
    teller = Teller(stack=after, role="signing keys")
    was, now = _accepted(before.template), _accepted(after.template)
    if now - was:
        yield _more(teller, was, now)
    # Without any key left, nothing needs a signature, which the distributions say.
    if was - now and now:
        text = "signatures of {} are no longer accepted"
        note = "URLs and cookies that it signed stop working"
        yield teller.tell(Topic.ACCESS, text, count(len(was - now), "key"), note=note)
    first, second = _signing(before.template), _signing(after.template)
    if first and second and first != second:
        text = "the server has to sign with another key"
        note = "it needs the new id and private key"
        yield teller.tell(Topic.ACCESS, text, note=note)


def _more(teller: Teller, was: frozenset[str], now: frozenset[str]) -> Change:
    return teller.tell(
        Topic.ACCESS,
        "signatures of {} are accepted instead of {}",
        count(len(now), "key"),
        number_of(len(was)),
        note="who has the private half of a new key can open every private file",
        stop=Stop.ACCESS_WIDENED if was else None,
        was=was,
        now=now,
    )


def _accepted(template: Json) -> frozenset[str]:
    """The keys of the template that distributions go by, by what is in them.

    What they take from elsewhere, by an id, is said of them.
    """
    found: set[str] = set()
    for branch in (0, 1) if has_conditions(template) else (0,):
        for one in deliveries(template, branch=branch).values():
            for behavior in (one.default, *one.behaviors):
                found |= behavior.signers
    return frozenset(one for one in found if one.startswith(KEY))


def _by_id(template: Json) -> Mapping[str, str]:
    return {name: _encoded(one) for name, one in resources(template, KEY).items()}


def _encoded(resource: Json) -> str:
    config = mapping(properties(resource).get("PublicKeyConfig"))
    return "".join(text(config.get("EncodedKey")).split())


def _signing(template: Json) -> str:
    output = mapping(mapping(template.get("Outputs")).get(Output.MEDIA_KEY_PAIR_ID))
    return _by_id(template).get(reference(output.get("Value")) or "", "")


def _immutable(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """https://github.com/aws/aws-cdk/issues/15301"""
    for one in matches:
        is_same = one.kind == KEY and one.before and one.after and not one.is_replaced
        if not is_same or _encoded(one.before or {}) == _encoded(one.after or {}):
            continue
        teller = Teller(stack=stack, role=one.role)
        text = "is another key under the same name"
        note = "the deploy fails: give the new key a name of its own"
        yield teller.tell(Topic.ACCESS, text, note=note)
