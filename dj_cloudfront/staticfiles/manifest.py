"""Django's manifest and hashed names, made only where something changed.

The manifest is in the build, under a name that web servers do not show.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import posixpath
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files import File
from django.core.files.base import ContentFile
from django.urls import get_resolver

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.publication import Publication, Published
from dj_cloudfront.builds.references import Reference
from dj_cloudfront.staticfiles.django_types import (
    Files,
    HashedFiles,
    ManifestFiles,
    Processed,
)
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


class ManifestStorage(ManifestFiles, PublishingStorage):
    """Django's manifest, in the build and under a hidden name.

    Its algorithm runs over the files that changed, with the names of the others given. What
    it saves and deletes on its way stays in memory.

    :param manifest_strict: Whether a name that the manifest does not have is an error.
        ``False`` gives the URL of the file as it is, hashed or not. Default: the class's
        attribute, which is ``True``.
    """

    manifest_name = ".staticfiles.json"

    def __init__(
        self, *args: Any, manifest_strict: bool | None = None, **options: Any
    ) -> None:
        if manifest_strict is not None:
            self.manifest_strict = manifest_strict
        self._files: InMemoryFiles | None = None
        self._kept: Mapping[str, str] = {}
        # The files whose hashed names are in a file, for those that were searched.
        self._references: dict[str, set[str]] = {}
        self._searched = ""
        super().__init__(*args, **options)

    def stored_name(self, name: str) -> str:
        if self.is_local:
            # In tests and with runserver nothing was collected, and nothing has to be.
            return super().stored_name(name) if self.hashed_files else name
        path = urlsplit(unquote(name)).path.strip()
        if self.hash_key(path) in self.hashed_files:
            return super().stored_name(name)
        if not self.manifest_strict or (not self.hashed_files and _is_loading()):
            # Each build has its files under their own names too.
            return name
        raise ValueError(
            f"Missing staticfiles manifest entry for {path!r}" + self._hint()
        )

    def read_manifest(self) -> str | None:
        if self.is_local or self.manifest_storage is not self:
            return super().read_manifest()
        try:
            with open(self._manifest(self.location), encoding="utf-8") as manifest:
                return manifest.read()
        except FileNotFoundError:
            return None

    def post_process(
        self, paths: Collection[str], dry_run: bool = False, **options: Any
    ) -> Iterator[Processed]:
        kind: type[Files] = ManifestFiles if self.writes_directly else PublishingStorage
        yield from kind.post_process(self, paths, dry_run=dry_run, **options)

    def process(
        self, publication: Publication, names: Collection[str]
    ) -> Generator[Processed]:
        fingerprint = self._fingerprint()
        before = PreviousManifest()
        if fingerprint and publication.previous is not None:
            manifest = self._manifest(publication.previous)
            before = read_previous_manifest(manifest, fingerprint)
        self.hashed_files = {}
        yield from self._hash_files(publication, names, before)
        if publication.path.is_dir():
            path = self._manifest(publication.path)
            filesystem.write_new(path, self._render(fingerprint), mode=0o444)

    def published(self, published: Published) -> None:
        super().published(published)
        if self.manifest_storage is not self:
            self.save_manifest()

    def add_staged(
        self, publication: Publication, folder: Path, *, without: str = ""
    ) -> None:
        super().add_staged(publication, folder, without=self.manifest_name)
        manifest = self._manifest(folder)
        if publication.path.is_dir() and manifest.is_file():
            path = self._manifest(publication.path)
            filesystem.write_new(path, manifest.read_bytes(), mode=0o444)

    def references_in(self, published: Published) -> list[Reference]:
        """Without those in hashed files, which repeat those in the files themselves."""
        repeated = set(self.hashed_files.values()) - set(self.hashed_files)
        found = super().references_in(published)
        return [reference for reference in found if reference.name not in repeated]

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

    def _hash_files(
        self,
        publication: Publication,
        names: Collection[str],
        previous: PreviousManifest,
    ) -> Iterator[Processed]:
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

    def _fingerprint(self) -> str:
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

    def _manifest(self, folder: Path | str) -> Path:
        return Path(folder) / self.manifest_name

    def _render(self, fingerprint: str) -> bytes:
        paths = sorted(self.hashed_files.items())
        names = ContentFile(json.dumps(paths).encode())
        self.manifest_hash = self.file_hash(None, names)
        content = {
            "paths": dict(paths),
            "version": self.manifest_version,
            "hash": self.manifest_hash,
            KEY: {
                "fingerprint": fingerprint,
                "references": {
                    name: sorted(found) for name, found in self._references.items()
                },
            },
        }
        return json.dumps(content).encode()

    def _hint(self) -> str:
        if self.hashed_files or self.manifest_storage is not self:
            return ""
        return (
            f", for {self._manifest(self.location)} does not exist: publish the build before "
            "the processes start that render its pages"
        )


def _is_known(method: object) -> bool:
    """Not a subclass's own, of which nobody knows whether it decides as it did."""
    module = getattr(method, "__module__", "")
    return module in (HashedFiles.__module__, __name__)


def _is_loading() -> bool:
    """Whether the process still loads its modules, of which some ask for URLs.

    Commands load them before the build is there: the one that publishes, ``migrate``, ``check``.
    The URLconf is the last of them, with all views.
    """
    urlconf = getattr(settings, "ROOT_URLCONF", None)
    return not apps.ready or (
        urlconf is not None and "urlconf_module" not in vars(get_resolver(urlconf))
    )
