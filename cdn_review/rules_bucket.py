"""What a change of a bucket or of its policy means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_model.values import Json, canonical, is_computed
from cdn_review.bucket_policy import allowed_anew, no_longer_refused, statements
from cdn_review.change import BlockReason, Change, Topic
from cdn_review.leaves import Leaf, leaf
from cdn_review.rules import (
    SETTING,
    Difference,
    Rule,
    Rules,
    about,
    elements,
    known,
    listed,
    say,
)

BUCKET_POLICY = "AWS::S3::BucketPolicy"
CDN_REFUSED = "files that CloudFront reads from the bucket answer 403"
_PUBLIC_ACCESS_BLOCKS = frozenset(
    {
        *("BlockPublicAcls", "BlockPublicPolicy"),
        *("IgnorePublicAcls", "RestrictPublicBuckets"),
    }
)
_PUBLIC_ACLS = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")
_WIDENED = BlockReason.ACCESS_WIDENED


def bucket_leaves(properties: dict[str, Any]) -> tuple[dict[str, Leaf], Json]:
    """What is blocked of public access, as one list."""
    config = properties.get("PublicAccessBlockConfiguration")
    if config is None:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
        blocks = {"PublicAccessBlocked": _PUBLIC_ACCESS_BLOCKS}
        return {**blocks, "PublicAccessBlockUnset": True}, properties
    if not isinstance(config, dict) or is_computed(config):
        return {}, properties
    flags = {name: leaf(value) for name, value in config.items()}
    blocked = frozenset(name for name, value in flags.items() if value is True)
    rest = {n: v for n, v in config.items() if not isinstance(flags[n], bool)}
    properties["PublicAccessBlockConfiguration"] = rest or None
    return {"PublicAccessBlocked": blocked or None}, properties


def _public_access(d: Difference) -> Iterator[Change]:
    if d.gained:
        yield say(Topic.ACCESS, "blocks public access by {}", listed(d.gained))
    if d.lost:
        yield say(
            Topic.ACCESS,
            "no longer blocks public access by {}",
            listed(d.lost),
            note="a policy or an object can open it to everybody",
            block=_WIDENED,
            of=(d.path, d.lost),
        )


def _may_be_public(d: Difference) -> bool:
    return d.after is not None and known(d.after) in (*_PUBLIC_ACLS, None)


BUCKET_RULES = Rules(
    (
        *about(
            Topic.ACCESS,
            Rule(
                "PublicAccessBlockUnset",
                added="PublicAccessBlockConfiguration is removed",
                note="only a new bucket blocks public access by itself",
                block=_WIDENED,
            ),
            Rule("PublicAccessBlocked", lines=_public_access),
            Rule(
                r"PublicAccessBlockConfiguration\.(\w+)",
                "{key} is {after} instead of {before}",
                absent="said otherwise",
                when=lambda d: (
                    not d.added and d.key not in elements(d.now["PublicAccessBlocked"])
                ),
                block=_WIDENED,
            ),
            Rule(
                "AccessControl",
                "the ACL is {after} instead of {before}",
                absent="Private",
                when=_may_be_public,
                note=lambda d: (
                    "files can be read without the CDN"
                    if d.after in _PUBLIC_ACLS
                    else ""
                ),
                block=_WIDENED,
            ),
        ),
        *about(
            Topic.ORIGIN,
            Rule(
                r"VersioningConfiguration\.Status",
                "the versioning is {after} instead of {before}",
                absent="off",
                when=lambda d: d.before == "Enabled",
                note="what is overwritten or deleted is lost",
                block=BlockReason.PROTECTION_DROPPED,
            ),
            Rule(
                r"LifecycleConfiguration.*",
                "which files expire changes: {path} is {after} instead of {before}",
            ),
        ),
    ),
    fallback=Rule(".*", SETTING, topic=Topic.ORIGIN),
)


def policy_lines(resource_type: str, before: object, after: object) -> Iterator[Change]:
    """What a policy lets in that it did not, and what it no longer refuses.

    :param before: The resolved policy document, or ``None`` of a policy that is new.
    """
    is_of_bucket = resource_type == BUCKET_POLICY
    was, now = statements(before), statements(after)
    more = allowed_anew(was, now)
    block: dict[str, Any] = {
        "block": _WIDENED,
        "of": (canonical(before), canonical(after)),
    }
    if any(statement.is_for_everybody for statement in more):
        note = "everybody with an AWS account can use it"
        note = "files can be read without the CDN" if is_of_bucket else note
        yield say(Topic.ACCESS, "everybody is let in", note=note, **block)
    elif more and before is not None and is_of_bucket:
        note = "somebody else may use it, or in other ways, or under fewer conditions"
        yield say(Topic.ACCESS, "more may be allowed than before", note=note, **block)
    if is_of_bucket and no_longer_refused(was, now):
        note = "such as http:// requests"
        yield say(Topic.ACCESS, "what was refused may be allowed", note=note, **block)
    if is_of_bucket and lets_in_cdn(before) and not lets_in_cdn(after):
        yield say(Topic.ACCESS, "CloudFront is no longer let in", note=CDN_REFUSED)


def lets_in_cdn(document: object) -> bool:
    return any(statement.is_for_cdn for statement in statements(document))
