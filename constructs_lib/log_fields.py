"""What a log line holds, and the questions that are put to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.validation import check_distinct, truncated_repr

DEFAULT_FIELDS = (
    "date",
    "time",
    "x-edge-location",
    "cs(Host)",
    "x-host-header",
    "cs-method",
    "cs-uri-stem",
    "cs-protocol",
    "cs-protocol-version",
    "ssl-protocol",
    "sc-status",
    "sc-bytes",
    "sc-content-type",
    "sc-content-len",
    "x-edge-result-type",
    "x-edge-response-result-type",
    "x-edge-detailed-result-type",
    "time-taken",
    "time-to-first-byte",
)
"""What was asked for and how it went, and nothing of who asked."""

PERSONAL_FIELDS = frozenset(
    {
        "c-ip",
        "c-port",
        "c-country",
        "asn",
        "x-forwarded-for",
        "cs(Referer)",
        "cs(User-Agent)",
        "cs(Cookie)",
        "cs-uri-query",
        # Also in the server's own log, beside the address.
        "x-edge-request-id",
    }
)
"""Fields that tell of a person, alone or with another log."""

_NAME = re.compile(r"\S{1,50}")
_KNOWN = {
    *DEFAULT_FIELDS,
    *PERSONAL_FIELDS,
    "cs-bytes",
    "ssl-cipher",
    "fle-status",
    "fle-encrypted-fields",
    "sc-range-start",
    "sc-range-end",
    "timestamp(ms)",
    "origin-fbl",
    "origin-lbl",
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """A saved query of CloudWatch Logs Insights."""

    role: str
    title: str
    lines: tuple[str, ...]
    fields: frozenset[str]


QUERIES = (
    Query(
        role="HitRatioByBuild",
        title="Hit ratio by build",
        fields=frozenset({"x-edge-result-type", "cs-uri-stem", "x-host-header"}),
        lines=(
            'filter `x-edge-result-type` in ["Hit", "RefreshHit", "OriginShieldHit", "Miss"]',
            'parse `cs-uri-stem` "/*/*" as build, file',
            'fields strcontains(`x-edge-result-type`, "Hit") * 100 as hit',
            "stats count(*) as requests, avg(hit) as hit_percent by `x-host-header`, build",
            "sort requests desc",
        ),
    ),
    Query(
        role="MissingFiles",
        title="Missing and refused files",
        fields=frozenset({"sc-status", "cs-uri-stem", "x-host-header"}),
        lines=(
            "filter `sc-status` like /^4/",
            "stats count(*) as requests by `x-host-header`, `cs-uri-stem`, `sc-status`",
            "sort requests desc",
            "limit 100",
        ),
    ),
)


def check_fields(fields: Sequence[str]) -> None:
    """At least one name, none twice, each as CloudWatch Logs takes them.

    :raises ValueError: otherwise.
    """
    if not fields:
        raise ValueError(
            "fields must have at least one field, such as DEFAULT_FIELDS, got none"
        )
    for field in fields:
        if not isinstance(field, str) or not _NAME.fullmatch(field):
            raise ValueError(
                "fields must be names of up to 50 characters without spaces, such as "
                f"'sc-status', got {truncated_repr(field)}"
            )
    check_distinct("fields", fields)


def unknown_fields(fields: Sequence[str]) -> list[str]:
    """Fields that CloudFront's documentation did not have in 2026."""
    return [field for field in fields if field not in _KNOWN]


def personal_fields(fields: Sequence[str]) -> list[str]:
    """Fields that tell of a person."""
    return [field for field in fields if field in PERSONAL_FIELDS]
