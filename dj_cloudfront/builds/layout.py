"""Where builds are under a static root, and which names their files can have."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.builds.filesystem import remove_tree
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


def remove_incomplete_builds(root: Path) -> None:
    """Remove what publishers that are gone have left. Whoever calls it holds the lock.

    Each is renamed first: where the lock did not hold, as on a disk shared without one, its
    publisher then fails to show it, and never shows half of it.
    """
    for path in incomplete_builds(root):
        gone = hidden_folder(root, path.name[1:].partition(".publishing-")[0])
        # What another user has left must not stop a release.
        with contextlib.suppress(OSError):
            os.rename(path, gone)
            remove_tree(gone)


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
