"""``STATIC_ROOT``, ``MEDIA_ROOT``, what is in them and what must not be."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage

from dj_cloudfront.builds.index import INDEX_NAME, Index, read_index
from dj_cloudfront.checks import ids
from dj_cloudfront.config import Cdn


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """Folders that are in each other's way. It resolves paths and opens nothing."""
    if cdn.static_origin is not None:
        yield from _static_root(cdn)
    if settings.MEDIA_ROOT:
        yield from _media_root(cdn)
    for name, private in _private_folders():
        yield from _among_public(cdn, name, private)


def find_in_sources(cdn: Cdn) -> Iterator[CheckMessage]:
    """Mistakes in ``STATICFILES_DIRS``; in development too, where they are made."""
    for entry in settings.STATICFILES_DIRS:
        prefix, path = entry if isinstance(entry, list | tuple) else ("", entry)
        if is_inside(path, cdn.builds_root) or is_inside(cdn.builds_root, path):
            yield ids.BUILDS_AMONG_SOURCES.found(
                "STATICFILES_DIRS must not overlap the folder of builds, such as "
                f"BASE_DIR / 'assets' beside it, got {os.fspath(path)!r} and static_root "
                f"{cdn.builds_root!r}"
            )
        if prefix and prefix.strip("/") == cdn.build_version:
            yield ids.BUILD_AS_PREFIX.found(
                f"STATICFILES_DIRS must not have the build version as prefix, got {prefix!r}"
            )


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """What is missing on this server. It reads the index of the build."""
    if cdn.static_origin is not None:
        yield from _build(cdn)
    if cdn.media_origin is not None and not settings.MEDIA_ROOT:
        yield ids.NO_MEDIA_ROOT.found(
            "MEDIA_ROOT must be the folder of uploads, such as '/var/mysite/media', "
            f"got {settings.MEDIA_ROOT!r}"
        )


def index_of(cdn: Cdn) -> Index | None:
    """The index of the build that is served, if it is here and in order."""
    try:
        return read_index(Path(cdn.static_root))
    except (OSError, ValueError):
        return None


def is_inside(inner: str | os.PathLike[str], outer: str | os.PathLike[str]) -> bool:
    """Whether a folder is another one or below it, after links are followed."""
    real_inner, real_outer = os.path.realpath(inner), os.path.realpath(outer)
    return real_inner == real_outer or real_inner.startswith(
        os.path.join(real_outer, "")
    )


def _static_root(cdn: Cdn) -> Iterator[CheckMessage]:
    root = settings.STATIC_ROOT
    if not root:
        return
    if is_inside(cdn.builds_root, root):
        yield ids.ALL_BUILDS.found(
            f"STATIC_ROOT must be the folder of one build, such as {cdn.static_root!r}, got "
            f"{os.fspath(root)!r}, which holds all of them"
        )
    elif os.path.realpath(root) != os.path.realpath(cdn.static_root):
        yield ids.OTHER_STATIC_ROOT.found(
            f"STATIC_ROOT must be CDN.static_root, {cdn.static_root!r}, got "
            f"{os.fspath(root)!r}"
        )


def _media_root(cdn: Cdn) -> Iterator[CheckMessage]:
    media = os.fspath(settings.MEDIA_ROOT)
    if is_inside(cdn.builds_root, media):
        yield ids.STATIC_IN_MEDIA.found(
            "MEDIA_ROOT must not hold the builds, such as '/var/mysite/media' beside "
            f"'/var/mysite/static', got {media!r} and static_root {cdn.builds_root!r}"
        )
    elif is_inside(media, cdn.builds_root):
        yield ids.MEDIA_IN_STATIC.found(
            "MEDIA_ROOT must not be among the builds, such as '/var/mysite/media' beside "
            f"'/var/mysite/static', got {media!r} and static_root {cdn.builds_root!r}"
        )


def _among_public(
    cdn: Cdn, name: str, private: str | os.PathLike[str]
) -> Iterator[CheckMessage]:
    public = {"MEDIA_ROOT": settings.MEDIA_ROOT, "static_root": cdn.builds_root}
    for setting, folder in public.items():
        if folder and (is_inside(private, folder) or is_inside(folder, private)):
            yield ids.PRIVATE_IN_PUBLIC.found(
                f"{name} must be apart from {setting}, such as '/var/mysite/private', got "
                f"{os.fspath(private)!r} and {os.fspath(folder)!r}"
            )
            return


def _private_folders() -> Iterator[tuple[str, str | os.PathLike[str]]]:
    """The folders whose names say that not everybody may read them."""
    if private := getattr(settings, "PRIVATE_MEDIA_ROOT", None):
        yield "PRIVATE_MEDIA_ROOT", private
    for alias, storage in settings.STORAGES.items():
        location = storage.get("OPTIONS", {}).get("location")
        if "private" in alias.lower() and location:
            yield f"STORAGES[{alias!r}]", location


def _build(cdn: Cdn) -> Iterator[CheckMessage]:
    build = Path(cdn.static_root)
    if hidden := hidden_from_servers(build):
        yield ids.BUILD_UNREADABLE.found(
            f"STATIC_ROOT must be readable by the web server, got {hidden}"
        )
        return
    if not os.path.isdir(cdn.builds_root):
        yield ids.NO_BUILDS_HERE.found(
            f"static_root must be the folder of builds, got {cdn.builds_root!r}, which is "
            "no folder on this machine"
        )
        return
    if not build.is_dir():
        yield ids.BUILD_MISSING.found(
            f"STATIC_ROOT must be a published build, got {cdn.static_root!r}, which is not "
            "on this server"
        )
        return
    try:
        index = read_index(build)
    except (OSError, ValueError) as error:
        yield ids.BUILD_DAMAGED.found(f"STATIC_ROOT must be a whole build: {error}")
        return
    if index is None:
        yield ids.NO_INDEX.found(
            f"STATIC_ROOT must be a published build, got {cdn.static_root!r}, which has no "
            "index"
        )
    elif index.version != cdn.build_version:
        yield ids.BUILD_DAMAGED.found(
            f"STATIC_ROOT must be the build {cdn.build_version!r}, got "
            f"{cdn.static_root!r} with the index of {index.version!r}"
        )


def hidden_from_servers(build: Path) -> str:
    """What keeps out all users but one, as a umask makes it; empty if nothing does."""
    # Publishing makes all three, so a umask acts on each.
    needs = {build.parent: 0o1, build: 0o5, build / INDEX_NAME: 0o4}
    for path, needed in needs.items():
        try:
            found = path.stat()
        except PermissionError:
            return f"{os.fspath(path)!r}, into which this process may not look either"
        except OSError:
            return ""
        mode = found.st_mode & 0o777
        if path == build and not stat.S_ISDIR(found.st_mode):
            return ""
        if not (mode & needed == needed or (mode >> 3) & needed == needed):
            return f"{os.fspath(path)!r} with the permissions {oct(mode)}"
    return ""
