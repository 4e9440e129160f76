"""Names of uploads that no other upload has or had. Standard library only."""

from __future__ import annotations

import posixpath
import re
import secrets

_TOKEN_BYTES = 10
_TOKEN = re.compile(r"(?:^|/)([0-9a-f]{20})/")


def unique_name(name: str) -> str:
    """Put the file into a folder of its own: ``images/<token>/team.png``.

    The token is 80 random bits, so no server asks another whether a name is free. As a folder
    it outlives the cutting of long names, and a download is still called ``team.png``.
    No web server shows a name that begins with a dot, so it gets an underscore: Django makes
    ``.png`` of a name of emoji.
    """
    folder, file = posixpath.split(name)
    if file.startswith("."):
        file = f"_{file}"
    return posixpath.join(folder, secrets.token_hex(_TOKEN_BYTES), file)


def token_folder(name: str) -> str | None:
    """The folder that ``unique_name()`` made, such as ``images/<token>``; None without one."""
    found = _TOKEN.search(name.replace("\\", "/"))
    return name[: found.end(1)] if found else None
