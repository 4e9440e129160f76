"""One change, in the words of somebody who visits the site or pays for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cdn_review.message import Message, to_text


class Topic(StrEnum):
    """What a change is about. Reports list the topics in this order."""

    REPLACEMENT = "replacement"
    ACCESS = "access"
    SECURITY = "security"
    DOMAINS = "domains"
    ORIGIN = "origin"
    CACHE_KEY = "cache key"
    TTL = "TTL"
    CORS = "CORS"
    HEADERS = "headers"
    DELIVERY = "delivery"
    MONITORING = "monitoring"
    POLICIES = "policies"
    OUTPUTS = "outputs"
    STACK = "stack"
    OTHER = "other"


class BlockReason(StrEnum):
    """Why a change needs an acknowledgement before it is merged."""

    DISTRIBUTION_REPLACED = "distribution-replaced"
    DISTRIBUTION_DELETED = "distribution-deleted"
    DOMAIN_LOST = "domain-lost"
    ACCESS_WIDENED = "access-widened"
    ORIGIN_OPENED = "origin-opened"
    HEADER_DROPPED = "header-dropped"
    PROTECTION_DROPPED = "protection-dropped"


class Tag(StrEnum):
    """What a reader scans a report for."""

    COST = "cost"
    SECURITY = "security"
    CACHE_RESTARTS = "cache restarts"
    VISITOR_DATA = "visitors' data"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of a report. A rule knows neither its stack nor its role.

    :param stack: The name of the stack in CloudFormation.
    :param environment: What a reader calls the stack, such as ``prod``.
    :param role: The part of the stack, such as ``static distribution``. It is made of names
        in a template, but holds letters, digits and ``-_/. ()`` only.
    :param note: The consequence, where the message does not say it. Our own words.
    :param block: Set when the change needs an acknowledgement.
    :param fingerprint: Eight hexadecimal digits made of the setting and of its values before
        and after, without the role: one cause in several distributions has one fingerprint.
        An acknowledgement holds for these values alone.
    """

    stack: str = ""
    environment: str = ""
    role: str = ""
    topic: Topic
    message: Message
    note: str = ""
    block: BlockReason | None = None
    tags: tuple[Tag, ...] = ()
    fingerprint: str = ""

    def __str__(self) -> str:
        marks = [str(self.block)] if self.block else []
        marks += map(str, self.tags)
        mark = f" [{', '.join(marks)}]" if marks else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.environment}: {self.role}: {to_text(self.message)}{note}{mark}"
