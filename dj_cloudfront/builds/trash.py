"""Builds that went: out of sight by one rename, deleted later, brought back by ``mv``.

::

    <root>/.cdn/trash/<build>-<hex>/<build>/…    a build; the time of the folder around it,
                                                 which the disk gave it, is when it went
    <root>/.cdn/trash/.moving-<build>-<hex>/     one on its way in
    <root>/.cdn/trash/.deleting-<build>-<hex>/   one that is being deleted, or a hashed folder
    <root>/.cdn/trash/<build>-<hex>/             an empty one: somebody brought it back

Everything that changes something needs the lock.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.filesystem import is_folder, names_in, time_of
from dj_cloudfront.builds.in_use import touch_last_used
from dj_cloudfront.builds.layout import is_hashed_folder, is_version, state_folder

_TRASH = "trash"
_MOVING, _DELETING = ".moving-", ".deleting-"
_NAME = re.compile(rf"({_MOVING}|{_DELETING}|)(?P<version>.+)-[0-9a-f]{{8}}")


@dataclass(frozen=True, kw_only=True)
class Trashed:
    """A build in the trash.

    :param folder: The folder around it.
    :param since: When it came there, in seconds since 1970, by the disk's clock.
    """

    version: str
    folder: Path
    since: float

    @property
    def path(self) -> Path:
        """The build itself, to be moved back."""
        return self.folder / self.version


def trashed(root: Path) -> list[Trashed]:
    """What can be brought back, oldest first."""
    found = [
        Trashed(version=version, folder=folder, since=since)
        for version, folder, since in _folders(root)
        if not folder.name.startswith(_DELETING) and is_folder(folder / version)
    ]
    return sorted(found, key=lambda one: (one.since, one.version))


def brought_back(root: Path) -> dict[str, float]:
    """The builds that somebody moved back out of the trash, and when."""
    return {
        version: since
        for version, folder, since in _folders(root)
        if not folder.name.startswith(".")
        and is_folder(root / version)
        and not names_in(folder)
    }


def move(root: Path, version: str) -> Trashed:
    """Take a build out of sight, by one rename.

    :raises FileNotFoundError: when it is gone already.
    """
    trash = state_folder(root, _TRASH, create=True)
    name = f"{version}-{secrets.token_hex(4)}"
    hidden = trash / f"{_MOVING}{name}"
    hidden.mkdir()
    try:
        _take(root / version, hidden / version)
    except OSError:
        hidden.rmdir()
        raise
    filesystem.rename(hidden, trash / name)
    since = (trash / name).lstat().st_mtime
    return Trashed(version=version, folder=trash / name, since=since)


def delete_at_once(root: Path, version: str) -> None:
    """Delete a build or a hashed folder with no time in the trash. It makes no folder: the disk may be full.

    :raises FileNotFoundError: when it is gone already.
    """
    name = f"{_DELETING}{version}-{secrets.token_hex(4)}"
    hidden = state_folder(root, _TRASH, create=True) / name
    _take(root / version, hidden)
    filesystem.remove_tree(hidden)


def delete(one: Trashed) -> None:
    """Delete a build for good. While that lasts, nobody can bring back a part of it."""
    name = one.folder.name.removeprefix(_MOVING)
    hidden = one.folder.with_name(f"{_DELETING}{name}")
    filesystem.rename(one.folder, hidden)
    filesystem.remove_tree(hidden)


def settle(root: Path, failures: list[str]) -> None:
    """Note what was brought back, and bring to an end what was interrupted."""
    back = brought_back(root)
    for version, folder, _ in _folders(root):
        with collecting(root, failures):
            if folder.name.startswith(_DELETING):
                filesystem.remove_tree(folder)
            elif not names_in(folder):
                touch_last_used(root, [version] if version in back else [])
                folder.rmdir()
            elif folder.name.startswith(_MOVING):
                name = folder.name.removeprefix(_MOVING)
                filesystem.rename(folder, folder.with_name(name))


@contextlib.contextmanager
def collecting(root: Path, failures: list[str]) -> Iterator[None]:
    """Go on with the rest when one thing cannot be done; what is gone already is done."""
    try:
        yield
    except FileNotFoundError:
        return
    except OSError as error:
        failures.append(str(filesystem.explained(error, "pruning", root)))


def _take(build: Path, target: Path) -> None:
    if not is_folder(build):
        raise FileNotFoundError(build)
    filesystem.rename(build, target)


def _folders(root: Path) -> Iterator[tuple[str, Path, float]]:
    """The trash's own folders, with the build that each is for, and their times."""
    trash = state_folder(root, _TRASH)
    for name in names_in(trash):
        found, path = _NAME.fullmatch(name), trash / name
        version = found["version"] if found else ""
        # A hashed folder comes here only to be deleted.
        known = is_version(version) or (
            name.startswith(_DELETING) and is_hashed_folder(version)
        )
        if known and is_folder(path):
            since = time_of(path)
            if since is not None:
                yield version, path, since
