"""In which published builds a file is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dj_cloudfront.builds.index import File
from dj_cloudfront.inspection.sampling import read_file, safe_index
from dj_cloudfront.inspection.tracing.trace import Copy, Source


def copies(
    root: Path,
    builds: Sequence[str],
    *,
    name: str,
    used: tuple[str, str],
    source: Source | None,
) -> Iterator[Copy]:
    """The file in each build, oldest first.

    :param name: The source's name.
    :param used: The build and the name there that pages refer to.
    """
    for build in builds:
        is_used = build == used[0]
        served = used[1] if is_used else name
        original, copy = _in(root / build, name), _in(root / build, served)
        if copy is None:
            continue
        is_same = None
        if source is not None:
            is_same = (original or copy).sha256 == source.sha256
        yield Copy(
            build=build,
            name=served,
            size=copy.size,
            sha256=copy.sha256,
            is_same=is_same,
            is_used=is_used,
        )


def _in(build: Path, name: str) -> File | None:
    """What the index says, or the disk where there is no index."""
    index = safe_index(build)
    if index is not None:
        return index.files.get(name)
    path = build / name
    if path.is_file() and path.resolve().is_relative_to(build.resolve()):
        return read_file(path)
    return None
