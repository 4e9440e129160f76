"""Hashed files while their names still change: in memory, until all have settled."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterable
from typing import Any

from django.core.files import File

from dj_cloudfront.builds.publish import Publication


class Original(File):  # type: ignore[type-arg]
    """A file that a build has."""


class Originals:
    """The files of a build, as a finder's storage would open them."""

    def __init__(self, publication: Publication) -> None:
        self._publication = publication

    def open(self, name: str) -> Original:
        path = self._publication.path / name
        try:
            # From the disk, so that a video need not fit into memory. A dry run has none.
            return Original(path.open("rb"), name)
        except FileNotFoundError:
            return Original(self._publication.open(name), name)


class Drafts:
    """What Django's algorithm saves, looks for and deletes on its way to the last names.

    :param names: Of the originals.
    """

    def __init__(self, publication: Publication, names: Iterable[str]) -> None:
        self._publication = publication
        self._originals = Originals(publication)
        self._folders = {folder for name in names for folder in _folders(name)}
        self._drafts: dict[str, bytes] = {}
        self._deleted: set[str] = set()

    def __contains__(self, name: str) -> bool:
        if name in self._drafts or name in self._folders:
            return True
        return name not in self._deleted and self._publication.exists(name)

    def open(self, name: str) -> File[Any]:
        if name in self._drafts:
            return File(io.BytesIO(self._drafts[name]), name)
        return self._originals.open(name)

    def save(self, name: str, data: bytes) -> None:
        self._drafts[name] = data

    def save_as(self, name: str, original: str) -> None:
        """A second name for a file of the build, which is one file on the disk then."""
        path = self._publication.path / original
        if path.is_file():
            self._publication.add(name, path)
        else:
            with self._publication.open(original) as file:
                self._publication.add_bytes(name, file.read())

    def delete(self, name: str) -> None:
        if self._drafts.pop(name, None) is None:
            # At the end: an original is read until then.
            self._deleted.add(name)

    def write(self) -> None:
        """Put what is left into the build."""
        for name in self._deleted:
            self._publication.remove(name)
        for name, data in self._drafts.items():
            self._publication.add_bytes(name, data)


def _folders(name: str) -> Iterable[str]:
    yield "."
    while name := posixpath.dirname(name):
        yield name
