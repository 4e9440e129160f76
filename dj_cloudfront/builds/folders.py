"""The folders of builds under a static root."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

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
