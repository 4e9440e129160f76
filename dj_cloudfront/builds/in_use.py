"""Which server serves which build, and until when a build was in service.

::

    <root>/.cdn/in-use/<server>.json    the build that a server says it serves
    <root>/.cdn/last-used/<build>       its time: when the build was last known in service

All times are those of the files, given by the disk that has the builds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.filesystem import is_file, is_folder, is_there, names_in
from dj_cloudfront.builds.layout import is_version, locked_root, published, state_folder

_IN_USE, _LAST_USED = "in-use", "last-used"
_ENDING = ".json"
_SERVER = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, kw_only=True)
class RegisteredServer:
    """What a server said it serves.

    :param since: When it said so first, in seconds since 1970.
    """

    server: str
    version: str
    since: float


def register_server(root: Path, version: str, *, server: str) -> str | None:
    """Say that a server serves a build from now on. Saying it again changes nothing.

    The build that the server leaves is in service until now. The first declaration of all
    counts every build that is there as in service until now, since nobody knows better.

    :returns: The build that the server had declared before, if any.
    :raises ValueError: with one sentence, for no name of a server or no build that is there.
    """
    server = check_server(server)
    with locked_root(root) as root:
        if not (is_version(version) and is_folder(root / version)):
            there = ", ".join(reversed(published(root)[-5:])) or "none is there"
            raise ValueError(
                f"VERSION must be a build in {root}, such as {there}, got {version!r}: "
                "publish it first, or bring it back from the trash if 'cdn list' shows it "
                "there"
            )
        folder = state_folder(root, _IN_USE)
        before, is_damaged = _before(folder / f"{server}{_ENDING}")
        if before == version:
            return before
        is_unknown = is_damaged or not is_there(folder)
        touch_last_used(root, published(root) if is_unknown else filter(None, [before]))
        said = json.dumps({"server": server, "version": version})
        folder = state_folder(root, _IN_USE, create=True)
        filesystem.write_atomically(folder / f"{server}{_ENDING}", f"{said}\n".encode())
        return before


def unregister_server(root: Path, server: str) -> str | None:
    """Drop a server that is gone for good. What it served is in service until now.

    :returns: The build that it had declared; None if what it said is damaged.
    :raises ValueError: with one sentence, when it has declared nothing.
    """
    server = check_server(server)
    with locked_root(root) as root:
        path = state_folder(root, _IN_USE) / f"{server}{_ENDING}"
        if not is_there(path):
            there = [one.name.removesuffix(_ENDING) for one in _files(root)]
            servers = ", ".join(there) or "there is none"
            raise ValueError(
                f"server must be one that has declared a build: {servers}, got {server!r}"
            )
        before, is_damaged = _before(path)
        touch_last_used(root, published(root) if is_damaged else filter(None, [before]))
        path.unlink()
        filesystem.fsync_folder(path.parent)
        return before


def registered_servers(root: Path) -> list[RegisteredServer]:
    """What all servers say, by their names.

    :raises ValueError: with one sentence, when one of them cannot be read: the build that it
        means must not go.
    """
    found = []
    for path in _files(root):
        try:
            found.append(_read(path))
        except ValueError:
            # Somebody who only looks has no lock, and it may be forgotten meanwhile.
            if is_there(path):
                raise
    return found


def touch_last_used(root: Path, versions: Iterable[str]) -> None:
    """Keep that builds were in service until now. The caller has the lock."""
    for version in versions:
        path = state_folder(root, _LAST_USED, create=True) / version
        filesystem.write_atomically(path, b"")


def last_used(root: Path) -> dict[str, float]:
    """When each build was last known to be in service."""
    folder = state_folder(root, _LAST_USED)
    versions = filter(is_version, names_in(folder))
    times = {version: filesystem.time_of(folder / version) for version in versions}
    return {version: time for version, time in times.items() if time is not None}


def forget_last_used(root: Path, *, keep: Iterable[str]) -> None:
    """Remove what is kept of builds that are no more. The caller has the lock."""
    for version in last_used(root).keys() - set(keep):
        (state_folder(root, _LAST_USED) / version).unlink(missing_ok=True)


def check_server(name: str) -> str:
    """The name of a server in lower case.

    :raises ValueError: with one sentence, when it is none.
    """
    if _SERVER.fullmatch(name):
        return name.lower()
    raise ValueError(
        "server must be 1 to 128 letters, digits, '.', '_' or '-', starting with a letter "
        f"or digit and without '..', such as 'web-1.example.com', got {name!r}: give --server"
    )


def _files(root: Path) -> list[Path]:
    folder = state_folder(root, _IN_USE)
    # What is hidden is a file that was being written.
    return [
        folder / name
        for name in names_in(folder)
        if name.endswith(_ENDING) and not name.startswith(".")
    ]


def _before(path: Path) -> tuple[str | None, bool]:
    """What a server had said, and whether that is damaged."""
    if not is_there(path):
        return None, False
    try:
        return _read(path).version, False
    except ValueError:
        return None, True


def _read(path: Path) -> RegisteredServer:
    server = path.name.removesuffix(_ENDING)
    try:
        if not is_file(path):
            raise ValueError("it is no file of its own")
        since = path.lstat().st_mtime
        version = json.loads(path.read_bytes())["version"]
        if not (isinstance(version, str) and is_version(version)):
            raise ValueError(f"its version is {version!r}")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            f"{path} must say which build a server serves, but it cannot be read ({error}): "
            f"run 'manage.py cdn use' on {server} again, or 'manage.py cdn use --forget "
            f"{server}' if that is gone"
        ) from None
    return RegisteredServer(server=server, version=version, since=since)
