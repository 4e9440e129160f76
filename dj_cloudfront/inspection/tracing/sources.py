"""Where a file comes from, as Django knows it, and what pages call it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import storages

from dj_cloudfront.inspection.tracing.trace import Source


def static_sources(name: str) -> Iterator[Source]:
    """Each file of this name that a finder has. The first one is published.

    :raises ValueError: with one sentence, when no file can have such a name.
    """
    seen = set()
    for finder in finders.get_finders():
        for path in _found(finder, name):
            if path.is_file() and path not in seen:
                seen.add(path)
                yield _source(path, type(finder).__name__)


def media_sources(name: str) -> Iterator[Source]:
    """The upload, when the storage of uploads is on this disk."""
    storage = storages["default"]
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        return
    except SuspiciousOperation as error:
        raise ValueError(_refused(name, error)) from None
    if path.is_file():
        yield _source(path, type(storage).__name__)


def original_name(name: str) -> str:
    """The name of the source, if this is what a manifest made of it."""
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    return next((plain for plain, made in hashed.items() if made == name), name)


def page_url(name: str) -> tuple[str, str]:
    """What ``{% static %}`` gives, or an empty URL and why it gives none."""
    try:
        return staticfiles_storage.url(name), ""
    except ValueError as error:
        return "", str(error)


def _found(finder: finders.BaseFinder, name: str) -> list[Path]:
    try:
        found = finder.find(name, find_all=True)
    except SuspiciousOperation as error:
        raise ValueError(_refused(name, error)) from None
    return [Path(path) for path in found or ()]


def _refused(name: str, error: Exception) -> str:
    return (
        "NAME must stay inside the folder of static files, such as 'css/site.css', "
        f"got {name!r} ({error})"
    )


def _source(path: Path, found_by: str) -> Source:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(
        path=str(path), found_by=found_by, size=path.stat().st_size, sha256=digest
    )
