"""Interleaved pairs: ours, the alternative, ours, … so that a busy machine hurts both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Unit = Literal["seconds", "bytes", "pieces"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A ratio of medians against a named alternative, and what it must stay under.

    Of pieces none is allowed, whatever the alternative has.

    :param pairs: How many measurements of each the medians are of.
    """

    what: str
    alternative: str
    ours: float
    theirs: float
    unit: Unit = "seconds"
    pairs: int = 1
    limit: float = 0

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs if self.theirs else 0.0

    @property
    def holds(self) -> bool:
        return self.ours == 0 if self.unit == "pieces" else self.ratio <= self.limit

    def line(self) -> str:
        verdict = "holds" if self.holds else "MISSED"
        if self.unit == "pieces":
            return (
                f"{self.what}: {self.ours:g}, and {self.theirs:g} {self.alternative} "
                f"(none: {verdict})"
            )
        return (
            f"{self.what}: {self.ratio:.2f} times {self.alternative} "
            f"(at most {self.limit:g}: {verdict}; medians {_shown(self.ours, self.unit)} and "
            f"{_shown(self.theirs, self.unit)} of {self.pairs} pairs)"
        )

    def as_dict(self) -> dict[str, object]:
        return {**vars(self), "ratio": round(self.ratio, 3), "holds": self.holds}


def compare(
    what: str,
    ours: Callable[[], object],
    alternative: str,
    theirs: Callable[[], object],
    *,
    pairs: int,
    limit: float,
    before: Callable[[], object] = lambda: None,
) -> Figure:
    """Measure both by turns, after one round that does not count.

    :param before: What precedes each measurement, and is not measured.
    """
    before()
    ours()
    before()
    theirs()
    times: tuple[list[float], list[float]] = ([], [])
    for index in range(pairs):
        order = ((ours, 0), (theirs, 1))
        for run, side in order if index % 2 == 0 else reversed(order):
            before()
            times[side].append(_seconds(run))
    return Figure(
        what=what,
        alternative=alternative,
        ours=statistics.median(times[0]),
        theirs=statistics.median(times[1]),
        pairs=pairs,
        limit=limit,
    )


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _shown(amount: float, unit: Unit) -> str:
    if unit == "bytes":
        return f"{amount / 1e6:.1f} MB"
    return f"{amount:.2f} s" if amount >= 0.1 else f"{amount * 1e6:.1f} µs"
