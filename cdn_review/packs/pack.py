"""The stacks of one state of an app: a revision, the working tree, or what is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack as it was synthesized, or as it is deployed."""

    name: str
    template: Mapping[str, Any]
    account: str = ""
    region: str = ""
    termination_protection: bool = False

    @property
    def environment(self) -> str:
        """What a reader calls it: ``prod`` for ``mysite-cdn-prod``, else its name.

        A nested stack belongs to the environment of the stack around it.
        """
        name, _, _ = self.name.partition(" (nested ")
        _, separator, environment = name.rpartition("-cdn-")
        return environment if separator and environment else name


@dataclass(frozen=True, kw_only=True)
class Pack:
    """All that one side of a comparison is made of."""

    stacks: Mapping[str, Stack]
    revision: str = ""
    unprotected: tuple[str, ...] = ()
    acknowledged: Mapping[str, str] = field(default_factory=dict)
