"""What is set differently about a resource, in the words of a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdn_review.delivery.normal import normal
from cdn_review.delivery.plain import Json, canonical, mapping, properties

# By property, whatever the type: none of these means two things in what is known here.
_PHRASES = {
    "AccessControl": "whom it lets in",
    "ActionsEnabled": "whether it tells anybody",
    "AlarmActions": "whom it tells",
    "AliasTarget": "where it leads",
    "BucketEncryption": "encryption",
    "CorsConfiguration": "which sites may read from it",
    "DashboardBody": "what it shows",
    "DefaultAction": "what happens to all other requests",
    "DatapointsToAlarm": "how long it waits",
    "Endpoint": "who is told",
    "EvaluationPeriods": "how long it waits",
    "FunctionCode": "the code, which runs for every request of its paths",
    "FunctionConfig": "runtime and settings",
    "LifecycleConfiguration": "which files expire, and when",
    "OwnershipControls": "who owns the files",
    "Period": "how long it waits",
    "PolicyDocument": "the rules",
    "PublicAccessBlockConfiguration": "what is blocked of public access",
    "RecordFields": "the fields of a line",
    "ReplicationConfiguration": "where copies go",
    "ResourceRecords": "where it leads",
    "Rules": "what is refused",
    "RetentionInDays": "for how many days lines are kept",
    "Threshold": "when it rings",
    "VersioningConfiguration": "whether older versions of a file are kept",
    "WebsiteConfiguration": "whether it is a website",
}
# Lists in which order means nothing, and one value is as good as a list of it.
_SETS = frozenset(
    (
        *(
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "AWS",
            "Service",
            "Statement",
        ),
        *("AlarmActions", "OKActions", "InsufficientDataActions", "Dimensions", "Tags"),
        *("SubjectAlternativeNames", "DomainValidationOptions", "ResourceRecords"),
        "Rules",
    )
)


def changed(before: Json, after: Json, names: Mapping[str, str]) -> set[str]:
    """The properties that two resources have differently.

    :param names: Logical ids of the earlier template by which the later one has the same.
    """
    was, now = plainly(properties(before), names), plainly(properties(after), {})
    return {
        name
        for name in was.keys() | now.keys()
        if canonical(was.get(name)) != canonical(now.get(name))
    }


def phrases(found: set[str]) -> tuple[list[str], set[str]]:
    """What properties are about, and those of which only their own name is known."""
    known = {_PHRASES[name] for name in found if name in _PHRASES}
    return sorted(known), found - _PHRASES.keys()


def plainly(value: Json, names: Mapping[str, str]) -> Json:
    """Values without their choices of notation and of order."""
    return mapping(_unordered(normal(value, branch=-1, names=names)))


def _unordered(value: Any) -> Any:
    # No recursion without an end: what is nested deeply was cut before.
    if isinstance(value, list):
        return [_unordered(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _sorted(_unordered(one)) if key in _SETS else _unordered(one)
        for key, one in value.items()
    }


def _sorted(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    return sorted(found, key=canonical)
