"""One change, in the words of somebody who visits the site or pays for it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

LONGEST_VALUE = 120


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


@dataclass(frozen=True)
class Untrusted:
    """Text from a template, on one line and of bounded length.

    It can hold Markdown, HTML and mentions: whatever renders it has to escape it.
    """

    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _one_line(self.text))


class Trusted(str):
    """A value in our own words, such as ``1 day``. Never made of text from a template."""


Message = tuple[str | Untrusted, ...]


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


def format_message(template: str, *values: object) -> Message:
    """Put a value in place of each ``{}``.

    A value is untrusted, unless it is ``Trusted`` or a message itself.
    """
    pieces = template.split("{}")
    parts: list[str | Untrusted] = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        if isinstance(value, tuple):
            parts += [*value, piece]
        elif isinstance(value, Trusted):
            parts += [str(value), piece]
        else:
            parts += [Untrusted(str(value)), piece]
    return _merged(parts)


def to_text(message: Message) -> str:
    """The message as plain text, with its values in quotes."""
    return "".join(
        f"'{part.text}'" if isinstance(part, Untrusted) else part for part in message
    )


def _merged(parts: list[str | Untrusted]) -> Message:
    """Equal messages are equal, however they were put together."""
    merged: list[str | Untrusted] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return tuple(merged)


def _one_line(text: str) -> str:
    # The text may be as long as a template: nothing beyond the cut is read.
    visible = "".join(
        " " if unicodedata.category(character).startswith("C") else character
        for character in text[: 4 * LONGEST_VALUE]
    )
    line = " ".join(visible.split())
    is_whole = len(line) <= LONGEST_VALUE and len(text) <= 4 * LONGEST_VALUE
    return line if is_whole else line[: LONGEST_VALUE - 1] + "…"
