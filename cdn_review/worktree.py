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
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cdn_review import snapshot
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
from cdn_review.settings import FILE, Settings, parse_settings, read_settings
from cdn_review.snapshot import Snapshot, Stack, read_assembly, snapshot_of

WORKING_TREE = "the working tree"

_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_INSTALLED = (".venv", "venv", "node_modules")
_REQUIREMENTS = re.compile(
    r"(?:requirements|constraints)[\w.-]*|[\w.-]+\.lock|Pipfile|pyproject\.toml|setup\.\w+"
    r"|package(?:-lock)?\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|bun\.lockb|\.npmrc"
    r"|go\.(?:mod|sum)|pom\.xml|[\w.-]+\.gradle(?:\.kts)?|[\w.-]+\.csproj",
    re.ASCII,
)
# Other in each terminal, and never a reason for another template.
_VOLATILE = re.compile(
    r"_|COLUMNS|LINES|OLDPWD|PWD|SHLVL|(?:TERM|TMUX|SSH|VSCODE|VTE|XDG_SESSION)\w*"
)
_DAYS = 30
_MOST_SNAPSHOTS = 200
_MOST_ENVIRONMENTS = 5


@dataclass(frozen=True, kw_only=True)
class Base:
    """The revision that the working tree is compared with.

    :param top: The top of the repository.
    :param app: The app's folder in it.
    :param name: What a reader calls the revision, such as ``1a2b3c4d (origin/main)``.
    """

    top: Path
    app: Path
    commit: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What is compared, with sentences about the comparison itself."""

    before: Snapshot
    after: Snapshot
    notices: tuple[str, ...] = ()


def sides(folder: Path, *, against: str | None = None, cdk: str | None = None) -> Sides:
    """The base revision and the working tree of an app.

    :param against: A revision. Default: where the working tree left the default branch.
    :param cdk: The CDK CLI.
    :raises ValueError: with one sentence, for what is in the way.
    """
    require_app(folder)
    base = base_of(folder, against)
    cli = find_cli(folder, cdk)
    _clean_up(base.top)
    progress(f"synthesizing {WORKING_TREE}")
    environment = offline_environment()
    with synthesis(folder, cli, where=WORKING_TREE, environment=environment) as wait:
        install = base_settings(base).install or read_settings(folder).install
        stacks = _base_stacks(base, install, cli=cli, has_cli=cdk is not None)
        after = read_assembly(wait())
    return Sides(
        before=snapshot_of(stacks, name=base.name, settings=base_settings(base)),
        after=snapshot_of(after, name=WORKING_TREE, settings=read_settings(folder)),
        notices=tuple(_notices(base, install)),
    )


def working_tree(folder: Path, *, cdk: str | None = None) -> Snapshot:
    """The app as it is on disk, with the settings beside it.

    :raises ValueError: when there is no app, or it does not synthesize.
    """
    require_app(folder)
    cli = find_cli(folder, cdk)
    progress(f"synthesizing {WORKING_TREE}")
    environment = offline_environment()
    with synthesis(folder, cli, where=WORKING_TREE, environment=environment) as wait:
        stacks = read_assembly(wait())
    return snapshot_of(stacks, name=WORKING_TREE, settings=read_settings(folder))


def base_of(folder: Path, against: str | None = None) -> Base:
    """The revision to compare an app with.

    :raises ValueError: when git does not know it.
    """
    where = folder.resolve()
    top = Path(_git(where, "rev-parse", "--show-toplevel")).resolve()
    if against is None:
        commit, called = _default_base(top)
    else:
        found = None
        if not against.startswith("-") and against.isprintable():
            found = _ask(top, "rev-parse", "--verify", f"{against}^{{commit}}")
        if found is None:
            raise ValueError(
                "--against must be a revision in this clone, such as 'origin/main', got "
                f"{against!r}: fetch it first"
            )
        commit, called = found, against
    return Base(
        top=top,
        app=where.relative_to(top),
        commit=commit,
        name=f"{commit[:8]} ({called})",
    )


def base_settings(base: Base) -> Settings:
    """What ``cdn-review.toml`` says at the base revision.

    :raises ValueError: when it says what cannot be right.
    """
    path = (base.app / FILE).as_posix()
    text = _ask(base.top, "cat-file", "blob", f"{base.commit}:{path}")
    return Settings() if text is None else parse_settings(text.encode())


def _default_base(top: Path) -> tuple[str, str]:
    """Where the working tree left the default branch, and the branch's name."""
    target = os.environ.get("GITHUB_BASE_REF")
    head = _git(top, "rev-parse", "--verify", "HEAD^{commit}")
    for branch in (*([f"origin/{target}"] if target else ()), *_DEFAULT_BRANCHES):
        found = _ask(top, "merge-base", "HEAD", branch)
        if found == head:
            return head, "HEAD"
        if found is not None:
            return found, _ask(top, "rev-parse", "--abbrev-ref", branch) or branch
    if _ask(top, "rev-parse", "--is-shallow-repository") == "true":
        raise ValueError(
            "the clone must reach back to where it left the default branch, but is shallow: "
            "check out with 'fetch-depth: 0', or run 'git fetch --unshallow'"
        )
    raise ValueError(
        "--against must name what to compare with, such as '--against origin/develop': this "
        "clone has no origin/HEAD, main or master with a commit in common"
    )


def _notices(base: Base, install: Sequence[str]) -> Iterator[str]:
    if not install:
        differing = [
            name
            for folder in (base.app, *base.app.parents)
            for name in _differing_requirements(base, folder)
        ]
        if differing:
            yield (
                f"{' and '.join(differing)} differ{'s' if len(differing) == 1 else ''} from "
                f"{base.name}, but both sides are synthesized with the packages that are "
                "installed now: what an upgrade changes is not seen. Name an install "
                f"command in {FILE}"
            )
        own = _own_packages(base)
        if own:
            yield (
                f"the installed {' and '.join(own)} lead to sources in this repository, so "
                "that the base is synthesized with those of the working tree. Name an "
                f"install command in {FILE}"
            )
    if _ask(base.top, "cat-file", "-e", f"{base.commit}:.gitmodules") is not None:
        yield "submodules are empty on the side of the base: they are not checked out"


def _differing_requirements(base: Base, folder: Path) -> list[str]:
    """Requirement and lock files of a folder that the working tree has in another form."""
    listed = _ask(
        base.top,
        *("diff", "--name-only", "--no-renames", "-z", base.commit, "--"),
        f":(top,literal){folder.as_posix()}",
    )
    names = {
        path.relative_to(folder).parts
        for path in map(Path, (listed or "").split("\0"))
        if path.name and path.is_relative_to(folder)
    }
    return sorted(
        {
            "/".join(parts)
            for parts in names
            if _REQUIREMENTS.fullmatch(parts[0])
            and (len(parts) == 1 or parts[0] == "requirements")
        }
    )


def _own_packages(base: Base) -> list[str]:
    """The installed folders with packages that are links into the repository itself."""
    found = set()
    for folder in _installed_folders(base):
        links = (
            link.resolve()
            for link in (*folder.glob("*"), *folder.glob("@*/*"))
            if link.is_symlink()
        )
        if any(
            link.is_relative_to(base.top)
            and "node_modules" not in link.relative_to(base.top).parts
            for link in links
        ):
            found.add(folder.name)
        for pattern in ("*.pth", "__editable__*.py"):
            for path in folder.glob(f"lib/python*/site-packages/{pattern}"):
                if str(base.top) in path.read_text("utf-8", "replace"):
                    found.add(folder.name)
    return sorted(found)


def _base_stacks(
    base: Base, install: Sequence[str], *, cli: list[str], has_cli: bool
) -> list[Stack]:
    """What the app synthesizes to at the base; nothing when the base has no app."""
    path = (base.app / "cdk.json").as_posix()
    if _ask(base.top, "cat-file", "-e", f"{base.commit}:{path}") is None:
        return []
    requirements = _requirements(base)
    environment = [base.app.as_posix(), install, requirements]
    cached = _cache("snapshots") / f"{_key(base, environment, cli)}.json"
    if cached.is_file():
        os.utime(cached)
        return [Stack(**stack) for stack in json.loads(cached.read_text("utf-8"))]
    with _checkout(base, install, _digest(environment)) as app:
        progress(f"synthesizing {base.name}")
        first = _first_on_path(base, app) if install else []
        own = app / "node_modules" / ".bin" / "cdk"
        with synthesis(
            app,
            [str(own)] if own.exists() and not has_cli else cli,
            where=base.name,
            environment=offline_environment(*first),
        ) as wait:
            stacks = read_assembly(wait())
    _write(cached, json.dumps([asdict(stack) for stack in stacks]))
    return stacks


@contextmanager
def _checkout(base: Base, install: Sequence[str], key: str) -> Iterator[Path]:
    """The app's folder in a worktree of the base, with what it needs to synthesize."""
    room = _cache("worktrees") / (key if install else _digest(str(base.top)))
    with _locked(room, wait=True):
        tree = room / "tree" / base.top.name
        _remove_worktree(base.top, tree)
        _add_worktree(base, tree)
        try:
            if install:
                _install(base, install, tree, room / "installed")
            else:
                for folder in _installed_folders(base):
                    link = tree / folder.relative_to(base.top)
                    if link.parent.is_dir() and not link.exists():
                        link.symlink_to(folder)
            yield tree / base.app
            if install:
                _move_installed(tree, room / "installed", base)
        finally:
            _remove_worktree(base.top, tree)
            if not install:
                shutil.rmtree(room, ignore_errors=True)


def _install(base: Base, commands: Sequence[str], tree: Path, kept: Path) -> None:
    """Run the commands on top of what they installed for these lock files before.

    They run each time, for they may also build what is the base's own.
    """
    _move_installed(kept, tree, base)
    app = tree / base.app
    for command in commands:
        progress(f"installing for {base.name}: {command}")
        environment = caller_environment(*_first_on_path(base, app))
        with started(["/bin/sh", "-e", "-c", command], app, environment) as ended:
            code, said = ended()
        if code:
            raise ValueError(
                f"install in {FILE} must succeed for {base.name}, but {command!r} ended "
                f"with {code} and said\n{end_of(said)}"
            )


def _move_installed(source: Path, target: Path, base: Base) -> None:
    for folder in {Path(), base.app}:
        for name in _INSTALLED:
            old, new = source / folder / name, target / folder / name
            if old.is_dir() and not old.is_symlink():
                new.parent.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(new, ignore_errors=True)
                os.rename(old, new)


def _installed_folders(base: Base) -> list[Path]:
    """Where the working tree has its own packages."""
    found = (
        base.top / folder / name
        for folder in sorted({Path(), base.app})
        for name in _INSTALLED
    )
    return [folder for folder in found if folder.is_dir()]


def _first_on_path(base: Base, app: Path) -> list[Path]:
    top = app.parents[len(base.app.parts) - 1] if base.app.parts else app
    return [
        app / ".venv" / "bin",
        app / "node_modules" / ".bin",
        top / "node_modules" / ".bin",
    ]


def _add_worktree(base: Base, tree: Path) -> None:
    tree.parent.mkdir(parents=True, exist_ok=True)
    words = (
        "worktree",
        "add",
        "--quiet",
        "--force",
        "--detach",
        str(tree),
        base.commit,
    )
    done = _run(base.top, *words)
    if done.returncode:
        # A filter such as LFS may need what this machine does not have.
        _remove_worktree(base.top, tree)
        listed = _ask(base.top, "config", "--get-regexp", r"^filter\.") or ""
        names = set(re.findall(r"^filter\.(\S+)\.\w+", listed, re.MULTILINE))
        off = [
            word
            for name in sorted(names)
            for key in ("smudge=", "process=", "required=false")
            for word in ("-c", f"filter.{name}.{key}")
        ]
        _git(base.top, *off, *words)


def _remove_worktree(top: Path, tree: Path) -> None:
    _run(top, "worktree", "remove", "--force", "--force", str(tree))
    shutil.rmtree(tree, ignore_errors=True)


def _clean_up(top: Path) -> None:
    """Remove the worktrees of reviews that were killed, and what nobody has used lately."""
    worktrees, now = _cache("worktrees"), time.time()
    for line in _git(top, "worktree", "list", "--porcelain").splitlines():
        tree = Path(line.removeprefix("worktree "))
        if tree.is_relative_to(worktrees):
            room = worktrees / tree.relative_to(worktrees).parts[0]
            with _locked(room, wait=False) as is_free:
                if is_free:
                    _remove_worktree(top, tree)
    for kind, most in (
        ("snapshots", _MOST_SNAPSHOTS),
        ("worktrees", _MOST_ENVIRONMENTS),
    ):
        entries = [path for path in _cache(kind).iterdir() if path.suffix != ".lock"]
        entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for number, path in enumerate(entries):
            if number >= most or path.stat().st_mtime < now - _DAYS * 86_400:
                _remove_entry(path)


def _remove_entry(path: Path) -> None:
    if path.is_dir():
        with _locked(path, wait=False) as is_free:
            if is_free:
                shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _locked(room: Path, *, wait: bool) -> Iterator[bool]:
    """Keep other reviews away from a folder. The lock ends with this process at the latest."""
    with open(f"{room}.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            progress("waiting for another review with the same base")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield True


def _cache(kind: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home).absolute() / "cdn-review" / kind
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Values in it may come from the caller's variables."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".lock")
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
        for folder in _installed_folders(base):
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


def _requirements(base: Base) -> list[str]:
    """The requirement and lock files of the app and of the folders above it, with hashes."""
    found = []
    for folder in (base.app, *base.app.parents):
        path = "" if folder == Path() else folder.as_posix()
        listed = _ask(base.top, "ls-tree", "-z", f"{base.commit}:{path}") or ""
        for entry in listed.split("\0"):
            if _REQUIREMENTS.fullmatch(entry.rpartition("\t")[2]):
                found.append(f"{path} {entry}")
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def _ask(folder: Path, *words: str) -> str | None:
    """What git answers; None when it refuses."""
    done = _run(folder, *words)
    return done.stdout.strip() if done.returncode == 0 else None


def _git(folder: Path, *words: str) -> str:
    """:raises ValueError: with the last line that git says, when it refuses."""
    done = _run(folder, *words)
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2][:200]
        raise ValueError(
            f"git must know the app's repository and its revisions, but says {said!r} in "
            f"{folder}: compare folders with 'cdn-review compare' instead"
        )
    return done.stdout.strip()


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [
                "git",
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
                *words,
            ],
            cwd=folder,
            env={**caller_environment(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except FileNotFoundError:
        raise ValueError("git must be installed to compare with a revision") from None
