"""What a reviewer reads, over pairs of states that were agreed on one by one."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from cdn_review.compare import compare
from cdn_review.settings import read_settings
from cdn_review.snapshot import Snapshot, snapshot_of, stack_of

PAIRS = [
    path.parent for path in sorted(Path(__file__).parent.glob("pairs/*/summary.txt"))
]
EACH_PAIR = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
# So short that they are words of any sentence, too.
SHORTEST_ID = 6


@cache
def side(folder: Path) -> Snapshot:
    """Templates, and in stacks.json what no template holds: account, region, protection."""
    more = folder / "stacks.json"
    about = json.loads(more.read_text("utf-8")) if more.exists() else {}
    stacks = []
    for path in sorted(folder.glob("*.template.json")):
        name = path.name.removesuffix(".template.json")
        template = json.loads(path.read_text("utf-8"))
        stacks.append(stack_of(template, name=name, **about.get(name, {})))
    return snapshot_of(stacks, name=folder.name, settings=read_settings(folder))


@EACH_PAIR
def test_the_summary_says_what_was_agreed_and_nothing_more(pair):
    changes = compare(side(pair / "before"), side(pair / "after"))
    agreed = (pair / "summary.txt").read_text("utf-8")
    assert ("\n".join(map(str, changes)) or "no change") == agreed.rstrip("\n")
    ids = {
        name
        for folder in ("before", "after")
        for stack in side(pair / folder).stacks.values()
        for name in stack.template.get("Resources", {})
        if len(name) >= SHORTEST_ID
    }
    for change in changes:
        assert re.fullmatch(r"[A-Za-z0-9_/. ()-]{3,120}", change.role)
        assert not any(name in str(change) for name in ids), change


@EACH_PAIR
def test_a_pair_can_be_read_backwards_and_a_state_does_not_differ_from_itself(pair):
    before, after = side(pair / "before"), side(pair / "after")
    assert bool(compare(before, after)) == bool(compare(after, before))
    assert compare(before, before) == compare(after, after) == []
