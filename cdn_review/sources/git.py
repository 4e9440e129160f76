"""What git knows, asked without a hook, a filter or a change of the checkout."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cdn_review.packs.checking import shown

# In the order in which they say best what a branch was made from.
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_MOST_FILES = 200_000
_SECONDS = 120
_MOST_BYTES = 2 * 1024**3


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """Where an app is in a repository.

    :param inside: The folder of the app, from the top of the repository.
    """

    top: Path
    inside: Path


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a revision."""

    mode: str
    blob: str
    path: Path


def checkout_of(folder: Path) -> Checkout:
    """:raises ValueError: when the folder is in no repository, or git is missing."""
    where = folder.resolve()
    done = _run(where, "rev-parse", "--show-toplevel")
    if done.returncode:
        said = os.fsdecode(done.stderr).strip().partition("\n")[0][:200]
        raise ValueError(
            "the app must be in a git repository to be compared with a revision, and git "
            f"says {said!r} of {folder}: compare packs with 'cdn-review compare' instead"
        )
    root = Path(os.fsdecode(done.stdout).rstrip("\n")).resolve()
    return Checkout(top=root, inside=where.relative_to(root))


def commit_of(checkout: Checkout, revision: str) -> str:
    """The hash of a revision.

    :raises ValueError: when the repository does not have it.
    """
    found = None
    if revision and not revision.startswith("-") and revision.isprintable():
        asked = f"{revision}^{{commit}}"
        found = _ask(checkout.top, "rev-parse", "--verify", "--quiet", asked)
    if found is None:
        raise ValueError(
            "--against must be a revision that this repository has, such as 'main' or "
            f"'HEAD~1', got {shown(revision)}: fetch it first, for a shallow clone has the "
            "last commit alone"
        )
    return found


def default_base(checkout: Checkout) -> tuple[str, str]:
    """The commit where the working tree left the default branch, and the branch's name.

    On the default branch itself, and without one, it is HEAD.

    :raises ValueError: when there is no commit, or the clone does not reach back so far.
    """
    for branch in _DEFAULT_BRANCHES:
        if _ask(checkout.top, "rev-parse", "--verify", "--quiet", branch) is None:
            continue
        found = _ask(checkout.top, "merge-base", "HEAD", branch)
        if found is not None:
            return found, branch
    if _ask(checkout.top, "rev-parse", "--is-shallow-repository") == "true":
        raise ValueError(
            "--against must be given in a shallow clone, such as '--against HEAD', for it "
            "does not show where it left the default branch: fetch more, as with "
            "'git fetch --unshallow'"
        )
    return commit_of(checkout, "HEAD"), "HEAD"


def files_of(checkout: Checkout, commit: str) -> Iterator[Entry]:
    """The files of a commit; submodules are left out."""
    listed = _output(checkout.top, "ls-tree", "-r", "-z", "--full-tree", commit)
    for number, line in enumerate(filter(None, listed.split(b"\0"))):
        if number >= _MOST_FILES:
            raise ValueError(f"a revision must have at most {_MOST_FILES} files")
        about, _, path = line.partition(b"\t")
        mode, kind, blob = about.decode("ascii").split()
        if kind == "blob":
            yield Entry(mode=mode, blob=blob, path=Path(os.fsdecode(path)))


def content(checkout: Checkout, commit: str, path: Path) -> bytes | None:
    """One file of a commit, byte for byte; None when the commit has none."""
    for entry in files_of(checkout, commit):
        if entry.path == path and entry.mode != "120000":
            return _output(checkout.top, "cat-file", "blob", entry.blob)
    return None


def export(checkout: Checkout, commit: str, folder: Path) -> None:
    """Write a commit into an empty folder, byte for byte.

    Neither ``git worktree`` nor ``git archive``: the one leaves traces in the repository,
    both run the filters that its configuration names.
    """
    entries = list(files_of(checkout, commit))
    process = subprocess.Popen(
        _command("cat-file", "--batch"),
        cwd=checkout.top,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None and process.stdout is not None
    left = _MOST_BYTES
    try:
        for entry in entries:
            process.stdin.write(f"{entry.blob}\n".encode("ascii"))
            process.stdin.flush()
            data = _answer(process.stdout, left)
            left -= len(data)
            _write(folder, entry, data)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def _answer(stream: IO[bytes], left: int) -> bytes:
    """https://git-scm.com/docs/git-cat-file#_batch_output"""
    _, _, size = stream.readline().rpartition(b" ")
    if not size.strip().isdigit():
        raise ValueError(
            "a revision must be complete, and a file of it is not in this repository: "
            "fetch it first"
        )
    if int(size) > left:
        raise ValueError(f"a revision must have at most {_MOST_BYTES} bytes")
    data = stream.read(int(size))
    stream.read(1)
    return data


def _write(folder: Path, entry: Entry, data: bytes) -> None:
    path = folder / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    # A link of the revision must not lead a later file of it out of the folder.
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"a file of a revision must be inside it, and {shown(str(entry.path))} is not"
        )
    if entry.mode == "120000":
        path.symlink_to(os.fsdecode(data))
        return
    path.write_bytes(data)
    if entry.mode == "100755":
        path.chmod(0o755)


def _ask(folder: Path, *arguments: str) -> str | None:
    """The one line that git answers, or None when it refuses."""
    done = _run(folder, *arguments)
    line = os.fsdecode(done.stdout).strip()
    return line if done.returncode == 0 and line else None


def _output(folder: Path, *arguments: str) -> bytes:
    done = _run(folder, *arguments)
    if done.returncode:
        raise ValueError("git must read the revision, and it does not: fetch it first")
    return done.stdout


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            _command(*arguments),
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise ValueError(
            "git must be installed to compare with a revision, and it is not"
        ) from None
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"git must answer within {_SECONDS} seconds, and it does not"
        ) from None


def _command(*arguments: str) -> list[str]:
    # No program of the repository's configuration: it may watch files or rewrite them.
    return [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        *arguments,
    ]


def _environment() -> dict[str, str]:
    """A hook that runs this has a GIT_DIR of its own; git must not ask or fetch."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }
    return {
        **kept,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
