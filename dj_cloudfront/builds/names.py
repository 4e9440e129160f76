"""Which names a build can hold: those that every server, URL and file system takes alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_PART = 255
LONGEST_NAME = 1024 - len("v" * 64 + "/")
"""In bytes: a key of S3 has 1,024, and the build version stands in front."""

# Refused on the raw path by the servers' rules, also when the % comes encoded once more.
_ENCODED = re.compile(r"%(25)*(2e|2f|5c|00)", re.IGNORECASE)
# What almost all names are, and what needs no closer look.
_PLAIN = re.compile(
    r"(?=.{1,255}$)[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_name(name: str) -> None:
    """Whether a file of this name can be published and asked for.

    :raises ValueError: with one sentence, when it cannot.
    """
    if _PLAIN.fullmatch(name):
        return
    if why := _why_not(name):
        raise ValueError(
            f"a file's name must {why}, such as 'css/site.css', got {name!r}: rename the "
            "file or leave it out (collectstatic --ignore)"
        )


def _why_not(name: str) -> str | None:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "be UTF-8"
    parts = name.split("/")
    if name.startswith("/"):
        return "be relative to the build"
    if "" in parts or "." in parts or ".." in parts:
        return "have no part that is empty, '.' or '..'"
    if any(part.startswith(".") for part in parts):
        return "have no part that begins with a dot, for web servers hide those"
    if _CONTROL.search(name):
        return "hold no control character"
    if "\\" in name:
        return "hold no backslash, which browsers take for a slash"
    if _ENCODED.search(name):
        return "hold no '%2e', '%2f', '%5c' or '%00', which web servers refuse"
    if size > LONGEST_NAME or any(len(p.encode()) > LONGEST_PART for p in parts):
        return f"have at most {LONGEST_PART} bytes a part and {LONGEST_NAME} in all"
    return None


def twin_of(name: str, names: Iterable[str]) -> str | None:
    """A name that some file systems take for the same: other case, other Unicode form."""
    folded = _fold(name)
    return next((one for one in names if one != name and _fold(one) == folded), None)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
