"""The folders of builds under a static root."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from dj_cloudfront.builds.disk import remove_tree
from dj_cloudfront.builds.index import INDEX_NAME
from dj_cloudfront.version import check_build_version

_BEING_WRITTEN = re.compile(r"\.(?P<version>.+)\.publishing-[0-9a-f]+")


def is_version(name: str) -> bool:
    """Whether a folder of this name can be a build."""
    try:
        check_build_version(name)
    except ValueError:
        return False
    return True


def published(root: Path) -> list[str]:
    """The builds that show, oldest first by the time of their index.

    A folder without an index, as plain ``collectstatic`` makes, counts by its own time. No
    link is a build. A root that does not exist holds none.
    """
    found = [
        (_time(entry), entry.name)
        for entry in _entries(root)
        if is_version(entry.name) and entry.is_dir(follow_symlinks=False)
    ]
    return [name for _, name in sorted(found)]


def being_written(root: Path) -> list[Path]:
    """The hidden folders of builds that are being written, or that nobody finished."""
    return sorted(
        root / entry.name
        for entry in _entries(root)
        if _BEING_WRITTEN.fullmatch(entry.name)
    )


def remove_unfinished(root: Path) -> None:
    """Remove what publishers that are gone have left. Whoever calls it holds the lock.

    Each is renamed first: where the lock did not hold, as on a disk shared without one, its
    publisher then fails to show it, and never shows half of it.
    """
    for path in being_written(root):
        gone = hidden_folder(root, path.name[1:].partition(".publishing-")[0])
        # What another user has left must not stop a release.
        with contextlib.suppress(OSError):
            os.rename(path, gone)
            remove_tree(gone)


def hidden_folder(root: Path, version: str) -> Path:
    """A name for a folder in which a build is written, and that nobody had before."""
    return root / f".{version}.publishing-{secrets.token_hex(8)}"


def _entries(root: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(root) as entries:
            yield from entries
    except FileNotFoundError:
        return


def _time(entry: os.DirEntry[str]) -> int:
    try:
        return os.stat(os.path.join(entry.path, INDEX_NAME)).st_mtime_ns
    except OSError:
        return entry.stat(follow_symlinks=False).st_mtime_ns
