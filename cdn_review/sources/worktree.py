"""The stacks of an app as it is on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cdn_review.packs import Pack, Stack
from cdn_review.packs.assembly import read_assembly
from cdn_review.packs.preparing import prepare
from cdn_review.packs.settings import read_settings
from cdn_review.sources.cli import end_of, find_cli, offline_environment, run

WORKING_TREE = "the working tree"


def working_tree(folder: Path, *, cli: str | None = None) -> list[Stack]:
    """The stacks that the app in this folder synthesizes to now. Its cdk.out stays as it is.

    :raises ValueError: when there is no app, or it does not synthesize.
    """
    require_app(folder, where=str(folder))
    return synthesize(folder, find_cli(folder, cli), where=WORKING_TREE)


def working_tree_pack(
    folder: Path, *, cli: str | None = None, revision: str = WORKING_TREE
) -> Pack:
    """The same as a pack, with the settings beside the app."""
    stacks = working_tree(folder, cli=cli)
    return prepare(stacks, revision=revision, settings=read_settings(folder))


def require_app(folder: Path, *, where: str) -> None:
    """:raises ValueError: when there is no cdk.json."""
    if not (folder / "cdk.json").is_file():
        raise ValueError(
            f"--app-folder must be the folder of a cdk.json, such as '.', and there is none "
            f"in {where}"
        )


def synthesize(folder: Path, cli: list[str], *, where: str) -> list[Stack]:
    """Run ``cdk synth`` in a folder, without any credentials, and read what it made.

    :param where: What the folder holds, for the sentence of a failure.
    :raises ValueError: when it fails, with the end of what it said.
    """
    with tempfile.TemporaryDirectory(prefix="cdn-review-") as temporary:
        output = Path(temporary) / "cdk.out"
        options = ("--quiet", "--no-lookups", "--no-notices", "--no-color")
        done = run(
            [*cli, "synth", *options, "--output", str(output)],
            cwd=folder,
            env=offline_environment(),
            what="cdk synth",
        )
        if done.code:
            said = end_of(done.output)
            raise ValueError(
                f"the app must synthesize without credentials, and in {where} it does not: "
                f"cdk synth ended with {done.code} and said\n{said}"
            )
        return read_assembly(output)
