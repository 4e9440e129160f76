"""Lines that fit into a comment: what matters least goes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum


class Rank(IntEnum):
    """How long a line is kept; those with the highest number go first."""

    FIXED = 0
    STOP = 1
    ACKNOWLEDGED = 2
    FLAGGED = 3
    PLAIN = 4
    OTHER = 5


@dataclass(frozen=True)
class Line:
    """Text, of several lines or one, that is shown whole or not at all."""

    text: str
    rank: Rank = Rank.FIXED


@dataclass(frozen=True, kw_only=True)
class Block:
    """Lines with what stands around them. Without lines, nothing is shown."""

    lines: tuple[Line, ...]
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        body = "\n".join(line.text for line in self.lines)
        return f"{self.before}{body}{self.after}"


def length(text: str) -> int:
    """What counts: bytes, so that it is enough however the receiver counts."""
    return len(text.encode("utf-8", "replace"))


def joined(blocks: Sequence[Block]) -> str:
    """The blocks as one text."""
    return "\n\n".join(str(block) for block in blocks if block.lines)


def fit(blocks: Sequence[Block], limit: int) -> tuple[list[Block], int]:
    """The blocks within a limit in bytes, and how many lines had to go."""
    excess = sum(_frame(block) for block in blocks if block.lines) - limit
    order = []
    for at, block in enumerate(blocks):
        for index, line in enumerate(block.lines):
            size = length(line.text) + 1
            excess += size
            order.append((line.rank, at, index, size))
    left = [len(block.lines) for block in blocks]
    gone: set[tuple[int, int]] = set()
    for rank, at, index, size in sorted(order, reverse=True):
        if excess <= 0 or rank is Rank.FIXED:
            break
        gone.add((at, index))
        left[at] -= 1
        excess -= size if left[at] else size + _frame(blocks[at])
    return [_without(block, at, gone) for at, block in enumerate(blocks)], len(gone)


def _frame(block: Block) -> int:
    return length(block.before) + length(block.after) + 2


def _without(block: Block, at: int, gone: set[tuple[int, int]]) -> Block:
    kept = [line for i, line in enumerate(block.lines) if (at, i) not in gone]
    return replace(block, lines=tuple(kept))
