"""What was deleted or overwritten, and which edges may still have: a file for each path.

A record is on the disk before the change is made, and counts from the moment when the change
was made. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dj_cloudfront.builds import filesystem

_OPEN, _READY = ".open", ".json"
_ABANDONED_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """A path that edges may still have.

    :param path: As a viewer asks for it, percent-encoded, such as ``/a/team.png``.
    :param file: Its record.
    """

    path: str
    file: Path


class Backlog(NamedTuple):
    """How many records are pending, and for how long the oldest is."""

    pending: int
    oldest_seconds: float


class Deletions:
    """The records in one folder, which is made by the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def record(
        self, *paths: str, is_undone: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Record paths durably, then make the change in the ``with`` block.

        Until the block ends the record is not sent: an edge could fetch the old file again.
        A process that dies in the block leaves a record that counts ten minutes later.

        :param is_undone: Asked after an ``OSError`` in the block, whether nothing was changed.
            The record is then removed. Default: something may have been.
        """
        filesystem.make_folder(self.folder)
        # The time first, so that names are in order.
        files = [
            (self.folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}{_OPEN}", path)
            for path in paths
        ]
        for file, path in files:
            _write(file, path)
        filesystem.fsync_folder(self.folder)
        undone = False
        try:
            yield
        except OSError:
            undone = is_undone()
            raise
        finally:
            for file, path in files:
                if undone:
                    file.unlink(missing_ok=True)
                else:
                    self._close(file, path)

    def pending(self) -> list[Deletion]:
        """What has to be sent, oldest first, but for damaged records."""
        return self.read()[0]

    def read(self) -> tuple[list[Deletion], list[Path]]:
        """What has to be sent, oldest first, and the records that are damaged."""
        found, damaged = [], []
        for file in self._ready():
            path = _path_in(file)
            if path is not None:
                found.append(Deletion(path=path, file=file))
            elif file.suffix == _OPEN:
                # Nothing was changed: the process died while it wrote the record.
                file.unlink()
            else:
                damaged.append(file)
        return found, damaged

    def backlog(self) -> Backlog:
        """What is pending, without reading it."""
        ages = [_age(file) for file in self._ready()]
        return Backlog(len(ages), round(max([0.0, *ages]), 1))

    def settle(self, deletions: Iterable[Deletion]) -> None:
        """Forget what was sent."""
        for deletion in deletions:
            deletion.file.unlink(missing_ok=True)

    def _ready(self) -> list[Path]:
        try:
            files = sorted(self.folder.iterdir())
        except FileNotFoundError:
            return []
        return [
            file
            for file in files
            if file.suffix in (_OPEN, _READY)
            and file.name[:20].isdigit()
            # A clock that was set back makes a record of the future.
            and (file.suffix == _READY or abs(_age(file)) > _ABANDONED_SECONDS)
        ]

    def _close(self, file: Path, path: str) -> None:
        ready = file.with_suffix(_READY)
        try:
            filesystem.rename(file, ready)
        except FileNotFoundError:
            # The change took so long that it was sent meanwhile: edges may have half of it.
            _write(ready, path)
            filesystem.fsync_folder(self.folder)


def _write(file: Path, path: str) -> None:
    filesystem.write_new(file, json.dumps({"path": path}).encode())


def _path_in(file: Path) -> str | None:
    """The path of a record; None if it is damaged."""
    try:
        path = json.loads(file.read_bytes())["path"]
    except (ValueError, LookupError, TypeError):
        return None
    return path if isinstance(path, str) and path.startswith("/") else None


def _age(file: Path) -> float:
    return time.time() - int(file.name[:20]) / 1e9
