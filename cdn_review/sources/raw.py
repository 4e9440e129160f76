"""The CDK CLI's own diff, for who wants every property."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cdn_review.packs import Pack, Stack
from cdn_review.packs.assembly import MANIFEST
from cdn_review.sources.cli import (
    end_of,
    offline_environment,
    online_environment,
    run,
)

MOST_CHARACTERS = 400_000
_MOST_STACKS = 25
# What every CLI of version 2 reads.
_SCHEMA = "36.0.0"
_OPTIONS = ("--method=template", "--no-color", "--no-notices", "--quiet")


def raw_diff(before: Pack, after: Pack, cli: Sequence[str]) -> str:
    """``cdk diff`` of the stacks that differ between two packs; '' when none does.

    It has the templates from the packs, so there is nothing in it that they do not have.

    :raises ValueError: when the CLI fails.
    """
    return _bounded("".join(_parts(before, after, cli)))


def raw_diff_deployed(
    folder: Path, names: Sequence[str], cli: Sequence[str], *, profile: str | None
) -> str:
    """``cdk diff`` of an app with the account, by its credentials, redacted.

    It compares templates: a change set would need permission to make one.

    :raises ValueError: when the CLI fails.
    """
    asked = ("--profile", profile) if profile else ()
    with tempfile.TemporaryDirectory(prefix="cdn-review-") as temporary:
        done = run(
            [*cli, "diff", *names, *_OPTIONS, *asked, "--output", temporary],
            cwd=folder,
            env=online_environment(),
            what="cdk diff",
        )
    if done.code:
        raise ValueError(
            f"cdk diff must succeed, and it ended with {done.code} and said\n"
            f"{end_of(done.output)}"
        )
    return _bounded(done.output)


def _parts(before: Pack, after: Pack, cli: Sequence[str]) -> Iterator[str]:
    names = sorted(before.stacks.keys() | after.stacks.keys())
    differing = [
        name for name in names if _template(before, name) != _template(after, name)
    ]
    for name in differing[:_MOST_STACKS]:
        was, now = before.stacks.get(name), after.stacks.get(name)
        if was is None:
            yield f"Stack {name}\nis new\n\n"
        elif now is None:
            yield f"Stack {name}\nis no longer in the app\n\n"
        else:
            yield _of_one(was, now, cli)
    if len(differing) > _MOST_STACKS:
        yield f"{len(differing) - _MOST_STACKS} more stacks differ\n"


def _template(pack: Pack, name: str) -> object:
    return pack.stacks[name].template if name in pack.stacks else None


def _of_one(was: Stack, now: Stack, cli: Sequence[str]) -> str:
    with tempfile.TemporaryDirectory(prefix="cdn-review-") as temporary:
        folder = Path(temporary)
        template, assembly = folder / "before.json", folder / "after"
        template.write_text(json.dumps(was.template), "utf-8")
        name = _write_assembly(assembly, now)
        done = run(
            [*cli, "diff", "--app", str(assembly), "--template", str(template)]
            + [*_OPTIONS, name],
            cwd=folder,
            env=offline_environment(),
            what="cdk diff",
        )
    if done.code:
        raise ValueError(
            f"cdk diff must compare {now.name!r}, and it ended with {done.code} and said\n"
            f"{end_of(done.output)}"
        )
    return _without_count(done.output)


def _write_assembly(folder: Path, stack: Stack) -> str:
    """The least that the CLI takes for ``cdk.out``. Gives the name of the stack in it."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", stack.name).strip("-")
    folder.mkdir()
    file = "template.json"
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": file, "stackName": name},
    }
    manifest = {"version": _SCHEMA, "artifacts": {name: artifact}}
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    (folder / file).write_text(json.dumps(stack.template), "utf-8")
    return name


def _without_count(output: str) -> str:
    """Each run ends with the number of stacks that differ, which is always one."""
    kept = [
        line for line in output.splitlines() if "Number of stacks with diff" not in line
    ]
    text = "\n".join(kept).strip("\n")
    return f"{text}\n\n" if text else ""


def _bounded(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text.strip("\n")
    cut = text[:MOST_CHARACTERS].rpartition("\n")[0]
    return f"{cut}\n… and {len(text) - len(cut)} more characters"
