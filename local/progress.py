"""What a person sees while something takes its time. On stderr, so that output stays data."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Steps with their durations; colours on a terminal only."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Announce a step, and say how long it took when it ends well."""
        start = time.monotonic()
        if self._is_terminal:
            print(f"  … {what}", end="", file=sys.stderr, flush=True)
        try:
            yield
        except BaseException:
            print(f"\r  {self._paint('✗', 31)} {what}", file=sys.stderr, flush=True)
            raise
        seconds = time.monotonic() - start
        tick = self._paint("✓", 32)
        start_of_line = "\r" if self._is_terminal else ""
        print(
            f"{start_of_line}  {tick} {what} ({seconds:.1f} s)",
            file=sys.stderr,
            flush=True,
        )

    def say(self, text: str) -> None:
        """One line."""
        print(text, file=sys.stderr, flush=True)

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._is_terminal else text
