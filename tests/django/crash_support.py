"""Ends a process, or denies it the disk, at the n-th thing that it does to the disk.

What it does is known from Python's audit events, and for ``write`` and ``fsync``, which raise
none, from wrappers. Each try is a fork, so that hundreds of them take seconds.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

KILLED = 77

_EVENTS = {
    "os.chmod",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "os.utime",
}
_SILENT = ("copy_file_range", "fdatasync", "fsync", "pwrite", "sendfile", "write")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# What takes no space succeeds on a disk that is full.
_FREE_OF_CHARGE = {"os.chmod", "os.remove", "os.rename", "os.rmdir", "os.utime"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens at the point.

    :param errno: The error that the system gives; None ends the process instead.
    :param stays: Whether it is so from then on, as on a disk that stays full.
    """

    errno: int | None = None
    stays: bool = False

    def concerns(self, event: str) -> bool:
        full = self.errno in (28, 122)
        return not (full and event in _FREE_OF_CHARGE)


KILL = Fault()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a try ended.

    :param point: Counted from 1.
    :param event: What was about to happen there; None if there was no such point.
    :param error: What the action raised.
    :param result: What it returned.
    """

    point: int
    event: str | None
    error: BaseException | None
    result: object

    @property
    def was_reached(self) -> bool:
        return self.event is not None


def attempt(action: Callable[[], object], point: int, fault: Fault = KILL) -> Outcome:
    """Run the action in a fork, with the fault at its n-th point."""
    with tempfile.TemporaryFile() as report, warnings.catch_warnings():
        # Newer Pythons warn of threads, of which a fork has none but its own.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
        if child == 0:
            _run(action, point, fault, report.fileno())
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, KILLED), f"the fork ended with {code} at point {point}"
        report.seek(0)
        event, error, result = pickle.load(report)
    return Outcome(point=point, event=event, error=error, result=result)


def every_point(
    action: Callable[[], object],
    fault: Fault = KILL,
    *,
    before: Callable[[], object],
    first: int = 1,
    step: int = 1,
) -> Iterator[Outcome]:
    """A try for each point, until there are no more.

    :param before: Brings the disk into the state that each try begins with.
    """
    for point in itertools.count(first, step):
        before()
        outcome = attempt(action, point, fault)
        if not outcome.was_reached:
            assert outcome.error is None, outcome
            return
        yield outcome


@contextlib.contextmanager
def quick_folder() -> Iterator[Path]:
    """A temporary folder in memory, where the system has one: nothing waits for a disk."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="crash-", dir=where) as folder:
        yield Path(folder)


def restore(saved: Path, folder: Path) -> None:
    """Make a folder what it was when it was saved, times included."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(saved, folder, symlinks=True)


class _Trap:
    """In the fork: counts, and lets the fault happen."""

    def __init__(self, point: int, fault: Fault, report: int) -> None:
        self._point = point
        self._fault = fault
        self._report = report
        self._count = itertools.count(1)
        self.event: str | None = None
        self.is_set = False
        # The system's own, which are not counted.
        self.write = os.write

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            flags = arguments[2]
            if isinstance(flags, int) and flags & _WRITING:
                self.at(event, arguments[0])
        elif event in _EVENTS:
            self.at(event, arguments[0])

    def at(
        self,
        event: str,
        what: object,
        torn: Callable[..., object] | None = None,
        arguments: tuple[object, ...] = (),
    ) -> None:
        if not self.is_set or not self._fault.concerns(event):
            return
        count = next(self._count)
        if count == self._point:
            self.event = f"{event} {what!r}"
            if self._fault.errno is None:
                if torn:
                    torn(*arguments)
                self.tell(None, None)
                os._exit(KILLED)
        if count == self._point or (self._fault.stays and count > self._point):
            number = self._fault.errno or 0
            raise OSError(number, os.strerror(number))

    def tell(self, error: BaseException | None, result: object) -> None:
        data = pickle.dumps((self.event, error, result))
        self.write(self._report, data)


def _run(action: Callable[[], object], point: int, fault: Fault, report: int) -> None:
    """The whole life of a fork. It never returns."""
    code = 1
    try:
        sys.dont_write_bytecode = True
        trap = _Trap(point, fault, report)
        sys.addaudithook(trap.hook)
        for name in _SILENT:
            if hasattr(os, name):
                setattr(os, name, _wrapped(trap, name))
        error, result = None, None
        trap.is_set = True
        try:
            result = action()
        except Exception as raised:
            error = raised
        trap.is_set = False
        trap.tell(error, result)
        code = 0
    finally:
        os._exit(code)


def _wrapped(trap: _Trap, name: str) -> Callable[..., object]:
    original = getattr(os, name)

    def half(file: int, data: bytes) -> None:
        """What has reached the disk of a write that was interrupted."""
        original(file, bytes(data)[: len(data) // 2])

    def call(*arguments: object) -> object:
        trap.at(name, arguments[0], half if name == "write" else None, arguments)
        return original(*arguments)

    return call
