"""The files of a build that is being written: each is linked, or else written."""

from __future__ import annotations

from dataclasses import dataclass

from dj_cloudfront.builds.index import INDEX_NAME, File, Index
from dj_cloudfront.builds.names import twin_of
from dj_cloudfront.builds.writing.content import Content, Given, Opened, describe, equal
from dj_cloudfront.builds.writing.folder import Target
from dj_cloudfront.builds.writing.previous import Match, Previous


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file of the tree.

    :param origin: The name under which the previous build has the same bytes.
    :param linked: To that one, or to another file of the tree.
    """

    file: File
    origin: str | None
    linked: bool


class Tree:
    """A target that is being filled from contents and from the previous build."""

    def __init__(self, target: Target, previous: Previous | None) -> None:
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

    def open(self, name: str) -> Opened | Given:
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
        size = self._target.write(INDEX_NAME, Given(index)).size
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
        if self._link(match, name):
            return Entry(file=match.file, origin=origin, linked=True)
        return Entry(
            file=self._target.write(name, content), origin=origin, linked=False
        )

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
        return self._own(file, content)

    def _own(self, file: File, content: Content) -> Match | None:
        name = self._name_of.get(file)
        if name is None:
            return None
        with self._target.open(name) as one:
            mode = self._target.file_mode
            match = Match(name=name, folder=None, file=file, mode=mode)
            return match if equal(content, one) else None

    def _link(self, match: Match, name: str) -> bool:
        # A link keeps the permissions, which another umask may have chosen.
        wanted = self._target.file_mode
        if match.mode & wanted != wanted:
            return False
        return self._target.link(match.name, name, folder=match.folder)

    def _make_room(self, name: str) -> None:
        """Its folders, where nothing is in the way."""
        if name in self.entries:
            raise ValueError(f"a file's name must be given once, got {name!r} twice")
        if name in self._folders:
            raise ValueError(
                f"a name must be a file's or a folder's, got {name!r} for both"
            )
        parts = name.split("/")[:-1]
        if not parts or "/".join(parts) in self._folders:
            return
        for count in range(1, len(parts) + 1):
            folder = "/".join(parts[:count])
            if folder in self.entries:
                raise ValueError(
                    f"a name must be a file's or a folder's, got {folder!r} for both"
                )
            if folder not in self._folders:
                self._target.make_folder(folder)
                self._folders.add(folder)

    def _refuse_twin(self, name: str) -> None:
        twin = twin_of(name, self.entries)
        if twin is not None:
            raise ValueError(
                "names must differ in more than case and Unicode form on this disk, got "
                f"{twin!r} and {name!r}: rename one of them"
            ) from None
