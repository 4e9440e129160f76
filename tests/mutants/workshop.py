"""Copies of the checkout, to be broken, judged and mended."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_HYPOTHESIS = "_hypothesis_pytestplugin"
_PYTEST = ("-m", "pytest", "-x", "-q", "--tb=short", "-m", "not slow")
# No memory of the last run and no randomness: only the breakage may make a difference.
_PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_timeout", "-p", _HYPOTHESIS)
_SECONDS_TO_CLEAN_UP = 30.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of pytest. Without a code, it took too long and was ended."""

    code: int | None
    output: str

    @property
    def end(self) -> str:
        return "\n".join(self.output.splitlines()[-25:])


class Workshop:
    """Copies, each lent to one thread at a time.

    :param seconds: How long the tests of one mutant may take.
    """

    def __init__(self, folder: Path, *, jobs: int, seconds: float) -> None:
        self._seconds = seconds
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        copies = [folder / f"copy-{number}" for number in range(jobs)]
        copy_checkout(copies[0])
        # All of one moment, while others may write into the checkout.
        for copy in copies[1:]:
            shutil.copytree(copies[0], copy, symlinks=True)
        for copy in copies:
            self._free.put(copy)

    def close(self) -> None:
        """End what still runs."""
        for process in list(self._alive):
            _end(process)

    @contextmanager
    def copy(self) -> Iterator[Path]:
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)

    def run(self, copy: Path, tests: Iterable[str], *, times: int = 1) -> Run:
        """Run tests in a copy.

        :param times: As long as the tests of so many mutants may take.
        """
        # A file takes the output, since a process that is left behind would hold a pipe.
        log = copy.with_suffix(".log")
        own_temporary_folder = f"--basetemp={copy.with_suffix('.tmp')}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *_PYTEST, *_PLUGINS, own_temporary_folder, *tests],
                cwd=copy,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            code = self._wait(process, self._seconds * times)
        return Run(code=code, output=log.read_text("utf-8", "replace"))

    def _wait(self, process: subprocess.Popen[bytes], seconds: float) -> int | None:
        self._alive.add(process)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return None
        finally:
            self._alive.discard(process)


def copy_checkout(copy: Path) -> None:
    """What git has or would take; installed programs and caches are linked."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, copy / name
        if source.is_file() or source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    caches = ROOT / ".local" / "caches"
    caches.mkdir(parents=True, exist_ok=True)
    (copy / ".local").mkdir()
    (copy / ".local" / "caches").symlink_to(caches)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")


def write(path: Path, text: str) -> None:
    """Write a file and forget what Python has compiled of it.

    Python knows a stale compiled file by the source's size and time in whole seconds; a
    breakage may leave both as they were.
    """
    path.write_text(text, "utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """Nothing that leads back to the checkout; no test skipped for want of a program."""
    # Compiled files are kept from one run to the next: a third of a run is compiling.
    foreign = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    tools = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": os.pathsep.join((tools, kept.get("PATH", os.defpath))),
        "CI": "true",
        # Only the plugins that a mutant's tests need, for each start pays for all.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        # The CDK's own rules load for two seconds. Our tests have to notice without them.
        "CDK_VALIDATION": "false",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask first, so that fixtures end the processes that they have started."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_TO_CLEAN_UP)
            return
