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

from dj_cloudfront.builds.hashed_folders import check_finer
from dj_cloudfront.builds.layout import is_version
from dj_cloudfront.config import Cdn

CODINGS = {"gz": "gzip", "br": "br"}
"""What a companion adds to a name, and its content coding."""


@dataclass(frozen=True, kw_only=True)
class PublishingOptions:
    """How a build is written.

    :param precompress: Companions to write for files that compress well: ``gz``, ``br``.
    :param rewrite_references: Whether root-absolute references in stylesheets are made
        relative. Default: they are only reported.
    :param reference_prefix: What such references begin with.
    :param hashed_folders: Whether folders get a URL that holds a hash of their content; or the
        folders below the top ones that get one of their own.
    """

    precompress: Sequence[str] = ()
    rewrite_references: bool = False
    reference_prefix: str = "/static/"
    hashed_folders: bool | Sequence[str] = False

    def __post_init__(self) -> None:
        if isinstance(self.precompress, str) or not set(self.precompress) <= set(
            CODINGS
        ):
            raise ImproperlyConfigured(
                "precompress must be a list with 'gz', 'br' or both, such as ['gz', 'br'], "
                f"got {self.precompress!r}"
            )
        prefix = self.reference_prefix
        if not prefix.startswith("/") or not prefix.endswith("/") or "//" in prefix:
            raise ImproperlyConfigured(
                "reference_prefix must begin and end with a slash, such as '/static/', "
                f"got {prefix!r}"
            )
        if isinstance(self.hashed_folders, bool):
            return
        try:
            check_finer(self.hashed_folders)
        except ValueError as error:
            raise ImproperlyConfigured(str(error)) from None

    def arguments(self) -> dict[str, Any]:
        """The same for ``Publication``."""
        kind = "rewrite_references" if self.rewrite_references else "find_references"
        return {
            "precompress": [CODINGS[one] for one in self.precompress],
            kind: self.reference_prefix,
            "hashed_folders": self.hashed_folders,
        }


@dataclass(frozen=True, kw_only=True)
class BuildLocation:
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


def build_location(location: str | None, base_url: str) -> BuildLocation:
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
    return BuildLocation(root=folder.parent, version=folder.name)
