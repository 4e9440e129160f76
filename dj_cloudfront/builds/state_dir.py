"""The folder ``.cdn`` beside the builds, and the clock of the disk that has both."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dj_cloudfront.builds.filesystem import STATE_DIR, locked

LOCK = "lock"


def existing_root(root: Path) -> Path:
    """The folder of the builds, with links in its own path resolved once and for all.

    :raises ValueError: with one sentence, when it is no folder.
    """
    found = Path(os.path.realpath(root))
    if found.is_dir():
        return found
    raise ValueError(
        f"static_root must be the folder that holds the builds, but {root} is none: publish "
        "a build first, or correct static_root of dj_cloudfront.config()"
    )


def state_folder(root: Path, name: str = "", *, create: bool = False) -> Path:
    """``<root>/.cdn``, or a folder in it. A link in its place is refused, never followed.

    :param create: Make it, if it is not there.
    :raises ValueError: with one sentence, when it is there and is no folder of its own.
    """
    path = root / STATE_DIR
    for step in (path, path / name) if name else (path,):
        if create and not is_there(step):
            step.mkdir(exist_ok=True)
        if is_there(step) and not is_folder(step):
            raise ValueError(
                f"{step} must be a folder of its own, but it is a link or a file: move it "
                "away, so that nothing outside the builds is touched"
            )
    return path / name


@contextlib.contextmanager
def locked_root(root: Path) -> Iterator[Path]:
    """Have the lock on ``root``, which is given with the links in its path resolved.

    :raises ValueError: with one sentence, when it is no folder, or ``.cdn`` is a link.
    :raises OSError: with one sentence, when somebody else has the lock for too long.
    """
    found = existing_root(root)
    state_folder(found)
    with locked(found):
        yield found


def is_folder(path: Path) -> bool:
    """Whether it is a folder and no link to one."""
    return stat.S_ISDIR(_mode(path))


def is_file(path: Path) -> bool:
    """Whether it is a regular file and no link to one."""
    return stat.S_ISREG(_mode(path))


def is_there(path: Path) -> bool:
    """Whether there is anything of that name, be it a link to nowhere."""
    return bool(_mode(path))


def time_of(path: Path) -> float | None:
    """When it was changed last, in seconds since 1970; None if it is gone meanwhile."""
    try:
        return path.lstat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None


def names(folder: Path) -> list[str]:
    """What a folder holds, sorted; nothing if it does not exist.

    :raises OSError: when it cannot be read: what it holds must not be taken for nothing.
    """
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def now(root: Path) -> float:
    """The time that the disk gives to the lock, which is changed for that.

    On a shared disk that is the file server's clock, which gives builds and declarations
    their times too. What this server takes for the time does not matter. No room is needed,
    for builds have to be removed from a disk that is full, too.

    :raises FileNotFoundError: when nobody has published or pruned here yet.
    :raises OSError: when this process may not write here.
    """
    file = os.open(state_folder(root) / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.utime(file)
        return os.fstat(file).st_mtime
    finally:
        os.close(file)
