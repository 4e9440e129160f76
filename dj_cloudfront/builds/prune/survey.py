"""What there is under a static root, as the rules need to know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.builds import private
from dj_cloudfront.builds.declarations import Declaration, declarations, last_used
from dj_cloudfront.builds.folders import being_written, published
from dj_cloudfront.builds.index import INDEX_NAME, Index, read_index
from dj_cloudfront.builds.prune.rules import Build
from dj_cloudfront.builds.prune.trash import Trashed, brought_back, trashed

WITHOUT_INDEX = "without index"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What there is.

    :param root: With links in its path resolved.
    :param now: By the disk's clock, in seconds since 1970.
    :param indexes: The sound ones, by build.
    :param leftovers: Builds that are being written, or that nobody finished.
    """

    root: Path
    now: float
    builds: Sequence[Build]
    indexes: Mapping[str, Index]
    declarations: Sequence[Declaration]
    trash: Sequence[Trashed]
    leftovers: Sequence[Path]


def survey(root: Path, *, now: float | None = None) -> Survey:
    """Look at everything, and change nothing.

    :param now: By the disk's clock. Default: asked for, or the newest time that is found
        where this process may not write; good enough to look, not to remove.
    :raises ValueError: with one sentence, when ``root`` is no folder or what a server has
        declared cannot be read.
    """
    root = private.existing_root(root)
    # What servers say comes first: whatever appears later is young.
    said, used = declarations(root), last_used(root)
    for version, time in brought_back(root).items():
        used[version] = max(time, used.get(version, time))
    builds, indexes = [], {}
    for version in published(root):
        index, flaw = _index(root / version)
        if index is not None:
            indexes[version] = index
        build = Build(
            version=version,
            published=_published(root / version),
            last_used=used.get(version),
            flaw=flaw,
        )
        builds.append(build)
    trash = trashed(root)
    times = [build.published for build in builds] + [one.since for one in trash]
    return Survey(
        root=root,
        now=_now(root, times) if now is None else now,
        builds=builds,
        indexes=indexes,
        declarations=said,
        trash=trash,
        leftovers=being_written(root),
    )


def _now(root: Path, times: Iterable[float | None]) -> float:
    try:
        return private.now(root)
    except OSError:
        return max((time for time in times if time is not None), default=0)


def _index(build: Path) -> tuple[Index | None, str]:
    """A build's index, or what is wrong with it."""
    if not private.is_file(build / INDEX_NAME):
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
    time = private.time_of(build / INDEX_NAME)
    return private.time_of(build) if time is None else time
