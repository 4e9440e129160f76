"""Sentences with foreign text in them: what a template says is never markup."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LONGEST_VALUE = 120


@dataclass(frozen=True)
class Value:
    """A piece of foreign text, on one line and of bounded length.

    Who renders it escapes it: it can hold Markdown, HTML and mentions.
    """

    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _tidy(self.text))


class Own(str):
    """A value in our own words, such as ``1 day``. Never made of foreign text."""


Words = tuple[str | Value, ...]


def say(template: str, *values: object) -> Words:
    """A sentence of ours with values in place of each ``{}``, foreign unless ``Own``."""
    pieces = template.split("{}")
    if len(pieces) != len(values) + 1:
        raise ValueError(f"template must have {len(values)} places, got {template!r}")
    words: list[str | Value] = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        words += [str(value) if isinstance(value, Own) else Value(str(value)), piece]
    return _joined(words)


def _joined(words: list[str | Value]) -> Words:
    """Equal sentences are equal, wherever their own words came from."""
    done: list[str | Value] = []
    for word in words:
        if isinstance(word, str) and done and isinstance(done[-1], str):
            done[-1] += word
        elif word != "":
            done.append(word)
    return tuple(done)


def plain(words: Words) -> str:
    """The sentence as text, with its values in quotes."""
    return "".join(
        f"'{word.text}'" if isinstance(word, Value) else word for word in words
    )


def _tidy(text: str) -> str:
    # Beyond the cut nothing is read: the text may be as long as a template.
    shown = "".join(
        character if _is_visible(character) else " "
        for character in text[: 4 * LONGEST_VALUE]
    )
    line = " ".join(shown.split())
    is_whole = len(line) <= LONGEST_VALUE and len(text) <= 4 * LONGEST_VALUE
    return line if is_whole else line[: LONGEST_VALUE - 1] + "…"


def _is_visible(character: str) -> bool:
    # Control, format (such as right-to-left marks), surrogate, private and unassigned.
    return not unicodedata.category(character).startswith("C")
