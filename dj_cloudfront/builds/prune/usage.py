"""How much of the disk each build has, and how much of that is its own."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dj_cloudfront.builds.index import INDEX_NAME, Index
from dj_cloudfront.builds.prune.survey import Survey

_SAMPLE = 20


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a build holds.

    :param files: How many, without the index.
    :param size: Bytes of all its files and the index.
    :param own: Bytes that no other build has too: what removing it would free.
    """

    files: int
    size: int
    own: int


def usage(seen: Survey) -> dict[str, Usage]:
    """The use of the disk by build.

    Content that its neighbour has too is taken for one file with two names, which a sample
    has to confirm; so most files are not looked at, for a shared disk answers each such
    question over the network. Without an index every file is looked at.
    """
    indexed = [b.version for b in seen.builds if b.version in seen.indexes]
    found = {}
    for build in seen.builds:
        folder, index = seen.root / build.version, seen.indexes.get(build.version)
        if index is None:
            found[build.version] = _of_files(_walk(folder))
            continue
        at = indexed.index(build.version)
        around = indexed[max(at - 1, 0) : at] + indexed[at + 1 : at + 2]
        neighbours = [seen.indexes[version] for version in around]
        found[build.version] = _of_index(folder, index, neighbours)
    return found


def _of_index(build: Path, index: Index, neighbours: Iterable[Index]) -> Usage:
    elsewhere = {file for other in neighbours for file in other.files.values()}
    shared = [
        name for name, file in index.files.items() if file.size and file in elsewhere
    ]
    sample = shared[:: max(1, len(shared) // _SAMPLE)]
    if any(found.st_nlink == 1 for found in _stats(build / name for name in sample)):
        found = _of_files(_stats(build / name for name in index.files))
    else:
        found = Usage(
            files=len(index.files),
            size=sum(file.size for file in index.files.values()),
            own=sum(file.size for file in {*index.files.values()} - elsewhere),
        )
    # With thousands of files the index itself is a part of what removing would free.
    indexed = sum(one.st_size for one in _stats([build / INDEX_NAME]))
    return replace(found, size=found.size + indexed, own=found.own + indexed)


def _of_files(files: Iterable[os.stat_result]) -> Usage:
    found = list(files)
    names = Counter((one.st_dev, one.st_ino) for one in found)
    one_each = {(one.st_dev, one.st_ino): one for one in found}
    return Usage(
        files=len(found),
        size=sum(one.st_size for one in found),
        # All names of the file are this build's.
        own=sum(
            one.st_size for key, one in one_each.items() if names[key] == one.st_nlink
        ),
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
