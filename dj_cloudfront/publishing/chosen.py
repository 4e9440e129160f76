"""The storage that the settings choose, for a build that they may not name yet."""

from __future__ import annotations

import os
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.contrib.staticfiles.storage import HashedFilesMixin, StaticFilesStorage
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from dj_cloudfront.settings import Cdn
from dj_cloudfront.storage import BuildStorage, ManifestBuildStorage
from dj_cloudfront.storages.publishing import PublishingStorage


def chosen_storage(cdn: Cdn, version: str | None = None) -> PublishingStorage:
    """The storage of ``STORAGES["staticfiles"]``, for the build that ``cdn`` or ``version`` names.

    Django's plain ``StaticFilesStorage`` gives the same URLs as ``BuildStorage``, which stands
    for it then.

    :raises ImproperlyConfigured: with one sentence, when it gives other URLs, or ``STATIC_ROOT``
        is not that of ``cdn``.
    """
    backend, options = _backend()
    _check(cdn, backend(**options))
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


def _check(cdn: Cdn, storage: PublishingStorage) -> None:
    wanted = os.path.abspath(cdn.static_root)
    if storage.location != wanted:
        raise ImproperlyConfigured(
            f"STATIC_ROOT must be CDN.static_root, such as {wanted!r}, got "
            f"{storage.location!r}: in the settings, write STATIC_ROOT = CDN.static_root"
        )
