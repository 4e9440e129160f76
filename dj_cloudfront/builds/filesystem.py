"""The few ways to touch the disk: what is written is synced, and shows whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import secrets
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

STATE_DIR = ".cdn"
"""The folder beside the builds that holds the lock; no web server answers for it."""

Progress = Callable[[str, int, int], None]
"""Called with what is done, how many are done, and of how many."""

LOCK = "lock"
LOCK_SECONDS = 600.0

# Always as short: who waits longer each time is overtaken by those who have just come.
_PAUSE = 0.02

# What a file system says that has no hard links, or no more of them, or not to this file:
# another disk, another owner (protected_hardlinks), 65,000 links on ext4, 177 on EFS.
_NO_LINK = {
    *(errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK),
    *(errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS),
}
_MAKE_ROOM = (
    "make room on the disk, such as with 'manage.py cdn prune', and run it again"
)
_GIVE_RIGHT = "run it as the user that owns the folder, or give this one the right"
_HINTS = {
    errno.ENOSPC: _MAKE_ROOM,
    errno.EDQUOT: _MAKE_ROOM,
    errno.EACCES: _GIVE_RIGHT,
    errno.EPERM: _GIVE_RIGHT,
    errno.EROFS: "mount the disk for writing",
}
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that does not exist yet, and sync it.

    :param mode: Its permissions, less what the umask takes.
    :raises FileExistsError: when there is anything of that name, be it a link to nowhere.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    file = os.open(path, flags, mode)
    try:
        write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file or replace it: a reader sees the old bytes or the new ones."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        write_new(temporary, data, mode=mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    fsync_folder(path.parent)


def write_all(file: int, data: bytes | memoryview) -> None:
    """All of the bytes, however many the system takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def make_folder(path: Path) -> None:
    """Make a folder and those above it, synced, where there are none.

    :raises FileExistsError: when a file is in the way, or a link in the last place.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        with contextlib.suppress(FileExistsError):
            one.mkdir()
            fsync_folder(one.parent)
    if path.is_symlink() or not path.is_dir():
        raise FileExistsError(errno.EEXIST, "it is no folder", os.fspath(path))


def fsync_folder(path: Path) -> None:
    """Sync the names in a folder, where the file system can."""
    fsync_path(path)


def fsync_path(path: Path | str, *, folder: int | None = None) -> None:
    """Sync a file, or the names in a folder where the file system can.

    :param folder: An open folder that the path is relative to.
    """
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fsync(opened)
    except OSError as error:
        is_folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        if not is_folder or error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(opened)


def rename(source: Path, target: Path) -> None:
    """Rename and sync both parents. It never replaces a folder that holds anything."""
    os.rename(source, target)
    fsync_folder(target.parent)
    if source.parent != target.parent:
        fsync_folder(source.parent)


def link(
    source: Path | str,
    target: Path | str,
    *,
    source_folder: int | None = None,
    target_folder: int | None = None,
) -> bool:
    """Give a file a second name; False where the file system refuses such links.

    :param source_folder: An open folder that ``source`` is relative to.
    :param target_folder: An open folder that ``target`` is relative to.
    """
    try:
        os.link(
            source,
            target,
            src_dir_fd=source_folder,
            dst_dir_fd=target_folder,
            follow_symlinks=False,
        )
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True


def remove_tree(path: Path) -> None:
    """Remove a folder with all in it, or a file. Links are removed, never followed."""
    if is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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


def names_in(folder: Path) -> list[str]:
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


@contextlib.contextmanager
def locked(
    root: Path,
    *,
    seconds: float = LOCK_SECONDS,
    progress: Progress | None = None,
) -> Iterator[None]:
    """Alone among all that publish and prune under ``root``, on every server that has it.

    The system lets go of the lock when the process ends, however it ends. On a shared disk
    it holds between servers as far as the file system carries ``flock``: NFS does, unless
    mounted with ``nolock`` or ``local_lock``.

    :param seconds: How long to wait for another to finish.
    :param progress: Called when there is somebody to wait for, and when that is over.
    :raises OSError: with one sentence, when it has not finished by then.
    """
    if importlib.util.find_spec("fcntl") is None:
        raise OSError(
            "publishing and pruning must run on a system with flock, such as Linux"
        )
    folder = root / STATE_DIR
    make_folder(folder)
    # Never through a link: what is outside the builds is not to be touched.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    lock = os.open(folder / LOCK, flags, 0o644)
    try:
        if not _tried(lock):
            tell = progress or (lambda what, done, total: None)
            tell("waiting for another to publish or prune", 0, 1)
            _wait(folder / LOCK, lock, seconds)
            tell("waiting for another to publish or prune", 1, 1)
        # On a full disk nobody is told, and what makes room can still run.
        with contextlib.suppress(OSError):
            os.ftruncate(lock, 0)
            holder = f"process {os.getpid()} on {socket.gethostname()}"
            os.pwrite(lock, holder.encode(), 0)
        yield
    finally:
        os.close(lock)


def _tried(lock: int) -> bool:
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(path: Path, lock: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not _tried(lock):
        if time.monotonic() >= end:
            holder = os.pread(lock, 200, 0).decode("utf-8", "replace")
            raise OSError(
                f"{path} must be free within {seconds:g} seconds, but "
                f"{holder or 'another process'} still publishes or prunes there: wait for "
                "it, or end it if it hangs"
            )
        time.sleep(_PAUSE)


def explained(error: OSError, what: str, path: Path) -> OSError:
    """The error as one sentence that names the path and what to do, its number kept.

    :param what: What failed, such as ``publishing 'b2'``.
    :param path: Used where the error names none, or a relative one.
    """
    if error.strerror is None:
        return error
    named = error.filename2 or error.filename
    name = os.fsdecode(named) if isinstance(named, str | bytes) else ""
    place = name if os.path.isabs(name) else path / name
    hint = _HINTS.get(error.errno or 0, "mend it and run it again")
    sentence = OSError(
        f"{what} must be able to use {place}, but it got {error.strerror!r}: {hint}"
    )
    sentence.errno = error.errno
    return sentence
