"""Path patterns of behaviors: which paths they match, and where two of them overlap.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern
"""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 255
"""Characters of a path pattern, by CloudFront's quota."""


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern matches a path, or all paths of another pattern.

    ``*`` stands for any number of characters and ``?`` for one. A slash at the beginning
    makes no difference. Case does.
    """
    first, *others = _pieces(tidy(pattern))
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


def overlap(first: str, second: str) -> str:
    """A path that two patterns match, such as ``private/*.jpg``, or nothing."""
    for outer, inner in ((first, second), (second, first)):
        if "*" in outer:
            path = outer.replace("*", inner, 1)
        elif "?" in outer or "?" in inner:
            path = _by_question_marks(outer, inner)
        else:
            continue
        if path and matches(first, path) and matches(second, path):
            return path
    return ""


def tidy(pattern: str) -> str:
    """A pattern within CloudFront's bounds, without the slash that means nothing."""
    return pattern[:LONGEST].removeprefix("/")


def _by_question_marks(first: str, second: str) -> str:
    """The common path of two patterns of one length, such as ``a?`` and ``?b``."""
    if len(first) != len(second) or "*" in first + second:
        return ""
    pairs = zip(first, second, strict=True)
    return "".join(b if a == "?" else a for a, b in pairs)


@lru_cache(maxsize=1024)
def _pieces(pattern: str) -> list[re.Pattern[str]]:
    """What stands between stars. A question mark is one letter, and not a star."""
    return [
        re.compile("[^*]".join(map(re.escape, piece.split("?"))), re.DOTALL)
        for piece in pattern.split("*")
    ]
