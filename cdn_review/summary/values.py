"""Values as a reader says them."""

from __future__ import annotations

from collections.abc import Iterable

from cdn_review.words import Own

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_MOST_LISTED = 12


def duration(seconds: int | str | None) -> str:
    """``1 day``, ``90 minutes``, ``0 seconds``: in the largest unit that comes out whole."""
    if seconds is None:
        return Own("an unknown time")
    if isinstance(seconds, str):
        return shown(seconds)
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            count = seconds // size
            return Own(f"{count} {unit}" if count == 1 else f"{count} {unit}s")
    return Own("0 seconds")


def shown(value: str) -> str:
    """A value, unless only CloudFormation knows it: a logical id says nothing to a reader."""
    if value.startswith(("{", "[")) and not value.startswith("{{resolve:"):
        return Own("a value known at deploy time")
    return value


def listed(values: Iterable[str]) -> str:
    """The values in order, as many as a line can have."""
    found = sorted({shown(one) for one in values})
    more = len(found) - _MOST_LISTED
    if more > 0:
        return ", ".join(found[:_MOST_LISTED]) + f" and {more} more"
    return ", ".join(found)


def count(number: int, noun: str, plural: str = "") -> Own:
    """``1 key``, ``2 keys``."""
    return Own(f"{number} {noun if number == 1 else plural or noun + 's'}")


def number_of(value: int) -> Own:
    return Own(value)


def header(name: str) -> str:
    """A header as it is mostly written: their names have no case."""
    if name.lower() == "etag":
        return "ETag"
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-"))
