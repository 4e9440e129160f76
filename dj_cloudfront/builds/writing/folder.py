"""Where a build's files go: a hidden folder, or nowhere in a dry run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from dj_cloudfront.builds import disk
from dj_cloudfront.builds.index import File
from dj_cloudfront.builds.writing.content import (
    Content,
    Given,
    Opened,
    describe,
    read,
)

FILE_MODE = 0o444
"""Nobody writes into a published file: other builds may have the same one under their names."""

_SYNCS_AT_A_TIME = 8


class Target(Protocol):
    """What takes the files. Names come checked, with ``/`` between folders."""

    file_mode: int

    def make_folder(self, name: str) -> None: ...

    def link(self, source: str, name: str, *, folder: int | None = None) -> bool:
        """Link a file of an open folder, or of this one. False where that cannot be."""

    def write(self, name: str, content: Content) -> File:
        """Write a file that is not there yet; returns what was written."""

    def open(self, name: str) -> Opened | Given: ...

    def remove(self, name: str) -> None: ...

    def sync(self, files: Sequence[str], folders: Iterable[str]) -> None: ...

    def close(self) -> None: ...


class Folder:
    """A new folder on the disk."""

    def __init__(self, path: Path) -> None:
        os.mkdir(path)
        self._folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # What the umask leaves of a folder's permissions, it leaves of a file's.
        self.file_mode = os.fstat(self._folder).st_mode & FILE_MODE

    def make_folder(self, name: str) -> None:
        os.mkdir(name, dir_fd=self._folder)

    def link(self, source: str, name: str, *, folder: int | None = None) -> bool:
        of = self._folder if folder is None else folder
        return disk.link(source, name, source_folder=of, target_folder=self._folder)

    def write(self, name: str, content: Content) -> File:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = os.open(name, flags, FILE_MODE, dir_fd=self._folder)
        try:
            return describe(content, also=lambda block: disk.write_all(file, block))
        except OSError as error:
            error.filename = name
            raise
        finally:
            os.close(file)

    def open(self, name: str) -> Opened:
        return Opened(name, folder=self._folder)

    def remove(self, name: str) -> None:
        os.unlink(name, dir_fd=self._folder)

    def sync(self, files: Sequence[str], folders: Iterable[str]) -> None:
        """Sync all at once, so that the disk's journal takes many in one go.

        Folders come after the files that they name.
        """
        with ThreadPoolExecutor(_SYNCS_AT_A_TIME) as pool:
            for names in (files, [*folders, "."]):
                for _ in pool.map(self._sync, names):
                    pass

    def close(self) -> None:
        os.close(self._folder)

    def _sync(self, name: str) -> None:
        disk.fsync_path(name, folder=self._folder)


class Nowhere:
    """What a dry run fills: it remembers where the bytes are."""

    file_mode = 0

    def __init__(self) -> None:
        self._open: dict[str, Callable[[], Opened | Given]] = {}

    def make_folder(self, name: str) -> None:
        pass

    def link(self, source: str, name: str, *, folder: int | None = None) -> bool:
        if folder is None:
            self._open[name] = self._open[source]
        else:
            self._open[name] = lambda: Opened(source, folder=folder)
        return True

    def write(self, name: str, content: Content) -> File:
        if isinstance(content, Opened):
            path = content.path
            self._open[name] = lambda: Opened(path)
        else:
            data = read(content)
            self._open[name] = lambda: Given(data)
        return describe(content)

    def open(self, name: str) -> Opened | Given:
        return self._open[name]()

    def remove(self, name: str) -> None:
        del self._open[name]

    def sync(self, files: Sequence[str], folders: Iterable[str]) -> None:
        pass

    def close(self) -> None:
        pass
