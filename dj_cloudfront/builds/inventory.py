"""What there is under a static root, and how much of the disk each build has."""

from __future__ import annotations

import itertools
import os
import stat
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dj_cloudfront.builds import layout
from dj_cloudfront.builds.filesystem import is_file, time_of
from dj_cloudfront.builds.in_use import RegisteredServer, last_used, registered_servers
from dj_cloudfront.builds.index import INDEX_NAME, Index, kept_urls, read_index
from dj_cloudfront.builds.retention import KnownBuild
from dj_cloudfront.builds.trash import Trashed, brought_back, trashed


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What there is.

    :param root: With links in its path resolved.
    :param now: By the disk's clock, in seconds since 1970.
    :param indexes: The sound ones, by build.
    :param incomplete_builds: Builds that are being written, or that nobody finished.
    """

    root: Path
    now: float
    builds: Sequence[KnownBuild]
    indexes: Mapping[str, Index]
    servers: Sequence[RegisteredServer]
    trash: Sequence[Trashed]
    incomplete_builds: Sequence[Path]


def take_inventory(root: Path, *, now: float | None = None) -> Inventory:
    """Look at everything, and change nothing.

    :param now: By the disk's clock. Default: asked for, this machine's where nobody has
        published yet, or the newest time that is found where this process may not write;
        good enough to look, not to remove.
    :raises ValueError: with one sentence, when ``root`` is no folder or what a server has
        declared cannot be read.
    """
    root = layout.existing_root(root)
    # What servers say comes first: whatever appears later is young.
    said, used = registered_servers(root), last_used(root)
    for version, since in brought_back(root).items():
        used[version] = max(since, used.get(version, since))
    builds, indexes = [], {}
    for version in layout.published(root):
        index, flaw = _index(root / version)
        if index is not None:
            indexes[version] = index
        indexed = time_of(root / version / INDEX_NAME)
        build = KnownBuild(
            version=version,
            published=time_of(root / version) if indexed is None else indexed,
            last_used=used.get(version),
            flaw=flaw,
        )
        builds.append(build)
    trash = trashed(root)
    times = [build.published for build in builds] + [one.since for one in trash]
    return Inventory(
        root=root,
        now=_now(root, times) if now is None else now,
        builds=builds,
        indexes=indexes,
        servers=said,
        trash=trash,
        incomplete_builds=layout.incomplete_builds(root),
    )


def _now(root: Path, times: Iterable[float | None]) -> float:
    try:
        return layout.disk_time(root)
    except FileNotFoundError:
        return time.time()
    except OSError:
        return max((one for one in times if one is not None), default=0)


def _index(build: Path) -> tuple[Index | None, str]:
    """A build's index, or what is wrong with it."""
    try:
        index = read_index(build) if is_file(build / INDEX_NAME) else None
    except (OSError, ValueError):
        return None, "with a damaged index"
    if index is None:
        return None, "without index"
    if index.version != build.name:
        return None, f"with the index of {index.version}"
    return index, ""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a build holds.

    :param files: How many, without the index.
    :param size: Bytes of all its files and the index.
    :param own: Bytes that no other build has too: what removing it would free, with the hashed
        folders that it alone names.
    :param kept: Bytes that have the URL that they had in the build before, and of how many.
    """

    files: int
    size: int
    own: int
    kept: tuple[int, int] = (0, 0)


def usage(inventory: Inventory) -> dict[str, Usage]:
    """The use of the disk by build. It looks at each file, and opens none."""
    found = {}
    hashed_of = {v: _hashed(index) for v, index in inventory.indexes.items()}
    names_of = Counter(itertools.chain.from_iterable(hashed_of.values()))
    before: Index | None = None
    for build in inventory.builds:
        folder = inventory.root / build.version
        index = inventory.indexes.get(build.version)
        if index is None:
            found[build.version] = _of_files(_walk(folder))
            continue
        own = [name for name in hashed_of[build.version] if names_of[name] == 1]
        used = _of_files(
            _stats(folder / name for name in [*index.files, INDEX_NAME]),
            _walk(*(inventory.root / name for name in own)),
        )
        kept = kept_urls(index, before)
        found[build.version] = replace(used, files=used.files - 1, kept=kept)
        before = index
    return found


def freed(inventory: Inventory, versions: Iterable[str]) -> int:
    """The bytes that would be on the disk no more without these builds."""
    going, staying = set(versions), set[str]()
    for version, index in inventory.indexes.items():
        (going if version in going else staying).update(_hashed(index))
    paths = [inventory.root / name for name in sorted(going - staying)]
    return _of_files(_walk(*paths)).own


def _hashed(index: Index) -> set[str]:
    return set(index.hashed_folders.values())


def _of_files(
    files: Iterable[os.stat_result], others: Iterable[os.stat_result] = ()
) -> Usage:
    """:param others: More names of the same files, which would go with them."""
    found = list(files)
    names = Counter((one.st_dev, one.st_ino) for one in (*found, *others))
    one_each = {(one.st_dev, one.st_ino): one for one in found}
    return Usage(
        files=len(found),
        size=sum(one.st_size for one in found),
        # All names of the file are this build's.
        own=sum(
            one.st_size for key, one in one_each.items() if names[key] == one.st_nlink
        ),
    )


def _walk(*folders: Path) -> Iterator[os.stat_result]:
    for folder in folders:
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
