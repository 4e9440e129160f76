"""The storages to name in ``STORAGES``: those of builds, and those of uploads.

``collectstatic`` and ``cdn publish`` make builds with ``BuildStorage`` and
``ManifestBuildStorage``.
"""

from __future__ import annotations

from dj_cloudfront.media.storages import (
    MediaStorage,
    PrivateMediaStorage,
    RenamingMediaStorage,
)
from dj_cloudfront.staticfiles.manifest import ManifestStorage
from dj_cloudfront.staticfiles.storage_base import PublishingStorage
from dj_cloudfront.staticfiles.url_cache import CachedUrls

__all__ = [
    "BuildStorage",
    "ManifestBuildStorage",
    "MediaStorage",
    "PrivateMediaStorage",
    "RenamingMediaStorage",
]


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
