"""Uploads: names that are given again, and deleted files that edges still have."""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.files.storage import (
    FileSystemStorage,
    Storage,
    default_storage,
)
from django.db.models import FileField

from cdn_model.cookies import shared_cookie_domain
from dj_cloudfront.checks import ids
from dj_cloudfront.checks.storages import class_of
from dj_cloudfront.config import Cdn
from dj_cloudfront.media.cookies import STORAGE
from dj_cloudfront.media.storages import (
    MediaStorage,
    PrivateMediaStorage,
    media_storages,
)
from dj_cloudfront.media.views import LATE_SECONDS

_SHORTEST = f"{'0' * 20}/name.jpeg"
_COOKIES = "dj_cloudfront.media.cookies.media_cookies_middleware"


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """Storages on this disk that can give a name again, with the fields that use them."""
    yield from _middleware()
    yield from _short_fields()
    if cdn.media_origin is None:
        return
    fields: dict[type[Any] | None, list[str]] = {_kind(default_storage): []}
    for field in _file_fields():
        fields.setdefault(_kind(field.storage), []).append(str(field))
    for kind, labels in fields.items():
        if kind is None or not _gives_again(kind):
            continue
        of = f" for {', '.join(sorted(labels))}" if labels else ""
        yield ids.NAME_GIVEN_AGAIN.found(
            "STORAGES must name a storage that never gives a name twice, such as "
            f"'dj_cloudfront.storage.MediaStorage', got {kind.__module__}.{kind.__qualname__}"
            f"{of}: after a delete, edges show the old file under the name"
        )


def _middleware() -> Iterator[CheckMessage]:
    given = settings.STORAGES.get(STORAGE, {})
    kind = class_of(given)
    if _COOKIES in settings.MIDDLEWARE and not (
        kind is not None and issubclass(kind, PrivateMediaStorage)
    ):
        yield ids.NO_COOKIE_STORAGE.found(
            f"STORAGES[{STORAGE!r}] must be 'dj_cloudfront.storage.PrivateMediaStorage' for "
            f"{_COOKIES}, got {given.get('BACKEND')!r}"
        )


def _short_fields() -> Iterator[CheckMessage]:
    for field in _file_fields():
        kind = _kind(field.storage)
        if kind is None or not issubclass(kind, MediaStorage):
            continue
        # What a function gives is known when it is called.
        folder = "" if callable(field.upload_to) else str(field.upload_to)
        needed = len(posixpath.join(datetime.now().strftime(folder), _SHORTEST))
        if field.max_length is not None and field.max_length < needed:
            yield ids.NO_ROOM_FOR_NAMES.found(
                f"max_length must be at least {needed} for names such as "
                f"'{posixpath.join(folder, _SHORTEST)}', got {field.max_length} of {field}"
            )


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """Deletes that are not recorded, or recorded and not sent. It reads the disk."""
    found = media_storages()
    yield from _unsent(found)
    for alias, storage in found.items():
        if isinstance(storage, PrivateMediaStorage):
            yield from _private(cdn, alias, storage)
        if not storage.invalidate:
            yield ids.DELETES_NOT_INVALIDATED.found(
                f"STORAGES[{alias!r}] keeps no record of deletes: edges show a deleted file "
                "for as long as its max-age, by default a day"
            )
            continue
        backlog = storage.deletions.backlog()
        if backlog.oldest_seconds > LATE_SECONDS:
            yield ids.DELETES_PENDING.found(
                f"STORAGES[{alias!r}] has {backlog.pending} deletes that no edge knows of, the "
                f"oldest for {backlog.oldest_seconds / 3600:.0f} hours"
            )


def _unsent(found: Mapping[str, MediaStorage]) -> Iterator[CheckMessage]:
    """Fields whose deletes are recorded where the command, which knows aliases, cannot look."""
    folders = {storage.deletions.folder for storage in found.values()}
    for field in _file_fields():
        storage = field.storage
        if not isinstance(storage, MediaStorage) or not storage.invalidate:
            continue
        if storage.deletions.folder not in folders:
            yield ids.DELETES_PENDING.found(
                f"STORAGES must name the storage of {field}, whose location is "
                f"{storage.location!r}, for cdn invalidate --using: nobody sends its deletes"
            )


def _private(
    cdn: Cdn, alias: str, storage: PrivateMediaStorage
) -> Iterator[CheckMessage]:
    try:
        host = urlsplit(storage.base_url).hostname or ""
        _ = storage.signer
    except ValueError as error:
        yield ids.NO_SIGNING_KEY.found(
            f"STORAGES[{alias!r}] must be able to sign, but {error}"
        )
        return
    yield from _open_keys(alias, storage)
    if _COOKIES not in settings.MIDDLEWARE or alias != STORAGE:
        return
    sites = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    for site in sites:
        if shared_cookie_domain(site, host) is None:
            yield ids.COOKIES_NOT_SENT.found(
                f"ALLOWED_HOSTS must share a domain with {host!r} for signed cookies, such "
                f"as 'www.example.com' with 'private.example.com', got {site!r}"
            )


def _open_keys(alias: str, storage: PrivateMediaStorage) -> Iterator[CheckMessage]:
    given = storage.key
    for source in given.values() if isinstance(given, Mapping) else [given]:
        # The others are in a variable or at AWS, where no such file is.
        with contextlib.suppress(OSError):
            mode = os.stat(source).st_mode & 0o777
            if mode & 0o007 and os.name == "posix":
                yield ids.KEY_WORLD_READABLE.found(
                    f"STORAGES[{alias!r}] must have a key that Django's user alone can read, "
                    f"got {os.fspath(source)!r} with the permissions {oct(mode)}"
                )


def _file_fields() -> Iterator[FileField]:
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, FileField):
                yield field


def _kind(storage: Storage) -> type[Any] | None:
    # The default one is not made for this: its options may be wrong, which Django reports.
    if storage is default_storage:
        return class_of(settings.STORAGES.get("default", {}))
    return storage.__class__


def _gives_again(kind: type[Any]) -> bool:
    """Whether a storage on the disk names uploads as Django does."""
    return issubclass(kind, FileSystemStorage) and (
        kind.generate_filename is Storage.generate_filename
    )
