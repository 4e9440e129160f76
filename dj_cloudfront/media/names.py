"""Names of uploads that no other upload has or had. Standard library only."""

from __future__ import annotations

import os
import posixpath
import re
import secrets

_TOKEN_BYTES = 10
# Of 255 that file systems take, so that libraries can add to the name for thumbnails:
# https://github.com/SmileyChris/easy-thumbnails/issues/388
_LONGEST_FILE = 180
_TOKEN = re.compile(r"(?:^|/)([0-9a-f]{20})/")


def unique_name(name: str) -> str:
    """Put the file into a folder of its own: ``images/<token>/team.png``.

    The token is 80 random bits, so no server asks another whether a name is free. As a folder
    it outlives the cutting of long names, and a download is still called ``team.png``.
    No web server shows a name that begins with a dot, so it gets an underscore: Django makes
    ``.png`` of a name of emoji. One that is longer than a disk takes is cut.
    """
    folder, file = posixpath.split(name)
    if file.startswith("."):
        file = f"_{file}"
    return posixpath.join(folder, secrets.token_hex(_TOKEN_BYTES), _cut(file))


def token_folder(name: str) -> str | None:
    """The folder that ``unique_name()`` made, such as ``images/<token>``; None without one."""
    found = _TOKEN.search(name.replace("\\", "/"))
    return name[: found.end(1)] if found else None


def _cut(file: str) -> str:
    """The name in at most so many bytes, with its ending: a letter can have four of them."""
    if len(os.fsencode(file)) <= _LONGEST_FILE:
        return file
    stem, ending = posixpath.splitext(file)
    if len(os.fsencode(ending)) > _LONGEST_FILE // 2:
        stem, ending = file, ""
    room = _LONGEST_FILE - len(os.fsencode(ending))
    return os.fsencode(stem)[:room].decode(errors="ignore") + ending
