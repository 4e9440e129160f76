"""Uploads that nothing in the databases names."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from dj_cloudfront.builds import filesystem
from dj_cloudfront.media.names import token_folder
from dj_cloudfront.media.storages import STATE_FOLDER, MediaStorage

# At each place: a token can stand beside other digits, such as those of "%2f".
_TOKENS = re.compile(r"(?=([0-9a-f]{20}))")


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """The folder of an upload whose token stands in no table of the databases.

    :param folder: Relative to the storage, such as ``images/<token>``.
    :param size: Of its files, in bytes.
    :param changed: When a file of it was changed last, in seconds since 1970.
    """

    folder: str
    size: int
    changed: float


def uploads(storage: MediaStorage, folder: str = "") -> Iterator[str]:
    """The names of all files, or of those below a folder, but for our own records."""
    root = storage.location
    for path, folders, files in os.walk(os.path.join(root, folder)):
        # Storages of thumbnails can have theirs below this one.
        folders[:] = sorted(name for name in folders if name != STATE_FOLDER)
        for file in sorted(files):
            yield os.path.relpath(os.path.join(path, file), root)


def orphans(storage: MediaStorage, *, older_than: timedelta) -> list[Orphan]:
    """The folders that ``MediaStorage`` named and that no row names, be it inside a text.

    Files under other names, such as the caches of thumbnail libraries, are never orphans.

    :param older_than: Younger ones are left out: a row may not be committed yet.
    """
    found: dict[str, tuple[int, float]] = {}
    for name in uploads(storage):
        folder = token_folder(name)
        if folder is not None:
            # Somebody may delete it meanwhile.
            with contextlib.suppress(FileNotFoundError):
                stat = os.lstat(storage.path(name))
                size, changed = found.get(folder, (0, 0.0))
                found[folder] = (size + stat.st_size, max(changed, stat.st_mtime))
    latest = time.time() - older_than.total_seconds()
    old = [
        Orphan(folder=folder, size=size, changed=changed)
        for folder, (size, changed) in found.items()
        if changed <= latest
    ]
    # After the disk: a row that is written meanwhile is seen.
    named = named_in_databases({_token(orphan) for orphan in old})
    return [orphan for orphan in old if _token(orphan) not in named]


def named_in_databases(tokens: set[str]) -> set[str]:
    """Those tokens that stand in any column of any table, on every database.

    The tables are read as they are, and not by models: managers, routers and fields can hide
    what a row holds.

    :raises DatabaseError: if a table cannot be read, or a model has none.
    """
    found: set[str] = set()
    for alias in connections if tokens else ():
        for table in sorted(_tables(alias)):
            for value in _values(connections[alias], table):
                found.update(tokens.intersection(_TOKENS.findall(_text(value).lower())))
    return found


def _tables(alias: str) -> set[str]:
    """The tables that the database lists, and those of models that it does not.

    Views show what is in tables, so only those that a model names are among them.
    """
    introspection = connections[alias].introspection
    tables = set(introspection.table_names())
    listed = set(introspection.table_names(include_views=True))
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        table = introspection.identifier_converter(meta.db_table)
        # One of another schema is not listed; one that migrations make must be there.
        is_expected = router.db_for_read(model) == alias and (
            "." in table or (meta.managed and router.allow_migrate_model(alias, model))
        )
        if table in listed or is_expected:
            tables.add(table)
    return tables


def _values(connection: BaseDatabaseWrapper, table: str) -> Iterator[object]:
    is_whole = connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    with connection.cursor() if is_whole else connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
        while rows := cursor.fetchmany(2000):
            for row in rows:
                yield from row


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return str(value)


def _token(orphan: Orphan) -> str:
    return posixpath.basename(orphan.folder)


def trash(storage: MediaStorage, orphan: Orphan) -> Path:
    """Move a folder out of what is served. Its edges' copies are recorded if the storage does.

    :returns: Where it is until ``empty_trash()``.
    :raises OSError: if it is gone, or cannot be moved: it is where it was.
    """
    target = _trash(storage) / datetime.now(UTC).strftime("%Y-%m-%d") / orphan.folder
    while target.exists():
        # Moved today, brought back, and moved again.
        target = target.with_name(f"{target.name}~")
    filesystem.make_folder(target.parent)
    with storage.deleting(*uploads(storage, orphan.folder)):
        filesystem.rename(Path(storage.path(orphan.folder)), target)
    return target


def empty_trash(storage: MediaStorage, *, older_than: timedelta) -> list[Path]:
    """Delete for good what went into the trash so long ago."""
    gone = []
    today = datetime.now(UTC).date()
    for day in sorted(_trash(storage).glob("????-??-??")):
        if today - date.fromisoformat(day.name) >= older_than:
            shutil.rmtree(day)
            gone.append(day)
    return gone


def _trash(storage: MediaStorage) -> Path:
    return Path(storage.location, STATE_FOLDER, "trash")
