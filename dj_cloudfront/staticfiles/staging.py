"""A plain folder for storages that make files in ways of their own.

A method of somebody else may write past ``save()``, unlink what is there and edit
files in place. A published build shares its files with others, so such a storage gets a
folder of plain copies, as Django gives it, and the build is made of what is in there then.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dj_cloudfront.builds import layout
from dj_cloudfront.builds.publication import Publication

STAGED = (
    *("post_process", "save", "_save", "delete", "path", "exists", "get_valid_name"),
    *("get_available_name", "get_alternative_name", "generate_filename"),
)
"""The methods that decide what files ``collectstatic`` makes."""

_KNOWN = ("django.", "dj_cloudfront.")


def foreign(kind: type, *names: str) -> type | None:
    """The class that brings one of these methods, unless Django or this package does."""
    for one in kind.__mro__:
        for name in vars(one).keys() & set(names):
            module = getattr(vars(one)[name], "__module__", "")
            if not f"{module}.".startswith(_KNOWN):
                return one
    return None


@contextmanager
def staging_folder(publication: Publication, *, dry_run: bool) -> Iterator[Path]:
    """An empty folder on the disk of the builds, or elsewhere if nothing may be written."""
    if dry_run:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
        return
    # With the lock, so that nobody takes the folder for a leftover.
    publication.begin()
    path = layout.hidden_folder(publication.root, publication.version)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def add_staged(publication: Publication, folder: Path, *, without: str | None) -> None:
    """Add all files of the folder to the build.

    :param without: A name that is left out.
    :raises ValueError: with one sentence, when a file cannot be published.
    :raises OSError: with one sentence, when the disk or a permission does not allow it.
    """
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if relative != without:
                publication.add(relative, path)
