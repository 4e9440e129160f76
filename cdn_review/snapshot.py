"""The stacks of one side of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NESTED = " (nested "


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack as it was synthesized, or as it is deployed.

    :param name: Its name in CloudFormation. A nested stack is named after the stack around
        it and its logical id: ``mysite-cdn-prod (nested Logs)``.
    """

    name: str
    template: Mapping[str, Any]
    account: str = ""
    region: str = ""
    termination_protection: bool = False


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One side of a comparison.

    :param name: What a reader calls this side, such as ``1a2b3c4d (origin/main)``.
    :param unprotected: Environments or stacks whose changes need no acknowledgement.
    :param acknowledged: Reasons by the ids of acknowledged changes.
    """

    stacks: Mapping[str, Stack]
    name: str = ""
    unprotected: tuple[str, ...] = ()
    acknowledged: Mapping[str, str] = field(default_factory=dict)


def environments(stacks: Iterable[str]) -> dict[str, str]:
    """What a reader calls each stack: ``prod`` for ``mysite-cdn-prod``.

    A name that two sites would share is not shortened. A nested stack belongs to the
    environment of the stack around it.
    """
    outer = {name: name.partition(NESTED)[0] for name in stacks}
    short = {name: name.rpartition("-cdn-")[2] or name for name in outer.values()}
    names = list(short.values())
    return {
        name: short[stack] if names.count(short[stack]) == 1 else stack
        for name, stack in outer.items()
    }
