"""Messages with text from a template in them, which is never taken for markup."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LONGEST_VALUE = 120


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


def format_message(template: str, *values: object) -> Message:
    """Put a value in place of each ``{}``.

    A value is untrusted, unless it is ``Trusted`` or a message itself.
    """
    pieces = template.split("{}")
    if len(pieces) != len(values) + 1:
        raise ValueError(f"template must have {len(values)} places, got {template!r}")
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
