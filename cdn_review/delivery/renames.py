"""Resources that only have another logical id: nobody outside notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cdn_review.delivery.normal import normal
from cdn_review.delivery.plain import (
    Json,
    canonical,
    mapping,
    properties,
    reference,
    resources,
    text,
)

PUBLIC_KEY = "AWS::CloudFront::PublicKey"
# What is all in the template, so that an equal one under another id is as good. A bucket or a
# store is not: it would be an empty one.
_REPLACEABLE = frozenset(
    f"AWS::CloudFront::{kind}"
    for kind in (
        "CachePolicy",
        "CloudFrontOriginAccessIdentity",
        "Function",
        "KeyGroup",
        "OriginAccessControl",
        "OriginRequestPolicy",
        "PublicKey",
        "RealtimeLogConfig",
        "ResponseHeadersPolicy",
        "VpcOrigin",
    )
)
_NAMES = frozenset({"Name", "Comment", "CallerReference", "Tags"})
# A key group names its keys: each round reaches one layer more.
_ROUNDS = 3


def renamed(before: object, after: object) -> dict[str, str]:
    """Logical ids of the later template by which the earlier one has the same thing.

    What one side has twice is not guessed at.
    """
    names: dict[str, str] = {}
    earlier = resources(prepared(before))
    for _ in range(_ROUNDS):
        later = resources(prepared(after, names=names))
        gone, come = _contents(earlier, later), _contents(later, earlier)
        found = {come[one]: gone[one] for one in come.keys() & gone.keys()}
        if not found:
            break
        names |= found
    return names


def prepared(
    template: object, *, branch: int = 0, names: Mapping[str, str] | None = None
) -> Json:
    """A template in one notation.

    :param branch: What a condition becomes: 0 its first value, 1 its second.
    :param names: Other logical ids for some of its resources.
    """
    others = names or {}
    found = mapping(normal(template, branch=branch, names=others))
    inside = mapping(found.get("Resources"))
    return {
        **found,
        "Resources": {others.get(name, name): one for name, one in inside.items()},
    }


def meaning(value: object, found: Mapping[str, Json]) -> str:
    """A value; for a resource of the template, what it does."""
    resource = found.get(reference(value) or "")
    if resource is None or text(resource.get("Type")) not in _REPLACEABLE:
        return text(value)
    return content(resource)


def content(resource: Json) -> str:
    """What a resource does, without what it is called."""
    inside = {
        key: _without_names(value) if isinstance(value, Mapping) else value
        for key, value in _without_names(properties(resource)).items()
    }
    config = inside.get("PublicKeyConfig")
    if isinstance(config, dict) and isinstance(config.get("EncodedKey"), str):
        # PEM is the same with other line ends, and with none at its end.
        config["EncodedKey"] = "".join(config["EncodedKey"].split())
    return f"{text(resource.get('Type'))} {canonical(inside)}"


def _contents(some: Json, others: Json) -> dict[str, str]:
    """Logical ids by content, of what the others lack."""
    found = {
        name: content(one)
        for name, one in some.items()
        if name not in others and text(one.get("Type")) in _REPLACEABLE
    }
    times = Counter(found.values())
    return {one: name for name, one in found.items() if times[one] == 1}


def _without_names(value: Json) -> Json:
    return {key: one for key, one in value.items() if key not in _NAMES}
