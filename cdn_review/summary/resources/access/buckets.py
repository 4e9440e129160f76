"""Buckets that open to everybody, or to more than before, or that forget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdn_review.delivery.plain import Json, flag, mapping, properties, text
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.matching import Match, renames
from cdn_review.summary.resources.access.statements import (
    Statement,
    gained,
    no_longer_refused,
    statements,
)
from cdn_review.summary.resources.settings import plainly

BUCKET, POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
_BLOCKS = (
    *("BlockPublicAcls", "BlockPublicPolicy"),
    *("IgnorePublicAcls", "RestrictPublicBuckets"),
)
_PUBLIC = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")


def buckets(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """What lets in more than before, and what is no longer kept."""
    names = renames(matches)
    for one in matches:
        teller = Teller(stack=stack, role=one.role)
        if one.kind == BUCKET and one.after is not None:
            yield from _bucket(teller, one.before, one.after)
        elif one.kind == POLICY and one.after is not None:
            yield from _policy(teller, one, names)


def told_of(one: Match, names: Mapping[str, str]) -> set[str]:
    """The properties of which is said already what they open or drop."""
    before, after = one.before or {}, one.after or {}
    if one.kind == BUCKET:
        told = {
            "PublicAccessBlockConfiguration": _blocks(before) - _blocks(after),
            "AccessControl": _is_public(after) and not _is_public(before),
            "VersioningConfiguration": _keeps(before) and not _keeps(after),
        }
        return {name for name, is_told in told.items() if is_told}
    is_told = one.kind == POLICY and one.after is not None and _is_wider(one, names)
    return {"PolicyDocument"} if is_told else set()


def _is_wider(one: Match, names: Mapping[str, str]) -> bool:
    was, now = _both(one, names)
    more = gained(was, now)
    is_open = any(each.is_for_everybody for each in more)
    return is_open or bool(one.before and more) or bool(no_longer_refused(was, now))


def _bucket(teller: Teller, before: Json | None, after: Json) -> Iterator[Change]:
    was, now = _blocks(before or {}), _blocks(after)
    if was - now:
        yield teller.tell(
            Topic.ACCESS,
            "public access is no longer blocked",
            note="a policy or an object can open it to everybody",
            stop=Stop.ACCESS_WIDENED,
            was=was,
            now=now,
        )
    if _is_public(after) and not _is_public(before or {}):
        yield _everybody(teller, properties(after).get("AccessControl"))
    if _keeps(before or {}) and not _keeps(after):
        yield teller.tell(
            Topic.ORIGIN,
            "older versions of files are no longer kept",
            note="what is overwritten or deleted is lost",
            stop=Stop.PROTECTION_DROPPED,
            was=True,
            now=False,
        )


def _policy(teller: Teller, one: Match, names: Mapping[str, str]) -> Iterator[Change]:
    """Of a new policy only what nobody should be surprised by: it goes with its bucket."""
    was, now = _both(one, names)
    more = gained(was, now)
    if any(each.is_for_everybody for each in more):
        yield _everybody(teller, properties(one.after).get("PolicyDocument"))
    elif more and one.before is not None:
        yield teller.tell(
            Topic.ACCESS,
            "more is allowed than before",
            note="somebody else may use it, or in other ways, or under fewer conditions",
            stop=Stop.ACCESS_WIDENED,
            was=_document(one.before, names),
            now=_document(one.after, {}),
        )
    if no_longer_refused(was, now):
        yield teller.tell(
            Topic.ACCESS,
            "what was refused may be allowed",
            note="such as requests by http://",
            stop=Stop.ACCESS_WIDENED,
            was=_document(one.before, names),
            now=_document(one.after, {}),
        )


def _everybody(teller: Teller, how: object) -> Change:
    return teller.tell(
        Topic.ACCESS,
        "everybody is let in",
        note="files can be read, or more, without the CDN",
        stop=Stop.ACCESS_WIDENED,
        now=how,
    )


def _both(
    one: Match, names: Mapping[str, str]
) -> tuple[list[Statement], list[Statement]]:
    was, now = _document(one.before, names), _document(one.after, {})
    return statements(was), statements(now)


def _document(resource: Json | None, names: Mapping[str, str]) -> Json:
    return mapping(plainly(properties(resource), names).get("PolicyDocument"))


def _blocks(resource: Json) -> frozenset[str]:
    config = mapping(properties(resource).get("PublicAccessBlockConfiguration"))
    return frozenset(name for name in _BLOCKS if flag(config.get(name)))


def _is_public(resource: Json) -> bool:
    return text(properties(resource).get("AccessControl")) in _PUBLIC


def _keeps(resource: Json) -> bool:
    found = mapping(properties(resource).get("VersioningConfiguration"))
    return text(found.get("Status")) == "Enabled"
