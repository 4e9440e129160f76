"""Some environments of all that an app has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cdn_review.packs import Pack, Stack
from cdn_review.packs.checking import shown


def chosen_stacks(names: Sequence[str], stacks: Iterable[Stack]) -> list[Stack]:
    """Those of these environments, or with these names; all of them without a name.

    :raises ValueError: when a name is of none.
    """
    found = list(stacks)
    _check(names, found)
    return [stack for stack in found if _is_chosen(stack, names)]


def chosen_pack(names: Sequence[str], before: Pack, after: Pack) -> tuple[Pack, Pack]:
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
