"""What a change of a bucket or of its policy means, and whether a policy lets in more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cdn_model import path_patterns
from cdn_model.values import Json, canonical, is_computed, mapping, plain_object, text
from cdn_review.change import BlockReason, Change, Topic
from cdn_review.leaves import Leaf, leaf
from cdn_review.rules import Difference, Rule, about, say, table
from cdn_review.shown import element_text, elements, known

BUCKET_POLICY = "AWS::S3::BucketPolicy"
CDN_REFUSED = "files that CloudFront reads from the bucket answer 403"
_READABLE = "files can be read without the CDN"
_WIDENED = BlockReason.ACCESS_WIDENED
# Services that only write what they produce themselves.
_WRITERS = frozenset(
    f"Service {name}.amazonaws.com" for name in ("delivery.logs", "logging.s3")
)
_CLOUDFRONT = "Service cloudfront.amazonaws.com"
_IDENTITY = "identity "
# An origin access identity by its name, or by its canonical user.
_IDENTITY_NAMES = re.compile(
    r"AWS arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity (?:\$\{(.+)\}|(.+))"
    r"|CanonicalUser the (.+)"
)
_EVERYBODY = frozenset({"AWS *", "*"})


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Who may do what, or may not.

    :param conditions: All of them have to hold.
    :param rest: What is said by exclusion, which is compared as a whole.
    """

    allows: bool
    principals: frozenset[str]
    actions: frozenset[str]
    resources: frozenset[str]
    conditions: frozenset[str]
    rest: str = ""

    @property
    def is_for_everybody(self) -> bool:
        return self.allows and not self.conditions and self._names_everybody

    @property
    def is_for_cdn(self) -> bool:
        known = [p == _CLOUDFRONT or p.startswith(_IDENTITY) for p in self.principals]
        return self.allows and bool(known) and all(known)

    @property
    def _names_everybody(self) -> bool:
        return bool(self.principals & _EVERYBODY)

    @property
    def _is_for_one_distribution(self) -> bool:
        return self.principals == {_CLOUDFRONT} and any(
            re.fullmatch(r"stringequals aws:sourcearn [^*]*:distribution/[^*]+", test)
            for test in self.conditions
        )

    def covers(self, other: Statement) -> bool:
        """Whether the other says nothing that this statement does not say, too."""
        return (
            (self.allows, self.rest) == (other.allows, other.rest)
            and (
                other.principals <= self.principals
                or self._names_everybody
                # A distribution that signs its requests, in place of its identity.
                or (self.is_for_cdn and other._is_for_one_distribution)
            )
            and _cover(self.actions, other.actions)
            and _cover(self.resources, other.resources)
            and self.conditions <= other.conditions
        )


def remaining(before: object, after: object) -> tuple[Any, Any]:
    """Two resolved documents in one notation, without the statements that both have."""
    if not all(isinstance(document, dict | None) for document in (before, after)):
        return before, after
    was, now = _plain(mapping(before)), _plain(mapping(after))
    return _without(was, now), _without(now, was)


def _without(document: Any, other: Any) -> dict[str, Any]:
    known = set(map(canonical, other["Statement"]))
    left = [part for part in document["Statement"] if canonical(part) not in known]
    return {**document, "Statement": left}


def _plain(document: Json) -> dict[str, Any]:
    """Lists where single values may stand, and the keys of conditions in lower case."""
    return {
        **document,
        "Statement": [*map(_in_lists, _list(document.get("Statement")))],
    }


def _in_lists(part: object) -> Any:
    if part in ({"AWS": "*"}, {"AWS": ["*"]}):
        return ["*"]
    if plain_object(part):
        return {k.lower() if ":" in k else k: _in_lists(v) for k, v in part.items()}
    return sorted(_list(part), key=canonical)


def statements(document: object) -> list[Statement]:
    """The statements of a resolved policy document."""
    return [
        _statement(mapping(part)) for part in _list(mapping(document).get("Statement"))
    ]


def _beyond(some: list[Statement], others: list[Statement]) -> list[Statement]:
    return [one for one in some if not any(other.covers(one) for other in others)]


def _cover(patterns: frozenset[str], values: Iterable[str]) -> bool:
    """Whether a pattern such as ``s3:Get*`` matches each value."""
    return all(
        any(value == one or path_patterns.matches(one, value) for one in patterns)
        for value in values
    )


def _statement(statement: Json) -> Statement:
    allows = statement.get("Effect") != "Deny"
    exclusions = {key: part for key, part in statement.items() if key.startswith("Not")}
    principals = frozenset(_principals(statement.get("Principal")))
    if allows and exclusions.pop("NotPrincipal", None) is not None:
        # Everybody but some is everybody.
        principals = frozenset({"*"})
    actions = map(_word, _list(statement.get("Action")))
    return Statement(
        allows=allows,
        principals=principals,
        actions=frozenset(action.lower() for action in actions),
        resources=frozenset(map(_word, _list(statement.get("Resource")))),
        conditions=frozenset(_conditions(mapping(statement.get("Condition")))),
        rest=canonical(exclusions) if exclusions else "",
    )


def _principals(principal: object) -> Iterator[str]:
    if not isinstance(principal, dict):
        yield from map(_word, _list(principal))
        return
    for kind, parts in principal.items():
        for name in (f"{kind} {_word(part)}" for part in _list(parts)):
            found = _IDENTITY_NAMES.fullmatch(name)
            yield f"{_IDENTITY}{found[1] or found[2] or found[3]}" if found else name


def _conditions(condition: Json) -> Iterator[str]:
    for operator, keys in condition.items():
        for key, values in mapping(keys).items():
            # "false" and false are one value, and a list of them is any of them.
            listed = ", ".join(sorted(map(_word, _list(values))))
            yield f"{operator.lower()} {key.lower()} {listed}"


def _word(value: object) -> str:
    """A value as it is shown, so that it can be compared and read."""
    return text(value) if isinstance(value, str | bool) else element_text(leaf(value))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def policy_lines(resource_type: str, before: object, after: object) -> Iterator[Change]:
    """What a policy lets in that it did not, and what it no longer refuses.

    :param before: The resolved policy document, or ``None`` of a policy that is new.
    """
    is_of_bucket = resource_type == BUCKET_POLICY
    was, now = statements(before), statements(after)
    of = canonical(before), canonical(after)
    block: dict[str, Any] = {"block": _WIDENED, "of": of}
    allowed = [s for s in now if s.allows and not s.principals <= _WRITERS]
    more = _beyond(allowed, was)
    if any(statement.is_for_everybody for statement in more):
        note = "everybody with an AWS account can use it"
        note = _READABLE if is_of_bucket else note
        yield say(Topic.ACCESS, "everybody is let in", note=note, **block)
    elif more and before is not None and is_of_bucket:
        note = "somebody else may use it, or in other ways, or under fewer conditions"
        yield say(Topic.ACCESS, "more may be allowed than before", note=note, **block)
    if is_of_bucket and _beyond([s for s in was if not s.allows], now):
        note = "such as http:// requests"
        yield say(Topic.ACCESS, "what was refused may be allowed", note=note, **block)
    if is_of_bucket and lets_in_cdn(before) and not lets_in_cdn(after):
        yield say(Topic.ACCESS, "CloudFront is no longer let in", note=CDN_REFUSED)


def lets_in_cdn(document: object) -> bool:
    return any(statement.is_for_cdn for statement in statements(document))


# --- Buckets ---

_PUBLIC_ACCESS_BLOCKS = frozenset(
    {
        *("BlockPublicAcls", "BlockPublicPolicy"),
        *("IgnorePublicAcls", "RestrictPublicBuckets"),
    }
)
_PUBLIC_ACLS = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")


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


def _public_access(d: Difference) -> str:
    if not d.lost:
        return "blocks public access by {gained}"
    text = "no longer blocks public access by {lost}"
    return f"{text}, but by {{gained}}" if d.gained else text


def _may_be_public(d: Difference) -> bool:
    return d.after is not None and known(d.after) in (*_PUBLIC_ACLS, None)


BUCKET_RULES = table(
    Topic.ORIGIN,
    *about(
        Topic.ACCESS,
        Rule(
            "PublicAccessBlockUnset",
            added="PublicAccessBlockConfiguration is removed",
            note="only a new bucket blocks public access by itself",
            block=_WIDENED,
        ),
        Rule(
            "PublicAccessBlocked",
            _public_access,
            when=lambda d: d.lost,
            note="a policy or an object can open it to everybody",
            block=_WIDENED,
        ),
        Rule(
            r"PublicAccessBlockConfiguration\.(\w+)",
            "{key} is …",
            absent="said otherwise",
            when=lambda d: (
                not d.added and d.key not in elements(d.now.get("PublicAccessBlocked"))
            ),
            block=_WIDENED,
        ),
        Rule(
            "AccessControl",
            "the ACL is …",
            absent="Private",
            when=_may_be_public,
            note=lambda d: _READABLE if d.after in _PUBLIC_ACLS else "",
            block=_WIDENED,
        ),
    ),
    Rule(
        r"VersioningConfiguration\.Status",
        "the versioning is …",
        absent="off",
        when=lambda d: d.before == "Enabled",
        note="what is overwritten or deleted is lost",
        block=BlockReason.PROTECTION_DROPPED,
    ),
)
