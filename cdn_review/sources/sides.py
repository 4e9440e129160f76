"""Both sides of what ``diff`` compares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from cdn_review.packs import Pack, Stack
from cdn_review.packs.checking import shown
from cdn_review.packs.preparing import prepare
from cdn_review.packs.settings import Settings, read_settings
from cdn_review.report import Report
from cdn_review.sources import git
from cdn_review.sources.deployed import DEPLOYED, as_deployed, deployed, is_nested
from cdn_review.sources.revision import revision_pack, settings_at
from cdn_review.sources.worktree import WORKING_TREE, working_tree, working_tree_pack
from cdn_review.terminal import progress

_NESTED = "nested stacks are left out: CloudFormation has them under names of its own"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What is compared.

    :param names: The names of the stacks in CloudFormation, without nested ones.
    :param notices: Sentences about the comparison itself.
    """

    before: Pack
    after: Pack
    names: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()


def with_revision(
    folder: Path, environments: Sequence[str], *, cli: str | None, against: str | None
) -> Sides:
    """A revision of the repository, and the working tree.

    :raises ValueError: with one sentence, for what cannot be compared.
    """
    checkout = git.checkout_of(folder)
    if against is None:
        commit, called = git.default_base(checkout)
    else:
        commit, called = git.commit_of(checkout, against), against
    name = f"{commit[:8]} ({called})"
    progress(f"synthesizing the working tree and {name}")
    with ThreadPoolExecutor(2) as pool:
        was = pool.submit(revision_pack, checkout, commit, name=name, cli=cli)
        now = pool.submit(working_tree_pack, folder, cli=cli)
        packs = was.result(), now.result()
    before, after = _chosen_packs(environments, *packs)
    return Sides(before=before, after=after)


def with_deployed(
    folder: Path, environments: Sequence[str], *, cli: str | None, profile: str | None
) -> Sides:
    """What stands in the account, and the working tree.

    :raises ValueError: likewise.
    """
    progress("synthesizing the working tree")
    chosen = _chosen_stacks(environments, working_tree(folder, cli=cli))
    stacks = [stack for stack in chosen if not is_nested(stack)]
    progress("asking CloudFormation what is deployed")
    found = deployed(stacks, profile=profile)
    before = prepare(
        map(as_deployed, found.stacks),
        revision=DEPLOYED,
        settings=replace(_base_settings(folder), acknowledged={}),
    )
    after = prepare(
        map(as_deployed, stacks),
        revision=WORKING_TREE,
        settings=read_settings(folder),
    )
    return Sides(
        before=before,
        after=_needed(before, after),
        names=frozenset(stack.name for stack in stacks),
        notices=(*found.notices, *([_NESTED] if len(stacks) < len(chosen) else [])),
    )


def _base_settings(folder: Path) -> Settings:
    """What is protected, from where the working tree left the default branch."""
    try:
        checkout = git.checkout_of(folder)
        commit, _ = git.default_base(checkout)
    except ValueError:
        return Settings()
    return settings_at(checkout, commit)


def _needed(before: Pack, after: Pack) -> Pack:
    """Without the acknowledgements of what is deployed long since: they are no mistake."""
    unused = Report.of(before, after).verdict.unused
    kept = {
        change: reason
        for change, reason in after.acknowledged.items()
        if change not in unused
    }
    return replace(after, acknowledged=kept)


def _chosen_stacks(names: Sequence[str], stacks: Iterable[Stack]) -> list[Stack]:
    """Those of these environments, or with these names; all of them without a name."""
    found = list(stacks)
    _check(names, found)
    return [stack for stack in found if _is_chosen(stack, names)]


def _chosen_packs(names: Sequence[str], before: Pack, after: Pack) -> tuple[Pack, Pack]:
    """The same of two packs. It is enough that one of them has an environment."""
    _check(names, [*before.stacks.values(), *after.stacks.values()])
    was, now = (
        replace(
            pack,
            stacks={
                name: stack
                for name, stack in pack.stacks.items()
                if _is_chosen(stack, names)
            },
        )
        for pack in (before, after)
    )
    return was, now


def _check(names: Sequence[str], stacks: Sequence[Stack]) -> None:
    for name in names:
        if not any(_is_chosen(stack, [name]) for stack in stacks):
            there = ", ".join(sorted({stack.environment for stack in stacks})) or "none"
            raise ValueError(
                f"ENV must be an environment of the app, which are {there}, got {shown(name)}"
            )


def _is_chosen(stack: Stack, names: Sequence[str]) -> bool:
    own = {stack.environment, stack.name, stack.name.partition(" (nested ")[0]}
    return not names or bool(own & set(names))
