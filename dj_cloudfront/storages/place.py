"""Where a build belongs, as ``STATIC_ROOT`` and ``STATIC_URL`` say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dj_cloudfront.builds.folders import is_version
from dj_cloudfront.settings import Cdn


@dataclass(frozen=True, kw_only=True)
class Place:
    """A build's folder, taken apart.

    :param root: The folder that holds one folder for each build.
    """

    root: Path
    version: str

    @property
    def folder(self) -> Path:
        return self.root / self.version


def is_local(location: str | None, base_url: str) -> bool:
    """Whether the URLs are this server's own, so that nothing is published.

    Those of the build that ``settings.CDN`` names are not, with or without a host.
    """
    return not urlsplit(base_url).netloc and not _is_of_the_cdn(location)


def _is_of_the_cdn(location: str | None) -> bool:
    cdn = getattr(settings, "CDN", None)
    return (
        isinstance(cdn, Cdn)
        and not cdn.is_local
        and location is not None
        and os.path.abspath(cdn.static_root) == os.path.abspath(location)
    )


def place_of(location: str | None, base_url: str) -> Place:
    """The builds' root and the build's name.

    :raises ImproperlyConfigured: with one sentence, when the two do not name one build.
    """
    folder = Path(os.path.abspath(location)) if location else None
    if folder is None or not is_version(folder.name) or folder == folder.parent:
        raise ImproperlyConfigured(
            "STATIC_ROOT must be the folder of one build, such as "
            f"'/var/mysite/static/2026-11-23.1', got {location!r}: take it from "
            "dj_cloudfront.config(), as in STATIC_ROOT = CDN.static_root"
        )
    if not urlsplit(base_url).path.endswith(f"/{folder.name}/"):
        raise ImproperlyConfigured(
            "STATIC_URL must end with the name of the build in STATIC_ROOT, such as "
            f"'https://static.example.com/{folder.name}/', got {base_url!r}: take both from "
            "dj_cloudfront.config()"
        )
    return Place(root=folder.parent, version=folder.name)
