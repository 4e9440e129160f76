"""Uploads: names that are given again, and deleted files that edges still have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.files.storage import (
    FileSystemStorage,
    Storage,
    default_storage,
    storages,
)
from django.db.models import FileField

from cdn_model.cookies import shared_cookie_domain
from dj_cloudfront.checks import ids
from dj_cloudfront.checks.storages import class_of
from dj_cloudfront.config import Cdn
from dj_cloudfront.media.cookies import STORAGE
from dj_cloudfront.media.storages import MediaStorage, PrivateMediaStorage
from dj_cloudfront.media.views import LATE_SECONDS

_COOKIES = "dj_cloudfront.media.cookies.media_cookies_middleware"


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """Storages on this disk that can give a name again, with the fields that use them."""
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


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """Deletes that are not recorded, or recorded and not sent. It reads the disk."""
    found = _media_storages()
    yield from _unsent(found)
    for alias, storage in found.items():
        if isinstance(storage, PrivateMediaStorage):
            yield from _private(cdn, alias, storage)
        if not storage.invalidate:
            yield ids.DELETED_STAYS.found(
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
    if _COOKIES not in settings.MIDDLEWARE or alias != STORAGE:
        return
    sites = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    for site in sites:
        if shared_cookie_domain(site, host) is None:
            yield ids.COOKIES_STAY_AWAY.found(
                f"ALLOWED_HOSTS must share a domain with {host!r} for signed cookies, such "
                f"as 'www.example.com' with 'private.example.com', got {site!r}"
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


def _media_storages() -> dict[str, MediaStorage]:
    found = {}
    for alias, given in settings.STORAGES.items():
        kind = class_of(given)
        if kind is not None and issubclass(kind, MediaStorage):
            # Options that it does not take are for Django to report.
            with contextlib.suppress(TypeError, ValueError):
                storage: Any = storages[alias]
                found[alias] = storage
    return found
