"""A build from what the finders find, by the storage of the settings, without ``collectstatic``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import (
    HashedFilesMixin,
    StaticFilesStorage,
    staticfiles_storage,
)
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage
from django.core.management.base import CommandError
from django.utils.module_loading import import_string

from dj_cloudfront.builds.filesystem import Progress
from dj_cloudfront.builds.publication import Publication, Published
from dj_cloudfront.config import Cdn
from dj_cloudfront.staticfiles.storage_base import PublishingStorage, bytes_of
from dj_cloudfront.storage import BuildStorage, ManifestBuildStorage

_OPENING = {name: getattr(FileSystemStorage, name) for name in ("open", "_open")}


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """A file of a finder.

    :param name: In the build, with ``/`` between folders.
    :param path: In the finder's storage.
    """

    name: str
    path: str
    storage: Storage

    @property
    def where(self) -> str:
        """For a person: the path on the disk, or in its storage."""
        return str(self.file_path or f"{self.path} in {self.storage!r}")

    @property
    def file_path(self) -> Path | None:
        """The file on the disk. None where the storage has other content than a file that it may name."""
        storage = self.storage
        if not isinstance(storage, FileSystemStorage):
            return None
        # Not type(): the default storage is behind a proxy.
        kind = storage.__class__
        if any(getattr(kind, name) is not own for name, own in _OPENING.items()):
            return None
        # Without the storage's check of a path, which it has just listed.
        return Path(os.path.join(storage.location, self.path))


@dataclass(frozen=True, kw_only=True)
class FoundSources:
    """:param hidden: Those that another one of the same name comes before."""

    sources: Sequence[SourceFile]
    hidden: Sequence[SourceFile]


def find_sources(ignore: Sequence[str] = ()) -> FoundSources:
    """All that the finders find; of several files of one name the first counts.

    :param ignore: Glob patterns beside those of the staticfiles app.
    """
    own = getattr(apps.get_app_config("staticfiles"), "ignore_patterns", ())
    patterns = [os.path.normpath(pattern) for pattern in (*ignore, *own)]
    first: dict[str, SourceFile] = {}
    hidden = []
    for finder in get_finders():
        for path, storage in finder.list(patterns):
            prefix = getattr(storage, "prefix", None)
            name = os.path.join(prefix, path) if prefix else path
            source = SourceFile(
                name=name.replace(os.sep, "/"), path=path, storage=storage
            )
            if first.setdefault(source.name, source) is not source:
                hidden.append(source)
    return FoundSources(sources=tuple(first.values()), hidden=hidden)


def configured_storage(cdn: Cdn, version: str | None = None) -> PublishingStorage:
    """The storage of ``STORAGES["staticfiles"]``, for the build that ``cdn`` or ``version`` names.

    Django's plain ``StaticFilesStorage`` gives the same URLs as ``BuildStorage``, which stands
    for it then.

    :raises ImproperlyConfigured: with one sentence, when it gives other URLs, or ``STATIC_ROOT``
        is not that of ``cdn``.
    """
    backend, options = _backend()
    wanted, given = os.path.abspath(cdn.static_root), backend(**options).location
    if given != wanted:
        raise ImproperlyConfigured(
            f"STATIC_ROOT must be CDN.static_root, such as {wanted!r}, got {given!r}: in the "
            "settings, write STATIC_ROOT = CDN.static_root"
        )
    if version is None or version == cdn.build_version:
        return backend(**options)
    base_url = cdn.static_url.removesuffix(f"{cdn.build_version}/") + f"{version}/"
    location = os.path.join(cdn.builds_root, version)
    return backend(**{**options, "location": location, "base_url": base_url})


def _backend() -> tuple[type[PublishingStorage], dict[str, Any]]:
    try:
        parameters = settings.STORAGES[STATICFILES_STORAGE_ALIAS]
        backend = import_string(parameters["BACKEND"])
    except (KeyError, ImportError) as error:
        raise ImproperlyConfigured(
            "STORAGES['staticfiles']['BACKEND'] must be a storage, such as "
            f"'dj_cloudfront.storage.BuildStorage', but cannot be used ({error})"
        ) from error
    if backend is StaticFilesStorage:
        backend = BuildStorage
    if not issubclass(backend, PublishingStorage):
        hashed = issubclass(backend, HashedFilesMixin)
        better = ManifestBuildStorage if hashed else BuildStorage
        raise ImproperlyConfigured(
            "STORAGES['staticfiles']['BACKEND'] must be a storage that publishes builds, such "
            f"as 'dj_cloudfront.storage.{better.__name__}', got {parameters['BACKEND']!r}: "
            "pages would refer to names that the build does not have"
        )
    return backend, parameters.get("OPTIONS", {})


def publish(
    storage: PublishingStorage,
    sources: Sequence[SourceFile],
    *,
    progress: Progress,
    dry_run: bool = False,
) -> Published:
    """Publish the storage's build with the content of the sources.

    :raises CommandError: with one sentence, when a file cannot be hashed.
    :raises ValueError: with one sentence, when the build cannot be published.
    :raises OSError: with one sentence, when the disk or a permission does not allow it.
    """
    with (
        storage.publication(progress=progress, dry_run=dry_run) as publication,
        storage.writing(publication, dry_run=dry_run),
        _as_configured(storage),
    ):
        _add(storage, publication, sources, progress)
        _process(storage, publication, sources, progress, dry_run=dry_run)
        return storage.finish(publication, dry_run=dry_run)


@contextmanager
def _as_configured(storage: PublishingStorage) -> Iterator[None]:
    """Let code of others that uses ``staticfiles_storage`` have this storage."""
    lazy: Any = staticfiles_storage
    previous, lazy._wrapped = lazy._wrapped, storage
    try:
        yield
    finally:
        lazy._wrapped = previous


def _add(
    storage: PublishingStorage,
    publication: Publication,
    sources: Sequence[SourceFile],
    progress: Progress,
) -> None:
    step = max(1, len(sources) // 100)
    for done, source in enumerate(sources, 1):
        path = source.file_path
        if not storage.writes_directly and path is not None:
            publication.add(source.name, path)
        else:
            with source.storage.open(source.path) as file:
                if storage.writes_directly:
                    storage.save(source.name, file)
                else:
                    publication.add_bytes(source.name, bytes_of(file))
        if done % step == 0 or done == len(sources):
            progress("publishing", done, len(sources))


def _process(
    storage: PublishingStorage,
    publication: Publication,
    sources: Sequence[SourceFile],
    progress: Progress,
    *,
    dry_run: bool,
) -> None:
    if storage.writes_directly:
        paths = {source.name: (source.storage, source.path) for source in sources}
        processing = storage.post_process(paths, dry_run=dry_run)
    else:
        # In a dry run too, for it writes nothing by itself.
        processing = storage.process(publication, [one.name for one in sources])
    for done, (name, _, processed) in enumerate(processing, 1):
        if isinstance(processed, Exception):
            raise refusal(name, processed) from processed
        progress("hashing", done, max(done, len(sources)))


def refusal(names: str, error: Exception) -> CommandError:
    """What ``post_process`` says of files, as one sentence."""
    mend = (
        "mend it, or publish with dj_cloudfront.storage.BuildStorage, which leaves "
        "references as they are"
    )
    if "Max post-process passes" in str(error):
        return CommandError(
            f"{names} must not refer to each other or to themselves in a circle, for each "
            f"hashed name would depend on the next one: {mend}"
        )
    if isinstance(error, UnicodeDecodeError):
        return CommandError(f"{names} must be UTF-8, but: {error}; {mend}")
    # Django's words, without the storage that they name, and with the line if they have it.
    said = str(error).partition(" with <")[0].rstrip(".")
    said = " ".join(": ".join((said, *getattr(error, "__notes__", ()))).split())
    return CommandError(
        f"{names} must refer to files of the build, but: {said}; {mend}"
    )
