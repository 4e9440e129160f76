"""The storages to name in ``STORAGES``: those of builds, and those of uploads.

``collectstatic`` and ``cdn publish`` make builds with ``BuildStorage`` and
``ManifestBuildStorage``.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from dj_cloudfront.media.storages import (
    MediaStorage,
    PrivateMediaStorage,
    RenamingMediaStorage,
)
from dj_cloudfront.staticfiles.django_types import Files
from dj_cloudfront.staticfiles.manifest import ManifestStorage
from dj_cloudfront.staticfiles.storage_base import PublishingStorage

__all__ = [
    "BuildStorage",
    "ManifestBuildStorage",
    "MediaStorage",
    "PrivateMediaStorage",
    "RenamingMediaStorage",
]


MOST_NAMES = 10_000
LONGEST_NAME = 255


class CachedUrls(Files):
    """A storage that works out the URL of a name once.

    It keeps at most 10,000 names of at most 255 characters for a process. With ``DEBUG``
    nothing is remembered.
    """

    hashed_files: dict[str, str] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._urls: dict[str, str] = {}
        self._urls_of: tuple[str, dict[str, str], int] | None = None

    def url(self, name: str | None, *force: bool, **options: bool) -> str:
        if force or options or settings.DEBUG or not isinstance(name, str):
            return super().url(name, *force, **options)
        made_of = (self.base_url, self.hashed_files, len(self.hashed_files))
        if made_of != self._urls_of:
            self._urls, self._urls_of = {}, made_of
        if (known := self._urls.get(name)) is not None:
            return known
        url = super().url(name)
        # Names may come from a request: neither their number nor their length is trusted.
        few = len(self._urls) < MOST_NAMES and len(name) <= LONGEST_NAME
        if few and self.is_url_final():
            self._urls[name] = url
        return url

    def is_url_final(self) -> bool:
        """Whether a URL that is given now is that for the whole life of the process."""
        return True


class BuildStorage(CachedUrls, PublishingStorage):
    """Files under their own names, in a folder of each build's own.

    ``STATIC_ROOT`` is the build's folder and ``STATIC_URL`` ends with its name, as
    ``dj_cloudfront.config()`` gives both. With ``local=True`` this is Django's
    ``StaticFilesStorage``.

    :param precompress: Companions to write for files that compress well: ``gz``, ``br``.
        Default: none.
    :param rewrite_references: Whether references such as ``url(/static/…)`` in stylesheets,
        which lead out of the build, are made relative. Default: they are only reported.
    :param reference_prefix: What such references begin with. Default: ``/static/``.
    :param hashed_folders: Whether the URL of a file holds a hash of its top folder in place of
        the build's name, so that it stays until something in that folder changes. A list of
        folders below, such as ``["site/img"]``, gives these one of their own. Default:
        ``False``.
    """


class ManifestBuildStorage(CachedUrls, ManifestStorage):
    """Files under names that hold a hash of their content, beside their own names.

    Django's ``ManifestStaticFilesStorage`` with what ``BuildStorage`` has. Files that did not
    change, and refer to none that did, are taken from the previous build.

    :param manifest_strict: Whether a name that the manifest does not have is an error.
        ``False`` gives the URL of the file under its own name. Default: ``True``.
    :param manifest_storage: Where the manifest is. Default: in the build, as
        ``.staticfiles.json``, which web servers do not show.
    """

    def is_url_final(self) -> bool:
        return bool(self.hashed_files) or not self.manifest_strict
