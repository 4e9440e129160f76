"""The stacks of an app as it is in a git revision."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cdn_review.packs import Pack
from cdn_review.packs.preparing import prepare
from cdn_review.packs.settings import FILE, Settings, parse_settings, read_settings
from cdn_review.sources.cli import find_cli
from cdn_review.sources.git import Checkout, content, export
from cdn_review.sources.worktree import require_app, synthesize

# What is installed is no part of a revision: it has that of the working tree.
_INSTALLED = ("node_modules", ".venv", "venv")


def revision_pack(
    checkout: Checkout, commit: str, *, name: str, cli: str | None = None
) -> Pack:
    """The stacks that the app synthesizes to at a commit, with its settings then.

    It runs in a temporary folder, with the packages that are installed now. The checkout
    stays as it is.

    :param name: What a reader calls the commit.
    :raises ValueError: when it has no app there, or does not synthesize.
    """
    command = find_cli(checkout.top / checkout.inside, cli)
    with tempfile.TemporaryDirectory(prefix="cdn-review-") as temporary:
        folder = Path(temporary) / checkout.top.name
        folder.mkdir()
        export(checkout, commit, folder)
        app = folder / checkout.inside
        require_app(app, where=name)
        for part in {Path(), checkout.inside}:
            _link_installed(checkout.top / part, folder / part)
        stacks = synthesize(app, command, where=name)
        return prepare(stacks, revision=name, settings=read_settings(app))


def settings_at(checkout: Checkout, commit: str) -> Settings:
    """What cdn-review.toml says at a commit; the defaults without one."""
    data = content(checkout, commit, checkout.inside / FILE)
    return Settings() if data is None else parse_settings(data)


def _link_installed(source: Path, target: Path) -> None:
    for name in _INSTALLED:
        if (source / name).is_dir() and not (target / name).exists():
            (target / name).symlink_to(source / name)
