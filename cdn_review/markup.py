"""Text that stays text in GitHub's Markdown, whatever it holds."""

from __future__ import annotations

import json
import re
import unicodedata

from cdn_review.change import Message, Untrusted

# Entities are never markup, https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
_ENTITIES = {ord(one): f"&#{ord(one)};" for one in "\\`*_{}[]<>&$~|!^"}
# GitHub looks for these in the text itself, after the entities: names, numbers, addresses.
_JOINED = re.compile(r"[@#](?=\w)")
_WORD_JOINER = "\u2060"
_LINK = re.compile(r":(?=\S)|(?<=www)\.", re.IGNORECASE)
_PLAIN_ROLE = re.compile(r"[a-z]+(?:,?[ ()]+[a-z]+)*\)?")


def own(text: str) -> str:
    """A sentence of ours, on one line, in which nothing is markup, link or mention."""
    line = " ".join(cleaned(text).split())
    # First the number signs, for entities have them too.
    line = _JOINED.sub(lambda found: found[0] + _WORD_JOINER, line)
    escaped = line.translate(_ENTITIES)
    return _LINK.sub(lambda found: f"&#{ord(found[0])};", escaped)


def code(text: str) -> str:
    """Untrusted text as a code span, in which GitHub looks for nothing.

    An HTML element would not do: in it, GitHub makes addresses into links.
    """
    value = Untrusted(text).text
    if not value:
        return "(empty)"
    fence = "`" * (_longest_run(value) + 1)
    # A space on both sides is taken off again by the reader of the span.
    pad = " " if value.startswith("`") or value.endswith("`") else ""
    return f"{fence}{pad}{value}{pad}{fence}"


def sentence(message: Message) -> str:
    """A sentence of ours, with each untrusted value as a code span."""
    pieces: list[str] = []
    for part in message:
        if isinstance(part, Untrusted):
            # Two code spans that touch would be one with other ends.
            touches = pieces and pieces[-1].endswith("`")
            pieces.append((" " if touches else "") + code(part.text))
        else:
            pieces.append(_with_edges(part))
    return "".join(pieces).strip()


def role(text: str) -> str:
    """A role, which is made of names in a template: as it is when it is plain words."""
    return text if _PLAIN_ROLE.fullmatch(text) else code(text)


def names(texts: tuple[str, ...], *, most: int = 12) -> str:
    """A list of names, such as environments."""
    shown = ", ".join(code(text) for text in texts[:most])
    more = len(texts) - most
    return f"{shown} and {more} more" if more > 0 else shown


def fenced(text: str, language: str) -> str:
    """A block of code that nothing in the text can end."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def cleaned(text: str) -> str:
    """Text without control characters and other invisible ones; lines and tabs stay."""
    return "".join(map(_clean, text.replace("\r\n", "\n")))


def _clean(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    is_hidden = category[0] == "C" or category in ("Zl", "Zp")
    return "\ufffd" if is_hidden and character not in "\n\t" else character


def toml_string(text: str) -> str:
    """A string as TOML reads it back."""
    # What JSON escapes, TOML escapes alike; what neither may hold is cleaned away.
    return json.dumps(cleaned(text), ensure_ascii=False)


def _with_edges(text: str) -> str:
    """``own`` with a space kept where the sentence goes on."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() and text.strip() else ""
    return f"{before}{own(text)}{after}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
