"""Pairs of states of an app, and what a person agreed that a summary says of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cdn_review.packs import Pack, Stack
from cdn_review.packs.preparing import prepare
from cdn_review.packs.settings import read_settings
from cdn_review.report import Report

FOLDER = Path(__file__).with_name("review_pairs")
NO_CHANGE = "no change"
_TEMPLATE = ".template.json"


@dataclass(frozen=True)
class Pair:
    """A folder with ``before``, ``after`` and ``summary.txt``.

    Beside the templates of a side there may be a cdn-review.toml, and a stacks.json with what
    no template holds: account, region and termination protection of a stack, by its name.
    """

    folder: Path

    @property
    def name(self):
        return self.folder.name

    def side(self, name) -> Pack:
        return _packed(self.folder / name)

    def report(self) -> Report:
        return _reported(self.folder)

    def logical_ids(self):
        templates = [
            stack.template
            for side in ("before", "after")
            for stack in self.side(side).stacks.values()
        ]
        return {name for one in templates for name in one.get("Resources", {})}

    @property
    def agreed(self) -> list[str]:
        text = (self.folder / "summary.txt").read_text("utf-8")
        lines = [line for line in text.splitlines() if line]
        return [] if lines == [NO_CHANGE] else lines


def all_pairs() -> list[Pair]:
    return [Pair(path.parent) for path in sorted(FOLDER.glob("*/summary.txt"))]


@cache
def _packed(folder: Path) -> Pack:
    more = folder / "stacks.json"
    about = json.loads(more.read_text("utf-8")) if more.exists() else {}
    stacks = [
        Stack(
            name=path.name.removesuffix(_TEMPLATE),
            template=json.loads(path.read_text("utf-8")),
            **about.get(path.name.removesuffix(_TEMPLATE), {}),
        )
        for path in sorted(folder.glob(f"*{_TEMPLATE}"))
    ]
    return prepare(stacks, settings=read_settings(folder))


@cache
def _reported(folder: Path) -> Report:
    return Report.of(_packed(folder / "before"), _packed(folder / "after"))
