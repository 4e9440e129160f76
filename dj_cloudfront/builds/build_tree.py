"""The files of a build that is being written: each is linked, or else written."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.file_content import (
    BytesContent,
    Content,
    FileContent,
    describe,
    read,
    same_bytes,
)
from dj_cloudfront.builds.index import INDEX_NAME, File, Index
from dj_cloudfront.builds.layout import case_insensitive_duplicate


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
        try:
            with FileContent(name, folder=self.folder) as file:
                if not same_bytes(content, file):
                    return None
                found = file.stat
        except (OSError, ValueError):
            return None
        # The index does not know what somebody did to the file after it was written.
        changed = found.st_mtime_ns > self._indexed
        known = describe(content) if changed else prior
        return Match(name=name, folder=self.folder, file=known, mode=found.st_mode)


FILE_MODE = 0o444
"""Nobody writes into a published file: other builds may have the same one under their names."""

_SYNCS_AT_A_TIME = 8


class FolderTarget:
    """A new folder on the disk. Names come checked, with ``/`` between folders."""

    def __init__(self, path: Path) -> None:
        os.mkdir(path)
        self._folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # What the umask leaves of a folder's permissions, it leaves of a file's.
        self.file_mode = os.fstat(self._folder).st_mode & FILE_MODE

    def make_folder(self, name: str) -> None:
        os.mkdir(name, dir_fd=self._folder)

    def link(self, source: str, name: str, *, folder: int | None = None) -> bool:
        """Link a file of an open folder, or of this one. False where that cannot be."""
        of = self._folder if folder is None else folder
        return filesystem.link(
            source, name, source_folder=of, target_folder=self._folder
        )

    def write(self, name: str, content: Content) -> File:
        """Write a file that is not there yet; returns what was written."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = os.open(name, flags, FILE_MODE, dir_fd=self._folder)
        try:
            return describe(
                content, also=lambda block: filesystem.write_all(file, block)
            )
        except OSError as error:
            error.filename = name
            raise
        finally:
            os.close(file)

    def open(self, name: str) -> FileContent:
        return FileContent(name, folder=self._folder)

    def remove(self, name: str) -> None:
        os.unlink(name, dir_fd=self._folder)

    def sync(self, files: Sequence[str], folders: Iterable[str]) -> None:
        """Sync all at once, so that the disk's journal takes many in one go.

        Folders come after the files that they name.
        """
        sync = partial(filesystem.fsync_path, folder=self._folder)
        with ThreadPoolExecutor(_SYNCS_AT_A_TIME) as pool:
            for names in (files, [*folders, "."]):
                list(pool.map(sync, names))

    def close(self) -> None:
        os.close(self._folder)


class DryRunTarget:
    """What a dry run fills: it remembers where the bytes are."""

    file_mode = 0

    def __init__(self) -> None:
        self._open: dict[str, Callable[[], Content]] = {}

    def make_folder(self, name: str) -> None:
        pass

    def link(self, source: str, name: str, *, folder: int | None = None) -> bool:
        if folder is None:
            self._open[name] = self._open[source]
        else:
            self._open[name] = lambda: FileContent(source, folder=folder)
        return True

    def write(self, name: str, content: Content) -> File:
        if isinstance(content, FileContent):
            path = content.path
            self._open[name] = lambda: FileContent(path)
        else:
            data = read(content)
            self._open[name] = lambda: BytesContent(data)
        return describe(content)

    def open(self, name: str) -> Content:
        return self._open[name]()

    def remove(self, name: str) -> None:
        del self._open[name]

    def sync(self, files: Sequence[str], folders: Iterable[str]) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file of the tree.

    :param origin: The name under which the previous build has the same bytes.
    :param linked: To that one, or to another file of the tree.
    """

    file: File
    origin: str | None
    linked: bool


class BuildTree:
    """A target that is being filled from contents and from the previous build."""

    def __init__(
        self, target: FolderTarget | DryRunTarget, previous: Previous | None
    ) -> None:
        self.entries: dict[str, Entry] = {}
        self.previous = previous
        self._target = target
        self._folders: set[str] = set()
        self._name_of: dict[File, str] = {}
        self._sizes = (
            {file.size for file in previous.files.values()} if previous else set()
        )

    def add(self, name: str, content: Content) -> None:
        """Link the file to one with the same bytes, or write it.

        :raises ValueError: with one sentence, when the name is taken.
        """
        self._make_room(name)
        try:
            entry = self._place(name, content)
        except FileExistsError:
            self._refuse_twin(name)
            raise
        self.entries[name] = entry
        self._name_of[entry.file] = name
        self._sizes.add(entry.file.size)

    def open(self, name: str) -> Content:
        return self._target.open(name)

    def remove(self, name: str) -> None:
        self._target.remove(name)
        file = self.entries.pop(name).file
        if self._name_of.get(file) == name:
            del self._name_of[file]

    def index(self, version: str) -> Index:
        files = {name: entry.file for name, entry in self.entries.items()}
        return Index(version=version, files=files)

    def finish(self, index: bytes) -> int:
        """Write the index, and sync all; returns how many bytes were written."""
        size = self._target.write(INDEX_NAME, BytesContent(index)).size
        entries = self.entries.items()
        # A link to another file of this build too: that one may have been removed since.
        new = [name for name, one in entries if not (one.linked and one.origin)]
        self._target.sync([*new, INDEX_NAME], self._folders)
        return size + sum(one.file.size for _, one in entries if not one.linked)

    def _place(self, name: str, content: Content) -> Entry:
        match = self._match(name, content)
        if match is None:
            file = self._target.write(name, content)
            return Entry(file=file, origin=None, linked=False)
        origin = None if match.folder is None else match.name
        # A link keeps the permissions, which another umask may have chosen.
        wanted = self._target.file_mode
        if match.mode & wanted == wanted and self._target.link(
            match.name, name, folder=match.folder
        ):
            return Entry(file=match.file, origin=origin, linked=True)
        file = self._target.write(name, content)
        return Entry(file=file, origin=origin, linked=False)

    def _match(self, name: str, content: Content) -> Match | None:
        """The previous file of the name, or any file with the same bytes."""
        previous = self.previous
        if previous and (found := previous.match(name, content)):
            return found
        if content.size not in self._sizes:
            return None
        file = describe(content)
        if previous and (found := previous.match(previous.name_of.get(file), content)):
            return found
        own = self._name_of.get(file)
        if own is None:
            return None
        with self._target.open(own) as one:
            is_same = same_bytes(content, one)
        match = Match(name=own, folder=None, file=file, mode=FILE_MODE)
        return match if is_same else None

    def _make_room(self, name: str) -> None:
        if name in self.entries:
            raise ValueError(f"a file's name must be given once, got {name!r} twice")
        self._refuse_both(name, self._folders)
        self._make_folder(name.rpartition("/")[0])

    def _make_folder(self, folder: str) -> None:
        if not folder or folder in self._folders:
            return
        self._refuse_both(folder, self.entries)
        self._make_folder(folder.rpartition("/")[0])
        self._target.make_folder(folder)
        self._folders.add(folder)

    def _refuse_both(self, name: str, others: Container[str]) -> None:
        if name in others:
            raise ValueError(
                f"a name must be a file's or a folder's, got {name!r} for both"
            )

    def _refuse_twin(self, name: str) -> None:
        twin = case_insensitive_duplicate(name, self.entries)
        if twin is not None:
            raise ValueError(
                "names must differ in more than case and Unicode form on this disk, got "
                f"{twin!r} and {name!r}: rename one of them"
            ) from None
