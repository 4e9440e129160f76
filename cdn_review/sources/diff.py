"""The CDK CLI's own diff, which names every property."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from cdn_review.packs import Pack, Stack
from cdn_review.sources.cli import (
    Done,
    end_of,
    find_cli,
    offline_environment,
    online_environment,
    run,
)

# The first version of an assembly that has all that is written here.
_ASSEMBLY = "36.0.0"
_OPTIONS = ("--method=template", "--no-color", "--no-notices")
_MOST_CHARACTERS = 1_000_000


def diff_of_packs(
    before: Pack, after: Pack, *, folder: Path, cli: str | None = None
) -> str:
    """``cdk diff`` of each stack that is in both and differs. It needs no account.

    :param folder: Where the CLI is looked for.
    :raises ValueError: when the CLI is missing or fails.
    """
    command = find_cli(folder, cli)
    parts = [
        f"Stack {name}\nis new" for name in after.stacks if name not in before.stacks
    ]
    for name, stack in after.stacks.items():
        old = before.stacks.get(name)
        if old is not None and old.template != stack.template:
            parts.append(_diff(command, old, stack))
    parts += [
        f"Stack {name}\nis no longer part of the app"
        for name in before.stacks
        if name not in after.stacks
    ]
    return "\n\n".join(parts)[:_MOST_CHARACTERS]


def diff_against_account(
    folder: Path, stacks: Iterable[str], *, cli: str | None, profile: str | None
) -> str:
    """``cdk diff`` of the app in this folder against what is deployed.

    :raises ValueError: when the CLI is missing or fails.
    """
    options = ("--profile", profile) if profile else ()
    command = [*find_cli(folder, cli), "diff", *_OPTIONS, *options, *stacks]
    done = run(command, cwd=folder, env=online_environment(), what="cdk diff")
    return _text(done)


def _diff(command: Sequence[str], before: Stack, after: Stack) -> str:
    with tempfile.TemporaryDirectory(prefix="cdn-review-") as temporary:
        folder = Path(temporary)
        old = folder / "before.json"
        old.write_text(json.dumps(before.template), "utf-8")
        name = _write_assembly(after, folder / "cdk.out")
        done = run(
            [
                *(*command, "diff", *_OPTIONS, "--app", "cdk.out"),
                *("--template", str(old), name),
            ],
            cwd=folder,
            env=offline_environment(),
            what="cdk diff",
        )
        return _text(done)


def _write_assembly(stack: Stack, folder: Path) -> str:
    """The least that the CLI takes for an app that is synthesized.

    A nested stack has a name that CloudFormation would not take.
    """
    name = stack.name.replace(" (nested ", "-nested-").rstrip(")")
    folder.mkdir()
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "stack.template.json", "stackName": name},
    }
    manifest = {"version": _ASSEMBLY, "artifacts": {name: artifact}}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    template = json.dumps(stack.template)
    (folder / "stack.template.json").write_text(template, "utf-8")
    return name


def _text(done: Done) -> str:
    if done.code:
        raise ValueError(
            f"cdk diff must succeed, and it ended with {done.code} and said\n"
            f"{end_of(done.output)}"
        )
    return done.output.strip("\n")
