"""The build of the same version, when it was published before."""

from __future__ import annotations

import stat
from pathlib import Path

from dj_cloudfront.builds.index import Index, read_index, scan
from dj_cloudfront.builds.writing.tree import Tree


def existing_build(path: Path) -> Index | None:
    """What is published in this folder; None when it does not exist or is empty.

    :raises ValueError: with one sentence, when it is no folder, or its index is damaged.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISDIR(mode):
        raise ValueError(
            f"{path} must be a build's folder or not exist, but it is a link or a file: move "
            "it away, or publish under another BUILD_VERSION"
        )
    if next(path.iterdir(), None) is None:
        return None
    return read_index(path) or scan(path, path.name)


def first_difference(published: Index, tree: Tree) -> str | None:
    """What keeps a tree from being the published build, companions aside.

    :param tree: Filled with the published build as its previous one.
    """
    index = tree.index(published.version)
    for name in sorted({*published.files, *index.files}):
        if published.is_companion(name) or index.is_companion(name):
            continue
        old, new = published.files.get(name), index.files.get(name)
        if old is None:
            return f"{name!r} is not in it"
        if new is None:
            return f"{name!r} is in it and is no longer among the files"
        if old != new:
            return f"{name!r} has other bytes in it"
        if tree.entries[name].origin != name:
            return f"{name!r} has been changed in it since"
    return None
