"""The git revision that the working tree is compared with, and what of it cannot be compared."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cdn_review.cdk_cli import caller_environment
from cdn_review.settings import FILE, Settings, parse_settings

_INSTALLED = (".venv", "venv", "node_modules")

_GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_REQUIREMENTS = re.compile(
    r"(?:requirements|constraints)[\w.-]*|[\w.-]+\.lock|Pipfile|pyproject\.toml|setup\.\w+"
    r"|package(?:-lock)?\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|bun\.lockb|\.npmrc"
    r"|go\.(?:mod|sum)|pom\.xml|[\w.-]+\.gradle(?:\.kts)?|[\w.-]+\.csproj",
    re.ASCII,
)


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


def base_of(folder: Path, against: str | None = None) -> Base:
    """The revision to compare an app with.

    :param against: Default: where the working tree left the default branch.
    :raises ValueError: when git does not know the revision.
    """
    where = folder.resolve()
    top = Path(run_git(where, "rev-parse", "--show-toplevel")).resolve()
    if against is None:
        commit, called = _default_base(top)
    else:
        commit, called = _commit_of(top, against), against
    name = f"{commit[:8]} ({called})"
    return Base(top=top, app=where.relative_to(top), commit=commit, name=name)


def base_settings(base: Base) -> Settings:
    """What ``cdn-review.toml`` says at the base revision.

    :raises ValueError: when it says what cannot be right.
    """
    path = (base.app / FILE).as_posix()
    text = ask(base.top, "cat-file", "blob", f"{base.commit}:{path}")
    return Settings() if text is None else parse_settings(text.encode())


def _commit_of(top: Path, revision: str) -> str:
    commit = None
    if revision.isprintable():
        words = ("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        commit = ask(top, *words)
    if commit is None:
        raise ValueError(
            "--against must be a revision in this clone, such as 'origin/main', got "
            f"{revision!r}: fetch it first"
        )
    return commit


def _default_base(top: Path) -> tuple[str, str]:
    """Where the working tree left the default branch, and the branch's name."""
    target = os.environ.get("GITHUB_BASE_REF")
    head = run_git(top, "rev-parse", "--verify", "HEAD^{commit}")
    for branch in (*([f"origin/{target}"] if target else ()), *_DEFAULT_BRANCHES):
        found = ask(top, "merge-base", "HEAD", branch)
        if found == head:
            return head, "HEAD"
        if found is not None:
            return found, ask(top, "rev-parse", "--abbrev-ref", branch) or branch
    if ask(top, "rev-parse", "--is-shallow-repository") == "true":
        raise ValueError(
            "the clone must reach back to where it left the default branch, but is shallow: "
            "check out with 'fetch-depth: 0', or run 'git fetch --unshallow'"
        )
    raise ValueError(
        "--against must name what to compare with, such as '--against origin/develop': this "
        "clone has no origin/HEAD, main or master with a commit in common"
    )


def has_app(base: Base) -> bool:
    path = (base.app / "cdk.json").as_posix()
    return ask(base.top, "cat-file", "-e", f"{base.commit}:{path}") is not None


def notices(base: Base, *, has_install: bool) -> Iterator[str]:
    """What a reader must know before trusting that nothing else changes."""
    differing = [] if has_install else _differing_requirements(base)
    if differing:
        yield (
            f"{' and '.join(differing)} differ{'s' if len(differing) == 1 else ''} from "
            f"{base.name}, but both sides are synthesized with the packages that are "
            "installed now: what an upgrade changes is not seen. Name an install "
            f"command in {FILE}"
        )
    if ask(base.top, "cat-file", "-e", f"{base.commit}:.gitmodules") is not None:
        yield "submodules are empty on the side of the base: they are not checked out"


def _differing_requirements(base: Base) -> list[str]:
    """Requirement and lock files beside the app or above it that differ from the base."""
    words = ("diff", "--name-only", "--no-renames", "-z", base.commit, "--", ":/")
    changed = map(Path, (ask(base.top, *words) or "").split("\0"))
    folders = {base.app, *base.app.parents}
    lists = {folder / "requirements" for folder in folders}
    return sorted(
        {
            path.name
            for path in changed
            if (path.parent in folders and _REQUIREMENTS.fullmatch(path.name))
            or (path.parent in lists and path.suffix == ".txt")
        }
    )


def requirements(base: Base) -> list[str]:
    """The requirement and lock files of the app and of the folders above it, with hashes."""
    found = []
    for folder in (base.app, *base.app.parents):
        path = "" if folder == Path() else folder.as_posix()
        listed = ask(base.top, "ls-tree", "-z", f"{base.commit}:{path}") or ""
        for entry in listed.split("\0"):
            if _REQUIREMENTS.fullmatch(entry.rpartition("\t")[2]):
                found.append(f"{path} {entry}")
    return found


def package_folders(base: Base) -> list[Path]:
    """Where an app can have packages of its own, from the top of the repository."""
    return [
        folder / name for folder in sorted({Path(), base.app}) for name in _INSTALLED
    ]


def installed_folders(base: Base) -> list[Path]:
    """Where the working tree has its own packages."""
    folders = [base.top / folder for folder in package_folders(base)]
    return [folder for folder in folders if folder.is_dir()]


def ask(folder: Path, *words: str) -> str | None:
    """What git answers; None when it refuses."""
    done = try_git(folder, *words)
    return done.stdout.strip() if done.returncode == 0 else None


def run_git(folder: Path, *words: str) -> str:
    """:raises ValueError: with the last line that git says, when it refuses."""
    done = try_git(folder, *words)
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2][:200]
        raise ValueError(
            f"git must know the app's repository and its revisions, but says {said!r} in "
            f"{folder}: compare folders with 'cdn-review compare' instead"
        )
    return done.stdout.strip()


def try_git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run git without hooks.

    :raises ValueError: when there is none.
    """
    try:
        return subprocess.run(
            [*_GIT, *words],
            cwd=folder,
            env={**caller_environment(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except FileNotFoundError:
        raise ValueError("git must be installed to compare with a revision") from None
