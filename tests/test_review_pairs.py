"""What a reviewer reads, over pairs of states that were agreed on one by one."""

from __future__ import annotations

import re

import pytest
from review_pairs_support import FOLDER, all_pairs

from cdn_review.summary import Stop, Topic
from cdn_review.summary.summarize import summarize

PAIRS = all_pairs()
EACH_PAIR = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
# So short that they are words of any sentence, too.
SHORTEST_ID = 6


@EACH_PAIR
def test_the_summary_says_what_was_agreed_and_nothing_more(pair):
    said = [str(change) for change in pair.report().changes]
    assert "\n".join(said) == "\n".join(pair.agreed)


@EACH_PAIR
def test_each_line_names_environment_and_role_and_no_logical_id(pair):
    environments = {*pair.report().environments}
    ids = {one for one in pair.logical_ids() if len(one) >= SHORTEST_ID}
    for change in pair.report().changes:
        assert change.environment in environments
        assert re.fullmatch(r"[A-Za-z0-9_/. ()-]{3,120}", change.role)
        assert not any(one in str(change) for one in ids), change


@EACH_PAIR
def test_a_pair_can_be_read_backwards(pair):
    there = summarize(pair.side("before"), pair.side("after"))
    back = summarize(pair.side("after"), pair.side("before"))
    assert bool(there) == bool(back)


@EACH_PAIR
def test_a_state_does_not_differ_from_itself(pair):
    for side in ("before", "after"):
        assert summarize(pair.side(side), pair.side(side)) == []


def test_there_are_pairs_enough_of_every_kind():
    changes = [change for pair in PAIRS for change in pair.report().changes]
    assert len(PAIRS) >= 25
    assert {change.topic for change in changes} == {*Topic}
    assert {change.stop for change in changes} == {None, *Stop}
    assert any(change.costs for change in changes)
    assert sum(not pair.agreed for pair in PAIRS) >= 4


def test_no_pair_is_left_without_its_summary():
    assert {path.name for path in FOLDER.iterdir()} == {pair.name for pair in PAIRS}


def test_an_agreed_summary_of_another_pair_would_be_noticed():
    one, other = [pair for pair in PAIRS if pair.agreed][:2]
    assert [str(change) for change in one.report().changes] != other.agreed
