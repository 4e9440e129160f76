"""Where a build belongs and how it is written, as ``STATIC_ROOT``, ``STATIC_URL`` and OPTIONS say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dj_cloudfront.builds.hashed_folders import check_subfolders
from dj_cloudfront.builds.layout import is_version
from dj_cloudfront.builds.references import check_prefix
from dj_cloudfront.config import Cdn

CODINGS = {"gz": "gzip", "br": "br"}
"""What a companion adds to a name, and its content coding."""


@dataclass(frozen=True, kw_only=True)
class PublishingOptions:
    """How a build is written. ``BuildStorage`` has the meaning of each."""

    precompress: Sequence[str] = ()
    rewrite_references: bool = False
    reference_prefix: str = "/static/"
    hashed_folders: bool | Sequence[str] = False

    def __post_init__(self) -> None:
        given = self.precompress
        if isinstance(given, str) or not set(given) <= set(CODINGS):
            raise ImproperlyConfigured(
                "precompress must be a list with 'gz', 'br' or both, such as ['gz', 'br'], "
                f"got {given!r}"
            )
        try:
            check_prefix(self.reference_prefix)
            check_subfolders(self.hashed_folders)
        except ValueError as error:
            raise ImproperlyConfigured(str(error)) from None

    def arguments(self) -> dict[str, Any]:
        """The same for ``Publication``."""
        codings = [CODINGS[one] for one in self.precompress]
        return {**vars(self), "precompress": codings}


def is_local(location: str | None, base_url: str) -> bool:
    """Whether the URLs are this server's own, so that nothing is published.

    Those of the build that ``settings.CDN`` names are not, with or without a host.
    """
    if urlsplit(base_url).netloc:
        return False
    cdn = getattr(settings, "CDN", None)
    return not (
        isinstance(cdn, Cdn)
        and not cdn.is_local
        and location is not None
        and os.path.abspath(cdn.static_root) == os.path.abspath(location)
    )


def build_folder(location: str | None, base_url: str) -> Path:
    """The folder of the build, which has the build's name.

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
    return folder
