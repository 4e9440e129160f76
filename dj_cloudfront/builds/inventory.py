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

from dj_cloudfront.builds import state_dir
from dj_cloudfront.builds.in_use import RegisteredServer, last_used, registered_servers
from dj_cloudfront.builds.index import INDEX_NAME, Index, kept_urls, read_index
from dj_cloudfront.builds.layout import incomplete_builds, published
from dj_cloudfront.builds.retention import KnownBuild
from dj_cloudfront.builds.trash import Trashed, brought_back, trashed

WITHOUT_INDEX = "without index"


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
    root = state_dir.existing_root(root)
    # What servers say comes first: whatever appears later is young.
    said, used = registered_servers(root), last_used(root)
    for version, since in brought_back(root).items():
        used[version] = max(since, used.get(version, since))
    builds, indexes = [], {}
    for version in published(root):
        index, flaw = _index(root / version)
        if index is not None:
            indexes[version] = index
        build = KnownBuild(
            version=version,
            published=_published(root / version),
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
        incomplete_builds=incomplete_builds(root),
    )


def _now(root: Path, times: Iterable[float | None]) -> float:
    try:
        return state_dir.now(root)
    except FileNotFoundError:
        return time.time()
    except OSError:
        return max((one for one in times if one is not None), default=0)


def _index(build: Path) -> tuple[Index | None, str]:
    """A build's index, or what is wrong with it."""
    if not state_dir.is_file(build / INDEX_NAME):
        return None, WITHOUT_INDEX
    try:
        index = read_index(build)
    except (OSError, ValueError):
        return None, "with a damaged index"
    if index is None:
        return None, WITHOUT_INDEX
    if index.version != build.name:
        return None, f"with the index of {index.version}"
    return index, ""


def _published(build: Path) -> float | None:
    """The time of the index, or of the folder if it has none."""
    indexed = state_dir.time_of(build / INDEX_NAME)
    return state_dir.time_of(build) if indexed is None else indexed


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
    names_of = Counter(
        hashed
        for index in inventory.indexes.values()
        for hashed in set(index.hashed_folders.values())
    )
    before: Index | None = None
    for build in inventory.builds:
        folder = inventory.root / build.version
        index = inventory.indexes.get(build.version)
        if index is None:
            found[build.version] = _of_files(_walk(folder))
            continue
        own = [
            inventory.root / hashed
            for hashed in set(index.hashed_folders.values())
            if names_of[hashed] == 1
        ]
        used = _of_files(
            _stats(folder / name for name in [*index.files, INDEX_NAME]),
            itertools.chain.from_iterable(map(_walk, own)),
        )
        kept = kept_urls(index, before)
        found[build.version] = replace(used, files=used.files - 1, kept=kept)
        before = index
    return found


def freed(inventory: Inventory, versions: Iterable[str]) -> int:
    """The bytes that would be on the disk no more without these builds."""
    gone = set(versions)
    stays = {
        hashed
        for version, index in inventory.indexes.items()
        if version not in gone
        for hashed in index.hashed_folders.values()
    }
    folders = {
        hashed
        for version in gone & inventory.indexes.keys()
        for hashed in inventory.indexes[version].hashed_folders.values()
    }
    paths = [inventory.root / name for name in sorted(gone | (folders - stays))]
    return _of_files(itertools.chain.from_iterable(map(_walk, paths))).own


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
