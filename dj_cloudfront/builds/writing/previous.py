"""The build whose files are linked where they are the same."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dj_cloudfront.builds.index import INDEX_NAME, File, Index
from dj_cloudfront.builds.writing.content import Content, Opened, describe, equal


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A file that has the bytes which are wanted under another name.

    :param folder: The open folder that it is in; None for the one that is being written.
    :param mode: Its permissions.
    """

    name: str
    folder: int | None
    file: File
    mode: int


class Previous:
    """A published build, to be read while another is written.

    :param index: What it holds.
    """

    def __init__(self, path: Path, index: Index) -> None:
        self.files: Mapping[str, File] = index.files
        self._inside = {""}
        self.folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._indexed = os.stat(INDEX_NAME, dir_fd=self.folder).st_mtime_ns
        except FileNotFoundError:
            self._indexed = 0

    def close(self) -> None:
        os.close(self.folder)

    @cached_property
    def name_of(self) -> Mapping[File, str]:
        """A name for each content."""
        return {file: name for name, file in self.files.items()}

    def match(self, name: str | None, content: Content) -> Match | None:
        """The file of that name, if its bytes are these.

        Bytes are compared, never times: in a fresh checkout all files are new, and in a
        restored backup all are old. A file that cannot be read is not the same.
        """
        prior = self.files.get(name) if name else None
        if name is None or prior is None or prior.size != content.size:
            return None
        if not self._is_inside(name.rpartition("/")[0]):
            return None
        try:
            with Opened(name, folder=self.folder) as file:
                if not equal(content, file):
                    return None
                found = file.stat
        except (OSError, ValueError):
            return None
        # The index does not know what somebody did to the file after it was written.
        changed = found.st_mtime_ns > self._indexed
        known = describe(content) if changed else prior
        return Match(name=name, folder=self.folder, file=known, mode=found.st_mode)

    def _is_inside(self, folder: str) -> bool:
        """Whether no link leads there: what is elsewhere may change, and with it each build."""
        if folder in self._inside:
            return True
        if not self._is_inside(folder.rpartition("/")[0]):
            return False
        try:
            found = os.stat(folder, dir_fd=self.folder, follow_symlinks=False)
        except OSError:
            return False
        if not stat.S_ISDIR(found.st_mode):
            return False
        self._inside.add(folder)
        return True
