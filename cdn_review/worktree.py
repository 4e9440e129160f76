"""Both sides of ``diff``: the app in a worktree of the base revision, and the app as it is.

Below the user's cache folder, ``snapshots`` keeps what a base has synthesized to, and
``worktrees`` what its install commands have made. Each set of install commands and lock files
has a path of its own there, since a virtual environment works only where it was made.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cdn_review import snapshot
from cdn_review.base import (
    Base,
    base_of,
    base_settings,
    has_app,
    installed_folders,
    notices,
    package_folders,
    requirements,
    run_git,
    try_git,
)
from cdn_review.cdk_cli import (
    caller_environment,
    end_of,
    find_cli,
    offline_environment,
    progress,
    require_app,
    started,
    synthesis,
)
from cdn_review.settings import FILE, read_settings
from cdn_review.snapshot import Snapshot, Stack, read_assembly, snapshot_of

WORKING_TREE = "the working tree"

# Other in each terminal, and never a reason for another template.
_VOLATILE = re.compile(
    r"_|COLUMNS|LINES|OLDPWD|PWD|SHLVL|(?:TERM|TMUX|SSH|VSCODE|VTE|XDG_SESSION)\w*"
)
_NO_INSTALL = (
    "the base has no install command, so it uses the packages of the working tree: name "
    f"its own with 'install' in {FILE}"
)
_MONTH = 30 * 86_400.0


def sides(
    folder: Path, *, against: str | None = None, cdk: str | None = None
) -> tuple[Snapshot, Snapshot, list[str]]:
    """The base revision and the working tree of an app, and what of it is not compared.

    :param against: A revision. Default: where the working tree left the default branch.
    :param cdk: The CDK CLI.
    :raises ValueError: with one sentence, for what is in the way.
    """
    require_app(folder)
    base = base_of(folder, against)
    old, new = base_settings(base), read_settings(folder)
    install = old.install or new.install
    is_first = not has_app(base)
    with synthesized(folder, cdk) as wait:
        before = [] if is_first else _base_stacks(base, install, folder, cdk)
        after = read_assembly(wait())
    return (
        snapshot_of(before, name=base.name, settings=old),
        snapshot_of(after, name=WORKING_TREE, settings=new),
        [] if is_first else [*notices(base, has_install=bool(install))],
    )


def working_tree(folder: Path, *, cdk: str | None = None) -> Snapshot:
    """The app as it is on disk, with the settings beside it.

    :raises ValueError: when there is no app, or it does not synthesize.
    """
    settings = read_settings(folder)
    with synthesized(folder, cdk) as wait:
        return snapshot_of(read_assembly(wait()), name=WORKING_TREE, settings=settings)


@contextmanager
def synthesized(folder: Path, cdk: str | None) -> Iterator[Callable[[], Path]]:
    """Synthesize the app as it is on disk. The function waits for its ``cdk.out``.

    :raises ValueError: when there is no app, or it does not synthesize.
    """
    require_app(folder)
    cli, environment = find_cli(folder, cdk), offline_environment()
    progress(f"synthesizing {WORKING_TREE}")
    with synthesis(folder, cli, where=WORKING_TREE, environment=environment) as wait:
        yield wait


def _base_stacks(
    base: Base, install: Sequence[str], folder: Path, cdk: str | None
) -> list[Stack]:
    """What the app synthesizes to at the base."""
    environment = [base.app.as_posix(), install, requirements(base)]
    key = _key(base, environment, find_cli(folder, cdk))
    cached = _cache("snapshots") / f"{key}.json"
    if cached.is_file():
        os.utime(cached)
        return [Stack(**stack) for stack in json.loads(cached.read_text("utf-8"))]
    with _checkout(base, install, _digest(environment)) as tree:
        progress(f"synthesizing {base.name}")
        app, first = tree / base.app, _first_on_path(base, tree) if install else []
        has_cli = any((path / "cdk").exists() for path in first)
        with synthesis(
            app,
            find_cli(app if has_cli else folder, cdk),
            where=base.name,
            environment=offline_environment(*first),
            hint="" if install else _NO_INSTALL,
        ) as wait:
            stacks = read_assembly(wait())
    _write(cached, json.dumps([asdict(stack) for stack in stacks]))
    return stacks


@contextmanager
def _checkout(base: Base, install: Sequence[str], key: str) -> Iterator[Path]:
    """A worktree of the base, with what the app needs to synthesize."""
    with _alone():
        _clean_up(base.top)
        room = _cache("worktrees") / (key if install else _digest(str(base.top)))
        tree, kept = room / "tree" / base.top.name, room / "installed"
        _remove_worktree(base.top, tree)
        try:
            _add_worktree(base, tree)
            if install:
                _install(base, install, tree, kept)
            else:
                _link_installed(base, tree)
            yield tree
            if install:
                _move_installed(tree, kept, base)
        finally:
            _remove_worktree(base.top, tree)
            if not any((kept / folder).exists() for folder in package_folders(base)):
                shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other reviews waiting. The lock ends with this process at the latest."""
    with open(_cache("") / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another review")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _link_installed(base: Base, tree: Path) -> None:
    for folder in installed_folders(base):
        link = tree / folder.relative_to(base.top)
        # A link that the base has committed may lead nowhere.
        if link.parent.is_dir() and not os.path.lexists(link):
            link.symlink_to(folder)


def _install(base: Base, commands: Sequence[str], tree: Path, kept: Path) -> None:
    """Run the commands on top of what they installed for these lock files before.

    They run each time, for they may also build what is the base's own.
    """
    _move_installed(kept, tree, base)
    app = tree / base.app
    for command in commands:
        progress(f"installing for {base.name}: {command}")
        environment = caller_environment(*_first_on_path(base, tree))
        with started(["/bin/sh", "-e", "-c", command], app, environment) as ended:
            code, said = ended()
        if code:
            raise ValueError(
                f"install in {FILE} must succeed for {base.name}, but {command!r} ended "
                f"with {code} and said\n{end_of(said)}"
            )


def _move_installed(source: Path, target: Path, base: Base) -> None:
    for folder in package_folders(base):
        old, new = source / folder, target / folder
        if old.is_dir() and not old.is_symlink() and not new.is_symlink():
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(new, ignore_errors=True)
            os.rename(old, new)


def _first_on_path(base: Base, tree: Path) -> list[Path]:
    app, npm = tree / base.app, Path("node_modules", ".bin")
    return [app / ".venv" / "bin", app / npm, tree / npm]


def _add_worktree(base: Base, tree: Path) -> None:
    tree.parent.mkdir(parents=True, exist_ok=True)
    # This machine may not have Git LFS.
    git_lfs = ("-c", "filter.lfs.required=false")
    options = ("--quiet", "--force", "--detach")
    run_git(base.top, *git_lfs, "worktree", "add", *options, str(tree), base.commit)


def _remove_worktree(top: Path, tree: Path) -> None:
    try_git(top, "worktree", "remove", "--force", "--force", str(tree))
    shutil.rmtree(tree.parent, ignore_errors=True)


def _clean_up(top: Path) -> None:
    """Remove the worktrees of reviews that were killed, and what was unused for a month."""
    worktrees = _cache("worktrees")
    for line in run_git(top, "worktree", "list", "--porcelain").splitlines():
        tree = Path(line.removeprefix("worktree "))
        if tree.is_relative_to(worktrees):
            _remove_worktree(top, tree)
    for path in (*worktrees.iterdir(), *_cache("snapshots").iterdir()):
        if path.stat().st_mtime < time.time() - _MONTH:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _cache(kind: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home).absolute() / "cdn-review" / kind
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Values in it may come from the caller's variables."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def _key(base: Base, environment: Any, cli: Sequence[str]) -> str:
    """A name for all that decides what the base synthesizes to."""
    has_install = bool(environment[1])
    programs = [shutil.which(word) or word for word in (*cli, sys.executable)]
    looked_at = [*programs, str(Path.home() / ".cdk.json"), snapshot.__file__]
    if not has_install:
        looked_at.append(sysconfig.get_path("purelib"))
        for folder in installed_folders(base):
            looked_at += [str(folder), str(folder / ".package-lock.json")]
            looked_at += map(str, folder.glob("lib/python*/site-packages"))
    variables = {
        name: value
        for name, value in offline_environment().items()
        if not _VOLATILE.fullmatch(name)
    }
    return _digest([base.commit, environment, _stamps(looked_at), variables])


def _stamps(paths: Sequence[str]) -> list[tuple[str, int]]:
    real = [os.path.realpath(path) for path in paths]
    return [
        (path, os.stat(path).st_mtime_ns if os.path.exists(path) else 0)
        for path in real
    ]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]
