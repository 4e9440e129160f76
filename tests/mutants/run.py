"""Breaks the code line by line, each time in a copy: the tests must notice.

Ends with 0 when they notice every listed breakage, with 1 when they miss one or one
cannot be tried, and with 2 when they fail on unbroken code.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mutant import Mutant, read_mutants
from workshop import Run, Workshop, write

_SOME_TEST_FAILED = 1
_SURVIVORS, _RED = 1, 2


class Word(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    STALE = "no longer applies"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    mutant: Mutant
    word: Word
    seconds: float = 0
    why: str = ""

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ""
        return f"{self.word}  {self.mutant.name} ({self.seconds:.1f} s){why}"


def judge(workshop: Workshop, mutant: Mutant) -> Verdict:
    """Break a copy, run the mutant's tests there, mend it."""
    start = time.monotonic()
    with workshop.copy() as copy:
        path = copy / mutant.file
        text = path.read_text("utf-8") if path.is_file() else ""
        try:
            broken = mutant.broken(text)
        except ValueError as error:
            return Verdict(mutant=mutant, word=Word.STALE, why=str(error))
        write(path, broken)
        try:
            run = workshop.run(copy, mutant.tests)
        finally:
            write(path, text)
    word, why = _word(run)
    seconds = time.monotonic() - start
    return Verdict(mutant=mutant, word=word, seconds=seconds, why=why)


def _word(run: Run) -> tuple[Word, str]:
    if run.code is None:
        return Word.KILLED, "it hangs"
    if run.code == 0:
        return Word.SURVIVED, ""
    if run.code == _SOME_TEST_FAILED:
        return Word.KILLED, ""
    # No test has failed: pytest could not find, import or run them.
    return Word.ERROR, f"pytest ended with exit code {run.code}\n{run.end}"


def shares(mutants: Iterable[Mutant], jobs: int) -> list[list[str]]:
    """The distinct tests of the list, dealt to so many runs by their files.

    One run for all tests of a job starts Python, Django and node once; a file's tests stay
    together, for what they share.
    """
    files: dict[str, dict[str, None]] = {}
    for mutant in mutants:
        for test in mutant.tests:
            files.setdefault(test.partition("::")[0], {})[test] = None
    names = sorted(files)
    dealt = (names[number::jobs] for number in range(jobs))
    return [[test for name in own for test in files[name]] for own in dealt if own]


def is_green(
    workshop: Workshop, pool: ThreadPoolExecutor, mutants: Sequence[Mutant], jobs: int
) -> bool:
    """Whether the tests pass on unbroken code, or each mutant would seem to be killed."""
    groups = shares(mutants, jobs)
    print(f"{sum(map(len, groups))} tests on unbroken code", flush=True)

    def run(tests: list[str]) -> Run:
        with workshop.copy() as copy:
            return workshop.run(copy, tests, times=len(tests))

    red = [one for one in pool.map(run, groups) if one.code != 0]
    for one in red:
        print(one.end)
    return not red


def try_all(
    workshop: Workshop, pool: ThreadPoolExecutor, mutants: Sequence[Mutant], jobs: int
) -> int:
    """The unbroken code, then every mutant; returns the exit code."""
    if not is_green(workshop, pool, mutants, jobs):
        print("the tests must pass on unbroken code before they can tell a mutant")
        print(f"0 passed, {len(mutants)} failed")
        return _RED
    tried = [pool.submit(judge, workshop, mutant) for mutant in mutants]
    failed: list[Verdict] = []
    for number, future in enumerate(as_completed(tried), 1):
        verdict = future.result()
        print(f"{number:>3}/{len(tried)}  {verdict}", flush=True)
        if verdict.word != Word.KILLED:
            failed.append(verdict)
    for verdict in failed:
        print(f"{verdict.word}: {verdict.mutant.name}, in {verdict.mutant.file}")
    print(f"{len(tried) - len(failed)} passed, {len(failed)} failed")
    return _SURVIVORS if failed else 0


def main() -> int:
    given = _parser().parse_args()
    mutants = [one for one in read_mutants() if given.only.lower() in one.name.lower()]
    if not mutants:
        raise SystemExit(f"--only must be a part of a name, got {given.only!r}")
    if given.list:
        print("\n".join(f"{one.name}  ({one.file})" for one in mutants))
        return 0
    # A shell lets its background jobs, and all that they start, ignore SIGINT.
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        workshop = Workshop(Path(folder), jobs=given.jobs, seconds=given.seconds)
        pool = ThreadPoolExecutor(given.jobs)
        try:
            return try_all(workshop, pool, mutants, given.jobs)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            workshop.close()
            pool.shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="PART", help="of the names")
    parser.add_argument("--jobs", type=int, default=2, help="at a time (default: 2)")
    parser.add_argument("--list", action="store_true", help="show the names and end")
    parser.add_argument(
        "--seconds", type=float, default=180, help="for one mutant (default: 180)"
    )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
