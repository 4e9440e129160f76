"""One thing that changes, in the words of somebody who visits or pays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cdn_review.words import Words, plain


class Topic(StrEnum):
    """What a change is about. They are shown in this order."""

    REPLACEMENT = "replacement"
    ACCESS = "access"
    SECURITY = "security"
    DOMAINS = "domains"
    ORIGIN = "origin"
    CACHE_KEY = "cache key"
    LIFETIME = "lifetime"
    CORS = "CORS"
    HEADERS = "headers"
    DELIVERY = "delivery"
    WATCHING = "watching"
    POLICIES = "policies"
    OUTPUTS = "outputs"
    STACK = "stack"
    OTHER = "other"


class Stop(StrEnum):
    """What must not happen in a protected environment until it is acknowledged."""

    DISTRIBUTION_REPLACED = "distribution-replaced"
    DISTRIBUTION_DELETED = "distribution-deleted"
    ACCESS_WIDENED = "access-widened"
    ORIGIN_OPENED = "origin-opened"
    HEADER_DROPPED = "header-dropped"
    PROTECTION_DROPPED = "protection-dropped"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of a summary."""

    stack: str
    environment: str
    role: str
    """Such as ``static distribution``: letters, digits and ``-_/. ()`` only."""
    topic: Topic
    text: Words
    note: str = ""
    """What visitors or the bill will notice, when the text does not say so itself."""
    stop: Stop | None = None
    costs: bool = False
    fingerprint: str = ""
    """Of the values before and after: an acknowledgement holds for these alone."""

    def __str__(self) -> str:
        marks = [str(self.stop)] if self.stop else []
        marks += ["cost"] if self.costs else []
        mark = f" [{', '.join(marks)}]" if marks else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.environment}: {self.role}: {plain(self.text)}{note}{mark}"
