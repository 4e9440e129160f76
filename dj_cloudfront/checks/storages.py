"""``STORAGES`` and the permissions of what they write."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage
from django.core.management import get_commands, load_command_class
from django.utils.module_loading import import_string

from dj_cloudfront.checks import ids
from dj_cloudfront.checks.folders import is_inside
from dj_cloudfront.config import Cdn


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """Mistakes in the storages. Their classes are imported, as any use of them would."""
    if cdn.static_origin is not None:
        yield from _static(cdn)
    if cdn.media_origin is not None:
        default = settings.STORAGES.get("default", {})
        kind = class_of(default)
        options = default.get("OPTIONS", {})
        if kind is not None and issubclass(kind, FileSystemStorage):
            yield from _on_disk(cdn, options)
        elif kind is not None:
            yield from _remote(cdn, default["BACKEND"], options)


def find_old_settings(cdn: Cdn) -> Iterator[CheckMessage]:
    """Settings that Django no longer reads."""
    for name, alias in (
        ("STATICFILES_STORAGE", "staticfiles"),
        ("DEFAULT_FILE_STORAGE", "default"),
    ):
        if value := getattr(settings, name, None):
            yield ids.OLD_STORAGE_SETTING.found(
                f"{name} must be STORAGES[{alias!r}]['BACKEND'], got {value!r}, which "
                "Django ignores"
            )


def _static(cdn: Cdn) -> Iterator[CheckMessage]:
    if not apps.is_installed("django.contrib.staticfiles"):
        yield ids.NO_STATICFILES.found(
            "INSTALLED_APPS must have 'django.contrib.staticfiles' for builds to be made"
        )
        return
    # Imported here: they are of no use without the app.
    from django.contrib.staticfiles.storage import StaticFilesStorage

    from dj_cloudfront.staticfiles.storage_base import PublishingStorage

    static = settings.STORAGES.get("staticfiles", {})
    kind = class_of(static)
    # In place of Django's plain one, publishing uses its own: the URLs are the same.
    if kind not in (None, StaticFilesStorage) and not issubclass(
        kind, PublishingStorage
    ):
        yield ids.STATIC_STORAGE.found(
            "STORAGES['staticfiles'] must be a storage that publishes builds, such as "
            f"'dj_cloudfront.storage.BuildStorage', got {static['BACKEND']!r}"
        )


def find_collectstatic(cdn: Cdn) -> Iterator[CheckMessage]:
    """Whether another app's ``collectstatic`` would write into builds."""
    if not apps.is_installed("django.contrib.staticfiles"):
        return
    # Imported here: they are of no use without the app.
    from dj_cloudfront.management.commands.collectstatic import Command
    from dj_cloudfront.staticfiles.storage_base import PublishingStorage

    kind = class_of(settings.STORAGES.get("staticfiles", {}))
    if kind is None or not issubclass(kind, PublishingStorage):
        return
    app = get_commands()["collectstatic"]
    if not isinstance(load_command_class(app, "collectstatic"), Command):
        yield ids.OTHER_COLLECTSTATIC.found(
            "INSTALLED_APPS must have 'dj_cloudfront' before 'django.contrib.staticfiles', "
            f"whose collectstatic it extends, got the collectstatic of {app!r}"
        )


def _on_disk(cdn: Cdn, options: Mapping[str, Any]) -> Iterator[CheckMessage]:
    url, folder = options.get("base_url"), options.get("location")
    if url is not None and not str(url).startswith(cdn.media_url):
        yield ids.REMOTE_STORAGE.found(
            "STORAGES['default'] must give the URLs of the CDN, such as "
            f"{cdn.media_url!r}, got the base_url {url!r}"
        )
    if folder and not (settings.MEDIA_ROOT and is_inside(folder, settings.MEDIA_ROOT)):
        yield ids.REMOTE_STORAGE.found(
            "STORAGES['default'] must keep uploads in MEDIA_ROOT, such as "
            f"{os.fspath(settings.MEDIA_ROOT)!r}, got the location {os.fspath(folder)!r}"
        )
    if options.get("allow_overwrite"):
        yield ids.OVERWRITING_STORAGE.found(
            "STORAGES['default'] must not overwrite, got allow_overwrite=True: edges keep "
            "the old file of a name for up to a day"
        )
    yield from _permissions(options)


def _permissions(options: Mapping[str, Any]) -> Iterator[CheckMessage]:
    """A web server is another user than Django, of its group at best."""
    mode = options.get("file_permissions_mode", settings.FILE_UPLOAD_PERMISSIONS)
    if not isinstance(mode, int) or not mode & 0o400 or not mode & 0o044:
        yield ids.UNREADABLE.found(
            "FILE_UPLOAD_PERMISSIONS must let the web server read uploads, such as 0o644, "
            f"got {_shown(mode)}"
        )
    folder = options.get(
        "directory_permissions_mode", settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS
    )
    if folder is None:
        return
    if not isinstance(folder, int) or folder & 0o700 != 0o700 or not folder & 0o011:
        yield ids.UNREADABLE.found(
            "FILE_UPLOAD_DIRECTORY_PERMISSIONS must let the web server into folders, such "
            f"as 0o755, got {_shown(folder)}"
        )


def _shown(mode: object) -> str:
    return oct(mode) if isinstance(mode, int) else repr(mode)


def _remote(
    cdn: Cdn, backend: str, options: Mapping[str, Any]
) -> Iterator[CheckMessage]:
    """A storage of another kind, in the terms of django-storages."""
    domain = options.get("custom_domain", getattr(settings, "AWS_S3_CUSTOM_DOMAIN", ""))
    if domain != urlsplit(cdn.media_url).netloc:
        yield ids.REMOTE_STORAGE.found(
            "STORAGES['default'] must keep uploads where the media distribution reads "
            f"them, in MEDIA_ROOT or in its bucket, got {backend!r} without the "
            f"custom_domain {urlsplit(cdn.media_url).netloc!r}"
        )
    elif options.get(
        "file_overwrite", getattr(settings, "AWS_S3_FILE_OVERWRITE", True)
    ):
        yield ids.OVERWRITING_STORAGE.found(
            f"STORAGES['default'] must not overwrite, got {backend!r} without "
            "file_overwrite=False: an upload replaces another of its name"
        )


def class_of(storage: Mapping[str, Any]) -> type[Any] | None:
    """A storage's class. None when it cannot be imported, which Django itself reports."""
    try:
        found = import_string(storage.get("BACKEND", ""))
    except ImportError:
        return None
    return found if isinstance(found, type) else None
