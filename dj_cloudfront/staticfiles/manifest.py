"""A staticfiles storage that keeps its manifest in the build, where servers do not show it."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.apps import apps
from django.core.files.base import ContentFile

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.publication import Publication, Published
from dj_cloudfront.builds.reference import Reference
from dj_cloudfront.staticfiles.django_types import Files, ManifestFiles, Processed
from dj_cloudfront.staticfiles.hashing import (
    KEY,
    HashingStorage,
    PreviousManifest,
    read_previous_manifest,
)
from dj_cloudfront.staticfiles.staging import add_staged
from dj_cloudfront.staticfiles.storage_base import PublishingStorage


class ManifestStorage(ManifestFiles, HashingStorage):
    """Django's manifest, in the build and under a hidden name.

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
        kind: type[Files] = ManifestFiles if self.is_djangos else PublishingStorage
        yield from kind.post_process(self, paths, dry_run=dry_run, **options)

    def process(
        self, publication: Publication, names: Collection[str]
    ) -> Generator[Processed]:
        fingerprint = self.fingerprint()
        before = PreviousManifest()
        if fingerprint and publication.previous is not None:
            manifest = self._manifest(publication.previous)
            before = read_previous_manifest(manifest, fingerprint)
        self.hashed_files = {}
        yield from self.hash_files(publication, names, before)
        if publication.path.is_dir():
            path = self._manifest(publication.path)
            filesystem.write_new(path, self._render(fingerprint), mode=0o444)

    def published(self, published: Published) -> None:
        super().published(published)
        if self.manifest_storage is not self:
            self.save_manifest()

    def add_staged(self, publication: Publication, folder: Path) -> None:
        add_staged(publication, folder, without=self.manifest_name)
        manifest = self._manifest(folder)
        if publication.path.is_dir() and manifest.is_file():
            path = self._manifest(publication.path)
            filesystem.write_new(path, manifest.read_bytes(), mode=0o444)

    def references_in(self, published: Published) -> list[Reference]:
        """Without those in hashed files, which repeat those in the files themselves."""
        repeated = set(self.hashed_files.values()) - set(self.hashed_files)
        found = super().references_in(published)
        return [reference for reference in found if reference.name not in repeated]

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
                    name: sorted(found) for name, found in self.references.items()
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


def _is_loading() -> bool:
    """Whether code asks that runs once, while modules load.

    Commands load it before the build is there: the one that publishes, ``migrate``, ``check``.
    """
    if not apps.ready:
        return True
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
    return False
