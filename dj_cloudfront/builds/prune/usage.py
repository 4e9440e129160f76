"""How much of the disk each build has, and how much of that is its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dj_cloudfront.builds.index import Index
from dj_cloudfront.builds.prune.survey import Survey

_SAMPLE = 20


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a build holds.

    :param size: Bytes of all its files.
    :param own: Bytes that no other build has too: what removing it would free.
    """

    files: int
    size: int
    own: int


def usage(seen: Survey) -> dict[str, Usage]:
    """The use of the disk by build.

    A file that its neighbour has too, by name and content, is taken for one file with two
    names, which a sample has to confirm; so most files are not looked at, for a shared disk
    answers each such question over the network. Without an index every file is looked at.
    """
    indexed = [b.version for b in seen.builds if b.version in seen.indexes]
    neighbours = {
        version: [
            seen.indexes[other]
            for other in (*indexed[:at][-1:], *indexed[at + 1 :][:1])
        ]
        for at, version in enumerate(indexed)
    }
    return {
        build.version: _of_index(
            seen.root / build.version,
            seen.indexes[build.version],
            neighbours[build.version],
        )
        if build.version in seen.indexes
        else _of_files(_walk(seen.root / build.version))
        for build in seen.builds
    }


def _of_index(build: Path, index: Index, neighbours: Iterable[Index]) -> Usage:
    shared = {
        name: file.size
        for name, file in index.files.items()
        if file.size and any(other.files.get(name) == file for other in neighbours)
    }
    sample = islice(shared, 0, None, max(1, len(shared) // _SAMPLE))
    if any(found.st_nlink == 1 for found in _stats(build / name for name in sample)):
        return _of_files(_stats(build / name for name in index.files))
    size = sum(file.size for file in index.files.values())
    own = size - sum(shared.values())
    return Usage(files=len(index.files), size=size, own=own)


def _of_files(files: Iterable[os.stat_result]) -> Usage:
    found = [(one.st_size, one.st_nlink) for one in files]
    return Usage(
        files=len(found),
        size=sum(size for size, _ in found),
        own=sum(size for size, links in found if links == 1),
    )


def _walk(folder: Path) -> Iterator[os.stat_result]:
    for parent, _, names in os.walk(folder):
        yield from _stats(Path(parent, name) for name in names)


def _stats(paths: Iterable[Path]) -> Iterator[os.stat_result]:
    """Of regular files; what is gone meanwhile is left out."""
    for path in paths:
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISREG(found.st_mode):
            yield found
