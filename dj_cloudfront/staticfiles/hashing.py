"""Names that hold a hash of the content: Django's own, made only where something changed."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files import File
from django.core.files.base import ContentFile

from dj_cloudfront.builds.publication import Publication
from dj_cloudfront.staticfiles.django_types import HashedFiles, Processed
from dj_cloudfront.staticfiles.storage_base import PublishingStorage, bytes_of

KEY = "dj_cloudfront"
"""Where a manifest keeps, beside what Django puts there, what each file refers to."""

# What decides neither the name nor the bytes of a file.
_NOT_DECIDING = {"__init__", "post_process", "stored_name", "url"}


@dataclass(frozen=True, kw_only=True)
class PreviousManifest:
    """The hashed names of the previous build, so that they need not be made again.

    :param folder: Of the build.
    :param hashed: The hashed name of each file.
    :param references: The files whose hashed names are in a file, for those that were searched.
    """

    folder: Path = Path()
    hashed: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def kept(
        self, names: Collection[str], is_unchanged: Callable[[str], bool]
    ) -> dict[str, str]:
        """The hashed names that hold still.

        A file keeps its name if it is unchanged and all that it refers to keep theirs.
        """
        known: dict[str, bool] = {}
        present = set(names)

        def holds(name: str) -> bool:
            if name not in known:
                # While it is asked for, so that a circle ends.
                known[name] = False
                known[name] = (
                    name in self.hashed
                    and name in present
                    and is_unchanged(name)
                    and all(holds(one) for one in self.references.get(name, ()))
                )
            return known[name]

        return {name: self.hashed[name] for name in names if holds(name)}


def read_previous_manifest(manifest: Path, fingerprint: str) -> PreviousManifest:
    """The names in a manifest; none, unless it was made in the same way.

    :param fingerprint: Of all that decides what comes of a file.
    """
    try:
        content = json.loads(manifest.read_bytes())
        own = content[KEY]
        hashed, references = dict(content["paths"]), dict(own["references"])
        names = [*hashed, *hashed.values(), *itertools.chain(*references.values())]
        is_known = own["fingerprint"] == fingerprint
    except (OSError, ValueError, TypeError, KeyError):
        # It only saves time, and the names come out the same without it.
        return PreviousManifest()
    if not is_known or not all(isinstance(name, str) for name in names):
        return PreviousManifest()
    return PreviousManifest(
        folder=manifest.parent, hashed=hashed, references=references
    )


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


class InMemoryFiles(Originals):
    """What Django's algorithm saves, looks for and deletes on its way to the last names.

    :param names: Of the originals.
    """

    def __init__(self, publication: Publication, names: Iterable[str]) -> None:
        super().__init__(publication)
        self._folders = {
            str(one) for name in names for one in PurePosixPath(name).parents
        }
        self._saved: dict[str, bytes] = {}
        self._deleted: set[str] = set()

    def __contains__(self, name: str) -> bool:
        if name in self._saved or name in self._folders:
            return True
        return name not in self._deleted and self._publication.exists(name)

    def open(self, name: str) -> File[Any]:  # type: ignore[override]
        if name in self._saved:
            return File(io.BytesIO(self._saved[name]), name)
        return super().open(name)

    def save(self, name: str, content: File[Any]) -> None:
        if isinstance(content, Original) and content.name is not None:
            self.link(name, content.name)
        else:
            self._saved[name] = bytes_of(content)

    def link(self, name: str, original: str) -> None:
        """A second name for a file of the build, which is one file on the disk then."""
        path = self._publication.path / original
        if path.is_file():
            self._publication.add(name, path)
        else:
            with self._publication.open(original) as file:
                self._publication.add_bytes(name, file.read())

    def delete(self, name: str) -> None:
        if self._saved.pop(name, None) is None:
            # At the end: an original is read until then.
            self._deleted.add(name)

    def write(self) -> None:
        """Put what is left into the build."""
        for name in self._deleted:
            self._publication.remove(name)
        for name, data in self._saved.items():
            self._publication.add_bytes(name, data)


class HashingStorage(HashedFiles, PublishingStorage):
    """Django's algorithm on a build that is being written.

    It runs over the files that changed, with the names of the others given. What it saves and
    deletes on its way stays in memory.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._files: InMemoryFiles | None = None
        self._kept: Mapping[str, str] = {}
        self._references: dict[str, set[str]] = {}
        self._searched = ""
        super().__init__(*args, **options)

    def hash_files(
        self,
        publication: Publication,
        names: Collection[str],
        previous: PreviousManifest,
    ) -> Iterator[Processed]:
        """Add the hashed files to a build, and fill ``hashed_files``.

        :raises ValueError: with one sentence, when a file cannot be added to the build.
        """

        def is_unchanged(name: str) -> bool:
            return publication.is_unchanged(name) and self._is_sound(name, previous)

        self._kept = previous.kept(names, is_unchanged)
        self._references = {
            name: set(previous.references[name])
            for name in self._kept
            if name in previous.references
        }
        originals = Originals(publication)
        rest = {name: (originals, name) for name in names if name not in self._kept}
        self._files = files = InMemoryFiles(publication, names)
        try:
            for name, hashed in self._kept.items():
                if self._is_searched(name):
                    publication.add(hashed, previous.folder / hashed)
                else:
                    files.link(hashed, name)
                yield name, hashed, True
            yield from HashedFiles.post_process(self, rest)
            files.write()
        finally:
            self._files, self._kept = None, {}

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
        return super().exists(name) if self._files is None else name in self._files

    def delete(self, name: str) -> None:
        if self._files is None:
            super().delete(name)
        else:
            self._files.delete(name)

    def url_converter(self, name: str, *args: Any, **options: Any) -> Any:
        if self._files is not None:
            self._searched = name
            self._references.setdefault(name, set())
        return super().url_converter(name, *args, **options)

    def _stored_name(self, name: str, hashed_files: Mapping[str, str]) -> str:
        key = self.hash_key(self.clean_name(posixpath.normpath(name)))
        found = key if key in hashed_files else urlsplit(unquote(key)).path.strip()
        if self._files is not None:
            self._references[self._searched].add(found)
        return super()._stored_name(name, hashed_files)

    def _post_process(
        self, paths: Any, adjustable_paths: Any, hashed_files: dict[str, str]
    ) -> Iterator[Any]:
        hashed_files.update(self._kept)
        yield from super()._post_process(paths, adjustable_paths, hashed_files)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if self._files is None:
            return super()._open(name, mode)
        return self._files.open(name)

    def _save(self, name: str, content: File[Any]) -> str:
        if self._files is None:
            return super()._save(name, content)
        self._files.save(name, content)
        return name

    def _is_sound(self, name: str, previous: PreviousManifest) -> bool:
        """Whether the hashed file, which may come from there, is what its name says."""
        if not self._is_searched(name):
            return True
        hashed = previous.hashed[name]
        try:
            data = (previous.folder / hashed).read_bytes()
        except OSError:
            return False
        return self.hashed_name(name, ContentFile(data)) == hashed

    def _is_searched(self, name: str) -> bool:
        return bool(matches_patterns(name, self._patterns))


def _is_known(method: object) -> bool:
    """Not a subclass's own, of which nobody knows whether it decides as it did."""
    module = getattr(method, "__module__", "")
    return module in (HashedFiles.__module__, __name__)
