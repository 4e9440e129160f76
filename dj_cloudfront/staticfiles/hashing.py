"""Hashed files while their names still change: in memory, until all have settled."""

from __future__ import annotations

import hashlib
import io
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files import File
from django.core.files.base import ContentFile

from dj_cloudfront.builds.publication import Publication
from dj_cloudfront.staticfiles.django_types import HashedFiles, Processed
from dj_cloudfront.staticfiles.previous_manifest import PreviousManifest
from dj_cloudfront.staticfiles.storage_base import PublishingStorage, bytes_of


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


class InMemoryFiles:
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


# What decides neither the name nor the bytes of a file.
_NOT_DECIDING = {"__init__", "post_process", "stored_name", "url"}


class HashingStorage(HashedFiles, PublishingStorage):
    """Django's algorithm on a build that is being written.

    It runs over the files that changed, with the names of the others given. What it saves and
    deletes on its way stays in memory.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._drafts: InMemoryFiles | None = None
        self._kept: Mapping[str, str] = {}
        self._references: dict[str, set[str]] = {}
        self._searched = ""
        super().__init__(*args, **options)

    def hash_files(
        self, publication: Publication, names: Collection[str], before: PreviousManifest
    ) -> Iterator[Processed]:
        """Add the hashed files to a build, and fill ``hashed_files``."""
        self._kept = before.kept(
            names, lambda name: self._is_unchanged(publication, name, before)
        )
        self._references = {
            name: set(before.references[name])
            for name in self._kept
            if name in before.references
        }
        originals = Originals(publication)
        rest = {name: (originals, name) for name in names if name not in self._kept}
        with self._drafting(publication, names) as drafts:
            for name, hashed in self._kept.items():
                self._keep(publication, drafts, name, hashed)
                yield name, hashed, True
            yield from HashedFiles.post_process(self, rest)
            drafts.write()

    def fingerprint(self) -> str:
        """Of all that decides what comes of a file; empty where that cannot be known."""
        for name, one in vars(HashedFiles).items():
            own = getattr(type(self), name)
            if callable(one) and name not in _NOT_DECIDING and not _is_known(own):
                return ""
        patterns = [
            (
                extension,
                [[getattr(part, "pattern", part) for part in one] for one in found],
            )
            for extension, found in self._patterns.items()
        ]
        # References that begin with STATIC_URL are hashed, where it is a path.
        path = "" if urlsplit(self.base_url).netloc else self.base_url
        decided = (
            *(django.VERSION, patterns, path),
            *(self.max_post_process_passes, self.keep_intermediate_files),
        )
        return hashlib.sha256(repr(decided).encode()).hexdigest()

    @property
    def references(self) -> Mapping[str, Collection[str]]:
        """The files whose hashed names are in a file, for those that were searched."""
        return self._references

    def exists(self, name: str) -> bool:
        return super().exists(name) if self._drafts is None else name in self._drafts

    def delete(self, name: str) -> None:
        if self._drafts is None:
            super().delete(name)
        else:
            self._drafts.delete(name)

    def url_converter(self, name: str, *args: Any, **options: Any) -> Any:
        if self._drafts is not None:
            self._searched = name
            self._references.setdefault(name, set())
        return super().url_converter(name, *args, **options)

    def _stored_name(self, name: str, hashed_files: Mapping[str, str]) -> str:
        key = self.hash_key(self.clean_name(posixpath.normpath(name)))
        found = key if key in hashed_files else urlsplit(unquote(key)).path.strip()
        if self._drafts is not None:
            self._references[self._searched].add(found)
        return super()._stored_name(name, hashed_files)

    def _post_process(
        self, paths: Any, adjustable_paths: Any, hashed_files: dict[str, str]
    ) -> Iterator[Any]:
        hashed_files.update(self._kept)
        yield from super()._post_process(paths, adjustable_paths, hashed_files)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if self._drafts is None:
            return super()._open(name, mode)
        return self._drafts.open(name)

    def _save(self, name: str, content: File[Any]) -> str:
        if self._drafts is None:
            return super()._save(name, content)
        if isinstance(content, Original) and content.name is not None:
            self._drafts.save_as(name, content.name)
        else:
            self._drafts.save(name, bytes_of(content))
        return name

    def _is_unchanged(
        self, publication: Publication, name: str, before: PreviousManifest
    ) -> bool:
        if not publication.is_unchanged(name):
            return False
        if not self._is_searched(name):
            return True
        # Its hashed file comes from the previous build, where somebody may have changed it.
        hashed = before.hashed[name]
        data = _read(publication, hashed)
        return data is not None and self.hashed_name(name, ContentFile(data)) == hashed

    def _keep(
        self, publication: Publication, drafts: InMemoryFiles, name: str, hashed: str
    ) -> None:
        if self._is_searched(name) and publication.previous is not None:
            publication.add(hashed, publication.previous / hashed)
        else:
            drafts.save_as(hashed, name)

    def _is_searched(self, name: str) -> bool:
        return bool(matches_patterns(name, self._patterns))

    @contextmanager
    def _drafting(
        self, publication: Publication, names: Collection[str]
    ) -> Iterator[InMemoryFiles]:
        self._drafts = InMemoryFiles(publication, names)
        try:
            yield self._drafts
        finally:
            self._drafts, self._kept = None, {}


def _read(publication: Publication, name: str) -> bytes | None:
    """A file of the previous build."""
    try:
        return (
            (publication.previous / name).read_bytes() if publication.previous else None
        )
    except OSError:
        return None


def _is_known(method: object) -> bool:
    """Not a subclass's own, of which nobody knows whether it decides as it did."""
    module = getattr(method, "__module__", "")
    return module in (HashedFiles.__module__, __name__)
