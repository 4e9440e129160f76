"""``build_version()``: the name of the deploy that a process serves."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

VARIABLE = "BUILD_VERSION"

_SHAPE = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_COMMIT_LENGTH = 12
# As many as git itself follows.
_LINKS = 5


def build_version(
    given: str | None = None,
    *,
    file: str | os.PathLike[str] | None = None,
    git: str | os.PathLike[str] | None = None,
) -> str | None:
    """The first that there is: the argument, ``BUILD_VERSION`` of the environment, a file, git.

    The same code gives the same name on every server, since only the first 12 digits of a
    commit are taken, however many git would show. Uncommitted changes do not show in it.

    :param given: A name from elsewhere. None and an empty one count as not given.
    :param file: A file that holds the name, such as one that the release writes. It may be
        missing, not empty. Default: no file is read.
    :param git: A folder inside a git work tree, or a bare repository; the name is the commit of
        its ``HEAD``. Read from git's files: no git program is needed, and whoever owns them.
        Default: git is not asked.
    :returns: None when nothing of it is there; ``config()`` then says so, unless ``local``.
    :raises ValueError: when the first that is there cannot be read or is no build version. What
        comes after it is not looked at.
    """
    if given:
        return check_build_version(given)
    if variable := os.environ.get(VARIABLE):
        return check_build_version(variable, f"the environment variable {VARIABLE}")
    if file is not None and (name := _from_file(file)) is not None:
        return check_build_version(name, f"the build version in {file}")
    return None if git is None else _from_git(git)


def check_build_version(name: object, what: str = "build_version") -> str:
    """The name, if it has the shape of a build version.

    :raises ValueError: with one sentence, when it has not.
    """
    if isinstance(name, str) and _SHAPE.fullmatch(name):
        return name
    raise ValueError(
        f"{what} must be 1 to 64 letters, digits, '.', '_' or '-', starting with a "
        f"letter or digit and without '..', such as '2026-11-23.1', got {name!r}"
    )


def _from_file(file: str | os.PathLike[str]) -> str | None:
    try:
        return Path(file).read_text("utf-8-sig").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"file must hold a build version, but {file} cannot be read ({error})"
        ) from None


def _from_git(folder: str | os.PathLike[str]) -> str | None:
    try:
        git = _git_folder(Path(folder).resolve())
        return None if git is None else _head(git)[:_COMMIT_LENGTH]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(_no_commit(f"it cannot be read ({error})")) from None


def _git_folder(start: Path) -> Path | None:
    """Where git keeps HEAD for a folder, as git looks for it: here, then further up."""
    for folder in (start, *start.parents):
        inside = folder / ".git"
        if inside.is_dir():
            return inside
        if inside.is_file():
            # Of a submodule, or of a work tree beside the first one.
            return folder / inside.read_text("utf-8").removeprefix("gitdir:").strip()
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return folder
    return None


def _head(git: Path) -> str:
    """The commit that HEAD leads to, through branches."""
    common = git / "commondir"
    shared = git / common.read_text("utf-8").strip() if common.exists() else git
    name, value = "HEAD", _reference(git, shared, "HEAD")
    for _ in range(_LINKS):
        if value is None or not value.startswith("ref:"):
            break
        name = value.removeprefix("ref:").strip()
        value = _reference(git, shared, name)
    if value is not None and _COMMIT.fullmatch(value):
        return value
    if (shared / "reftable").is_dir():
        raise ValueError(_no_commit(f"only git itself reads the reftable in {shared}"))
    raise ValueError(_no_commit(f"{name} of {shared} has none"))


def _reference(git: Path, shared: Path, name: str) -> str | None:
    """What a reference holds: in a file of its own, or among the packed ones."""
    for folder in (git, shared):
        # Not any OSError: behind a file that may not be read, the packed one is an old one.
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return (folder / name).read_text("utf-8").strip()
    with suppress(FileNotFoundError):
        lines = (shared / "packed-refs").read_text("utf-8").splitlines()
        packed = (line.partition(" ") for line in lines)
        return next((value for value, _, found in packed if found == name), None)
    return None


def _no_commit(why: str) -> str:
    return (
        "git must be a folder of a git work tree that has a commit, such as BASE_DIR, but "
        f"{why}: set {VARIABLE} to the name, such as that of 'git rev-parse --short=12 HEAD'"
    )
