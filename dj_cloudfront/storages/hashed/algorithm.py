"""Names that hold a hash of the content: Django's own, made only where something changed."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files import File
from django.core.files.base import ContentFile

from dj_cloudfront.builds.publish import Publication
from dj_cloudfront.storages.base import HashedFiles, Processed
from dj_cloudfront.storages.content import bytes_of
from dj_cloudfront.storages.hashed.drafts import Drafts, Original, Originals
from dj_cloudfront.storages.hashed.earlier import Earlier
from dj_cloudfront.storages.publishing import PublishingStorage

# What decides neither the name nor the bytes of a file.
_NOT_DECIDING = {"__init__", "post_process", "stored_name", "url"}


class HashingStorage(HashedFiles, PublishingStorage):
    """Django's algorithm on a build that is being written.

    It runs over the files that changed, with the names of the others given. What it saves and
    deletes on its way stays in memory.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._drafts: Drafts | None = None
        self._kept: Mapping[str, str] = {}
        self._references: dict[str, set[str]] = {}
        self._searched = ""
        super().__init__(*args, **options)

    def hash_files(
        self, publication: Publication, names: Collection[str], before: Earlier
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
        with self._writes(publication), self._drafting(publication, names) as drafts:
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
        self, publication: Publication, name: str, before: Earlier
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
        self, publication: Publication, drafts: Drafts, name: str, hashed: str
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
    ) -> Iterator[Drafts]:
        self._drafts = Drafts(publication, names)
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
