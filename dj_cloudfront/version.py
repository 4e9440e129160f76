"""``build_version()``: the name of the deploy that a process serves."""

from __future__ import annotations

import os
import re
from pathlib import Path

VARIABLE = "BUILD_VERSION"

_SHAPE = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_COMMIT_LENGTH = 12


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
    :param git: A folder inside a git work tree, whose commit is the name. Read from git's files:
        no git program is needed. Default: git is not asked.
    :returns: None when nothing of it is there; ``config()`` then says so, unless ``local``.
    :raises ValueError: when a name is there and has not the shape of one.
    """
    for source, name in (
        ("build_version", given or None),
        (f"the environment variable {VARIABLE}", os.environ.get(VARIABLE) or None),
        (f"the build version in {file}", _from_file(file)),
        (f"the commit of {git}", _from_git(git)),
    ):
        if name is not None:
            return check_build_version(name, source)
    return None


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


def _from_file(file: str | os.PathLike[str] | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text("utf-8-sig").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"file must hold a build version, but {file} cannot be read ({error})"
        ) from None


def _from_git(folder: str | os.PathLike[str] | None) -> str | None:
    if folder is None:
        return None
    start = Path(folder).resolve()
    for parent in (start, *start.parents):
        if (parent / ".git").exists():
            return _head(_git_folder(parent / ".git"))
    return None


def _git_folder(path: Path) -> Path:
    """Where git's files are; a work tree beside the first one has a file that says so."""
    if path.is_dir():
        return path
    pointer = path.read_text("utf-8").strip().removeprefix("gitdir: ")
    return path.parent / pointer


def _head(git: Path) -> str:
    head = (git / "HEAD").read_text("utf-8").strip()
    commit = _resolve(git, head.removeprefix("ref: ")) if head[:5] == "ref: " else head
    if commit is not None and _COMMIT.fullmatch(commit):
        return commit[:_COMMIT_LENGTH]
    raise ValueError(
        f"git must be a folder of a git work tree with a commit, but HEAD of {git} is "
        f"{head!r}: commit first, or give the build version another way"
    )


def _resolve(git: Path, reference: str) -> str | None:
    """The commit of a branch, from its own file or from the packed ones."""
    common = git / "commondir"
    shared = git / common.read_text("utf-8").strip() if common.exists() else git
    for folder in (git, shared):
        try:
            return (folder / reference).read_text("utf-8").strip()
        except OSError:
            continue
    try:
        lines = (shared / "packed-refs").read_text("utf-8").splitlines()
    except OSError:
        return None
    packed = (line.partition(" ") for line in lines)
    return next((commit for commit, _, name in packed if name == reference), None)
