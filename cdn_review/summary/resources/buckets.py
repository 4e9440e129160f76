"""Buckets that open to everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_review.delivery.plain import Json, flag, mapping, properties, sequence
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.matching import Match

BUCKET, POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
_BLOCKS = (
    *("BlockPublicAcls", "BlockPublicPolicy"),
    *("IgnorePublicAcls", "RestrictPublicBuckets"),
)


def buckets(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """What lets everybody in, and did not before."""
    for one in matches:
        teller = Teller(stack=stack, role=one.role)
        if one.kind == BUCKET and one.before and one.after:
            yield from _unblocked(teller, _blocks(one.before), _blocks(one.after))
        elif one.kind == POLICY and one.after:
            yield from _opened(teller, one.before or {}, one.after)


def opened_by(one: Match) -> set[str]:
    """The properties of which is said already that they let everybody in."""
    before, after = one.before or {}, one.after or {}
    if one.kind == BUCKET and _blocks(before) - _blocks(after):
        return {"PublicAccessBlockConfiguration"}
    if one.kind == POLICY and _is_open(after) and not _is_open(before):
        return {"PolicyDocument"}
    return set()


def _unblocked(
    teller: Teller, was: frozenset[str], now: frozenset[str]
) -> Iterator[Change]:
    if was - now:
        yield teller.tell(
            Topic.ACCESS,
            "public access is no longer blocked",
            note="a policy or an object can open it to everybody",
            stop=Stop.ACCESS_WIDENED,
            was=was,
            now=now,
        )


def _opened(teller: Teller, before: Json, after: Json) -> Iterator[Change]:
    if _is_open(after) and not _is_open(before):
        yield teller.tell(
            Topic.ACCESS,
            "everybody is let in",
            note="files can be read, or more, without the CDN",
            stop=Stop.ACCESS_WIDENED,
            now=properties(after),
        )


def _blocks(resource: Json) -> frozenset[str]:
    config = mapping(properties(resource).get("PublicAccessBlockConfiguration"))
    return frozenset(name for name in _BLOCKS if flag(config.get(name)))


def _is_open(resource: Json) -> bool:
    document = mapping(properties(resource).get("PolicyDocument"))
    found = document.get("Statement")
    statements = sequence(found) if isinstance(found, list) else [found]
    return any(_lets_everybody_in(mapping(one)) for one in statements)


def _lets_everybody_in(statement: Json) -> bool:
    if statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    principal = statement.get("Principal")
    named = mapping(principal).get("AWS", principal)
    return "*" in (named if isinstance(named, list) else [named])
