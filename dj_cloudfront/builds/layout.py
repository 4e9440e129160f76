"""Where builds are under a static root, which names their files can have, and ``.cdn``."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.filesystem import LOCK, STATE_DIR, is_folder, is_there
from dj_cloudfront.builds.index import HASHED_FOLDER, INDEX_NAME

_BEING_WRITTEN = re.compile(r"\.(?P<version>.+)\.publishing-[0-9a-f]+")


def is_version(name: str) -> bool:
    """Whether a folder of this name can be a build."""
    try:
        check_build_version(name)
    except ValueError:
        return False
    return True


def published(root: Path) -> list[str]:
    """The builds that show, oldest first by the time of their index.

    A folder without an index, as plain ``collectstatic`` makes, counts by its own time. No
    link is a build. A root that does not exist holds none.
    """
    found = [
        (_time(entry), entry.name)
        for entry in _entries(root)
        if is_version(entry.name) and entry.is_dir(follow_symlinks=False)
    ]
    return [name for _, name in sorted(found)]


def is_hashed_folder(name: str) -> bool:
    """Whether a folder of this name holds folders of builds under a hash of their content."""
    return HASHED_FOLDER.fullmatch(name) is not None


def hashed_folders(root: Path) -> list[str]:
    """Those that are there. No link is one."""
    return sorted(
        entry.name
        for entry in _entries(root)
        if is_hashed_folder(entry.name) and entry.is_dir(follow_symlinks=False)
    )


def incomplete_builds(root: Path) -> list[Path]:
    """The hidden folders of builds that are being written, or that nobody finished."""
    return sorted(
        root / entry.name
        for entry in _entries(root)
        if _BEING_WRITTEN.fullmatch(entry.name)
    )


def remove_incomplete(path: Path) -> None:
    """Remove what a publisher that is gone has left. The caller has the lock.

    It is renamed first: where the lock did not hold, as on a disk shared without one, its
    publisher then fails to show it, and never shows half of it.
    """
    found = _BEING_WRITTEN.fullmatch(path.name)
    gone = hidden_folder(path.parent, found["version"] if found else path.name)
    os.rename(path, gone)
    filesystem.remove_tree(gone)


def hidden_folder(root: Path, version: str) -> Path:
    """A name for a folder in which a build is written, and that nobody had before."""
    return root / f".{version}.publishing-{secrets.token_hex(8)}"


def _entries(root: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(root) as entries:
            yield from entries
    except FileNotFoundError:
        return


def _time(entry: os.DirEntry[str]) -> int:
    try:
        return os.stat(os.path.join(entry.path, INDEX_NAME)).st_mtime_ns
    except OSError:
        return entry.stat(follow_symlinks=False).st_mtime_ns


# -- the folder beside the builds, and the clock of the disk that has both


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
    with filesystem.locked(found):
        yield found


def disk_time(root: Path) -> float:
    """The time that the disk gives to the lock, which is changed for that.

    On a shared disk that is the file server's clock, which gives builds and declarations
    their times too. No room is needed, for builds are removed from a full disk as well.

    :raises FileNotFoundError: when nobody has published or pruned here yet.
    :raises OSError: when this process may not write here.
    """
    file = os.open(state_folder(root) / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.utime(file)
        return os.fstat(file).st_mtime
    finally:
        os.close(file)


# -- names of files

LONGEST_PART = 255
LONGEST_NAME = 1024 - len("v" * 64 + "/")
"""In bytes: a key of S3 has 1,024, and the build version stands in front."""

# Refused on the raw path by the servers' rules, also when the % comes encoded once more.
_ENCODED = re.compile(r"%(25)*(2e|2f|5c|00)", re.IGNORECASE)
# What almost all names are, and what needs no closer look.
_PLAIN = re.compile(
    r"(?=.{1,255}$)[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_name(name: str) -> None:
    """Whether a file of this name can be published and asked for.

    :raises ValueError: with one sentence, when it cannot.
    """
    if _PLAIN.fullmatch(name):
        return
    if why := _why_not(name):
        raise ValueError(
            f"a file's name must {why}, such as 'css/site.css', got {name!r}: rename the "
            "file or leave it out (collectstatic --ignore)"
        )


def _why_not(name: str) -> str | None:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "be UTF-8"
    parts = name.split("/")
    if name.startswith("/"):
        return "be relative to the build"
    if "" in parts or "." in parts or ".." in parts:
        return "have no part that is empty, '.' or '..'"
    if any(part.startswith(".") for part in parts):
        return "have no part that begins with a dot, for web servers hide those"
    if _CONTROL.search(name):
        return "hold no control character"
    if "\\" in name:
        return "hold no backslash, which browsers take for a slash"
    if _ENCODED.search(name):
        return "hold no '%2e', '%2f', '%5c' or '%00', which web servers refuse"
    if size > LONGEST_NAME or any(len(p.encode()) > LONGEST_PART for p in parts):
        return f"have at most {LONGEST_PART} bytes a part and {LONGEST_NAME} in all"
    return None


def case_insensitive_duplicate(name: str, names: Iterable[str]) -> str | None:
    """A name that some file systems take for the same: other case, other Unicode form."""
    folded = _fold(name)
    return next((one for one in names if one != name and _fold(one) == folded), None)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
