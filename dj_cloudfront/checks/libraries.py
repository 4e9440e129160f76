"""Other packages that write or read static files past the storage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage

from dj_cloudfront.checks import ids
from dj_cloudfront.checks.folders import is_inside
from dj_cloudfront.config import Cdn

_VITE = Path(".vite", "manifest.json")


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """django-compressor, which writes into a folder of its own."""
    if cdn.static_origin is None or not apps.is_installed("compressor"):
        return
    root = getattr(settings, "COMPRESS_ROOT", None) or settings.STATIC_ROOT
    if not root or not getattr(settings, "COMPRESS_ENABLED", not settings.DEBUG):
        return
    is_source = any(is_inside(root, folder) for folder in _source_dirs())
    if is_inside(root, cdn.builds_root) or not is_source:
        yield ids.COMPRESS_ROOT.found(
            "COMPRESS_ROOT must be a folder of STATICFILES_DIRS, such as "
            f"BASE_DIR / 'compressed', got {os.fspath(root)!r}"
        )
    options = settings.STORAGES.get("staticfiles", {}).get("OPTIONS", {})
    if hashed_folders := options.get("hashed_folders"):
        yield ids.HASHED_FOLDERS_COMPRESSED.found(
            "hashed_folders must be False with django-compressor, which takes only URLs below "
            f"STATIC_URL, got {hashed_folders!r}"
        )


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """django-vite, which reads Vite's manifest from the build unless it is told otherwise."""
    if cdn.static_origin is None or not apps.is_installed("django_vite"):
        return
    for manifest in _vite_manifests():
        if not is_inside(manifest, cdn.builds_root) or os.path.exists(manifest):
            continue
        left_out = [
            os.fspath(Path(folder) / _VITE)
            for folder in _source_dirs()
            if (Path(folder) / _VITE).is_file()
        ]
        if left_out or ".vite" in Path(manifest).parts:
            yield ids.VITE_MANIFEST.found(
                "DJANGO_VITE must find the manifest, such as with manifest_path="
                f"{(left_out or [os.fspath(_VITE)])[0]!r}, got {manifest!r}, but builds have "
                "no file that begins with a dot"
            )


def _vite_manifests() -> Iterator[str]:
    given = getattr(settings, "DJANGO_VITE", None)
    configs = given.values() if isinstance(given, Mapping) else [_of_old_settings()]
    for config in configs:
        if not isinstance(config, Mapping) or config.get("dev_mode"):
            continue
        prefix = config.get("static_url_prefix") or ""
        default = os.path.join(str(settings.STATIC_ROOT), prefix, "manifest.json")
        yield os.fspath(config.get("manifest_path") or default)


def _of_old_settings() -> Mapping[str, Any]:
    return {
        name: getattr(settings, f"DJANGO_VITE_{name.upper()}", None)
        for name in ("dev_mode", "static_url_prefix", "manifest_path")
    }


def _source_dirs() -> Iterator[str]:
    for entry in settings.STATICFILES_DIRS:
        path = entry[1] if isinstance(entry, list | tuple) else entry
        yield os.fspath(path)
