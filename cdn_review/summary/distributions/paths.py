"""Which rules a path gets: behaviors are tried in their order, the default one at last.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from cdn_review.delivery.model import Behavior, Delivery

DEFAULT = ""
# Of both sides together. A distribution may have 75 patterns.
_MOST_PATTERNS = 200
_LONGEST_PATTERN = 255
# Each is held against each other.
_MOST_OVERLAPPING = 80
_LONGEST_OVERLAPPING = 100


@dataclass(frozen=True, kw_only=True)
class Place:
    """Paths with the rules that they had and those that they get.

    :param path: A pattern; where two patterns overlap, one that both of them match. The
        default place has none.
    """

    path: str
    was: Behavior
    now: Behavior


def places(was: Delivery, now: Delivery) -> list[Place]:
    """The default, then every path that a pattern of either side speaks of.

    A place that has the rules of an earlier one is left out, since nothing is new there.
    """
    found = [Place(path=DEFAULT, was=was.default, now=now.default)]
    seen = {(id(was.default), id(now.default))}
    for path in _paths(was, now):
        place = Place(path=path, was=rules_of(was, path), now=rules_of(now, path))
        pair = id(place.was), id(place.now)
        if pair not in seen:
            seen.add(pair)
            found.append(place)
    return found


def rules_of(delivery: Delivery, path: str) -> Behavior:
    """The first behavior whose pattern has all of these paths."""
    for behavior in delivery.behaviors:
        if matches(behavior.pattern, path):
            return behavior
    return delivery.default


def _paths(was: Delivery, now: Delivery) -> Iterator[str]:
    patterns = list(
        dict.fromkeys(_tidy(one.pattern) for one in (*was.behaviors, *now.behaviors))
    )[:_MOST_PATTERNS]
    yield from patterns
    short = [one for one in patterns if len(one) <= _LONGEST_OVERLAPPING]
    for first, second in combinations(short[:_MOST_OVERLAPPING], 2):
        overlap = _overlap(first, second)
        if overlap:
            yield overlap


def _overlap(first: str, second: str) -> str:
    """A path that both match, such as ``private/*.jpg`` of ``private/*`` and ``*.jpg``."""
    for outer, inner in ((first, second), (second, first)):
        path = outer.replace("*", inner, 1)
        if "*" in outer and matches(first, path) and matches(second, path):
            return path
    return ""


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern has a path, or all paths of another pattern."""
    first, *others = _pieces(_tidy(pattern))
    path = path.removeprefix("/")
    if not others:
        return first.fullmatch(path) is not None
    found = first.match(path)
    # The first place of each piece is as good as any: no pattern makes this take long.
    for piece in others[:-1]:
        found = piece.search(path, found.end()) if found else None
    if not found:
        return False
    ends_at = len(path) - len(pattern.rpartition("*")[2])
    return ends_at >= found.end() and others[-1].fullmatch(path, ends_at) is not None


@lru_cache(maxsize=1024)
def _pieces(pattern: str) -> list[re.Pattern[str]]:
    """What stands between stars. A question mark is one letter, and not a star."""
    return [
        re.compile("[^*]".join(map(re.escape, piece.split("?"))), re.DOTALL)
        for piece in pattern.split("*")
    ]


def _tidy(pattern: str) -> str:
    return pattern[:_LONGEST_PATTERN].removeprefix("/")
