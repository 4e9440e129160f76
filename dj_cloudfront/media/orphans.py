"""Uploads that nothing in the database names."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections, models, router
from django.db.models.functions import Cast

from dj_cloudfront.builds import filesystem
from dj_cloudfront.media.names import token_folder
from dj_cloudfront.media.storages import STATE_FOLDER, MediaStorage

_TOKEN = re.compile(r"[0-9a-f]{20}")
_TEXTS = (
    *(models.CharField, models.TextField, models.JSONField, models.FileField),
    models.BinaryField,
)
_NO_TEXTS = (
    *(models.IntegerField, models.FloatField, models.DecimalField, models.BooleanField),
    *(models.DateField, models.TimeField, models.DurationField, models.UUIDField),
    *(models.GenericIPAddressField, models.ForeignKey),
)


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """The folder of an upload whose token stands in no text of the database.

    :param folder: Relative to the storage, such as ``images/<token>``.
    :param size: Of its files, in bytes.
    :param changed: When a file of it was changed last, in seconds since 1970.
    """

    folder: str
    size: int
    changed: float


def uploads(storage: MediaStorage) -> Iterator[str]:
    """The names of all files, but for our own records."""
    root = storage.location
    for folder, folders, files in os.walk(root):
        # Storages of thumbnails can have theirs below this one.
        folders[:] = sorted(name for name in folders if name != STATE_FOLDER)
        for file in sorted(files):
            yield os.path.relpath(os.path.join(folder, file), root)


def orphans(storage: MediaStorage, *, days: float) -> list[Orphan]:
    """The folders that ``MediaStorage`` named and that no row names, be it inside a text.

    Files under other names, such as the caches of thumbnail libraries, are never orphans.

    :param days: Younger ones are left out: a row may not be committed yet.
    """
    named = tokens_in_database()
    found: dict[str, list[os.stat_result]] = {}
    for name in uploads(storage):
        folder = token_folder(name)
        if folder is not None and not named.intersection(_TOKEN.findall(folder)):
            # Somebody may delete it meanwhile.
            with contextlib.suppress(FileNotFoundError):
                found.setdefault(folder, []).append(os.lstat(storage.path(name)))
    latest = time.time() - days * 86400
    result = [
        Orphan(
            folder=folder,
            size=sum(stat.st_size for stat in stats),
            changed=max(stat.st_mtime for stat in stats),
        )
        for folder, stats in found.items()
        if stats
    ]
    return [orphan for orphan in result if orphan.changed <= latest]


def tokens_in_database() -> set[str]:
    """What looks like a token in any column that holds text, on every database."""
    found: set[str] = set()
    for alias in connections:
        tables = connections[alias].introspection.table_names(include_views=True)
        for model in apps.get_models(include_auto_created=True):
            meta = model._meta
            columns = [
                # As the database has it: some fields make HTML of it, or objects.
                field.attname if isinstance(field, _TEXTS) else _as_text(field)
                for field in meta.concrete_fields
                if not isinstance(field, _NO_TEXTS)
            ]
            exists = meta.managed or meta.db_table in tables
            if not columns or not exists or meta.proxy:
                continue
            if router.allow_migrate_model(alias, model):
                rows = model._base_manager.using(alias).values_list(*columns)
                for row in rows.iterator(chunk_size=2000):
                    for value in row:
                        found.update(_TOKEN.findall(_text(value)))
    return found


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return str(value)


def _as_text(field: models.Field[Any, Any]) -> Cast:
    return Cast(field.attname, models.TextField())


def trash(storage: MediaStorage, orphan: Orphan) -> Path:
    """Move a folder out of what is served. Its edges' copies are recorded if the storage does.

    :return: Where it is until ``empty_trash()``.
    """
    target = _trash(storage) / datetime.now(UTC).strftime("%Y-%m-%d") / orphan.folder
    while target.exists():
        # Moved today, brought back, and moved again.
        target = target.with_name(f"{target.name}~")
    filesystem.make_folder(target.parent)
    names = [name for name in uploads(storage) if token_folder(name) == orphan.folder]
    with storage.recorded(*names):
        filesystem.rename(Path(storage.path(orphan.folder)), target)
    return target


def empty_trash(storage: MediaStorage, *, days: float) -> list[Path]:
    """Delete for good what went into the trash so long ago."""
    gone = []
    oldest = datetime.fromtimestamp(time.time() - days * 86400, UTC).date().isoformat()
    folder = _trash(storage)
    for day in sorted(folder.iterdir()) if folder.is_dir() else ():
        if day.name <= oldest:
            shutil.rmtree(day)
            gone.append(day)
    return gone


def _trash(storage: MediaStorage) -> Path:
    return Path(storage.location, STATE_FOLDER, "trash")
