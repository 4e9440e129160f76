"""``build_version()``: the name of the deploy that a process serves."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

VARIABLE = "BUILD_VERSION"

_SHAPE = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_COMMIT_LENGTH = 12


def build_version(
    given: str | None = None,
    *,
    file: str | os.PathLike[str] | None = None,
    git: str | os.PathLike[str] | None = None,
) -> str | None:
    """The first name found: the argument, ``BUILD_VERSION`` of the environment, a file or git.

    The same code gives the same name on every server, since only the first 12 digits of a
    commit are taken, however many git would show. Uncommitted changes do not show in it.
    ``config()`` refuses None, unless ``local``.

    :param given: A name from elsewhere. None and an empty one count as not given.
    :param file: A file that holds the name, such as one that the release writes. It may be
        missing, not empty. Default: no file is read.
    :param git: A folder inside a git work tree; the name is what ``git rev-parse HEAD`` says
        there. Default: git is not asked.
    :returns: None when there is no name, also without git or a work tree.
    :raises ValueError: with one sentence, when the first that is there cannot be read or is no
        build version. What comes after it is not looked at.
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

    :raises ValueError: with one sentence, when it does not.
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
    command = ["git", "-C", os.fspath(folder), "rev-parse", "--verify", "HEAD"]
    # In a hook, git's variables name another repository. Its words come in English.
    left_out = ("GIT_", "LANG", "LC_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    if done.returncode == 0:
        return done.stdout.strip()[:_COMMIT_LENGTH]
    if "not a git repository (or any" in done.stderr:
        return None
    raise ValueError(
        "git must be a folder of a git work tree that has a commit, such as BASE_DIR, but "
        f"git says {done.stderr.partition(chr(10))[0]!r}: mend that, or set {VARIABLE} to the name"
    )
