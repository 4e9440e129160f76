"""What must be acknowledged, for whom, and what counts as an acknowledgement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdn_review.fingerprints import fingerprint
from cdn_review.packs import Pack
from cdn_review.stopping import Verdict, judge
from cdn_review.summary import Change, Stop, Topic
from cdn_review.words import say

REPLACED = Change(
    stack="mysite-cdn-prod",
    environment="prod",
    role="static distribution",
    topic=Topic.REPLACEMENT,
    text=("is replaced",),
    stop=Stop.DISTRIBUTION_REPLACED,
    fingerprint="1a2b3c4d",
)
ID = "prod/static-distribution/distribution-replaced/1a2b3c4d"
HARMLESS = replace(REPLACED, stop=None, text=("caches longer",))


def pack(*, unprotected=(), acknowledged=()):
    return Pack(stacks={}, unprotected=unprotected, acknowledged=dict(acknowledged))


EMPTY = pack()


def test_what_stops_waits_for_an_acknowledgement():
    verdict = judge([HARMLESS, REPLACED], EMPTY, EMPTY)
    assert [(one.change, one.id) for one in verdict.open] == [(REPLACED, ID)]
    assert not verdict.ok


def test_nothing_stops_where_nothing_must_not_happen():
    assert judge([HARMLESS], EMPTY, EMPTY) == Verdict()
    assert judge([], EMPTY, EMPTY).ok


def test_an_acknowledgement_that_the_change_adds_counts():
    after = pack(acknowledged={ID: "moves on Friday"})
    verdict = judge([REPLACED], EMPTY, after)
    assert verdict.ok and verdict.unused == ()
    assert [(one.id, reason) for one, reason in verdict.acknowledged] == [
        (ID, "moves on Friday")
    ]


def test_an_acknowledgement_that_was_there_already_does_not_count():
    there = pack(acknowledged={ID: "moves on Friday"})
    verdict = judge([REPLACED], there, there)
    assert [one.id for one in verdict.open] == [ID]
    assert verdict.unused == ()


def test_an_acknowledgement_holds_for_these_values_alone():
    after = pack(acknowledged={ID: "moves on Friday"})
    verdict = judge([replace(REPLACED, fingerprint="ffffffff")], EMPTY, after)
    assert not verdict.ok
    assert verdict.unused == (ID,)


def test_a_change_cannot_unprotect_itself():
    free = pack(unprotected=("prod",))
    assert not judge([REPLACED], EMPTY, free).ok
    assert judge([REPLACED], free, EMPTY).ok


@pytest.mark.parametrize(
    ("name", "is_free"),
    [("prod", True), ("mysite-cdn-prod", True), ("pro", False), ("dev", False)],
)
def test_the_base_names_environments_or_stacks(name, is_free):
    assert judge([REPLACED], pack(unprotected=(name,)), EMPTY).ok == is_free


def test_a_change_without_a_fingerprint_has_one_of_its_sentence():
    first = replace(REPLACED, fingerprint="", text=say("drops {}", "nosniff"))
    second = replace(first, text=say("drops {}", "HSTS"))
    ids = [one.id for one in judge([first, second], EMPTY, EMPTY).open]
    assert len(set(ids)) == 2
    assert ids == [one.id for one in judge([first, second], EMPTY, EMPTY).open]


def test_two_changes_of_equal_values_have_ids_of_their_own():
    other = replace(REPLACED, text=("loses a header that had the same value",))
    found = judge([REPLACED, other], EMPTY, EMPTY).open
    assert len({one.id for one in found}) == 2
    after = pack(acknowledged={found[0].id: "it is meant"})
    assert [one.id for one in judge([REPLACED, other], EMPTY, after).open] == [
        found[1].id
    ]


def test_the_same_change_is_said_once():
    assert len(judge([REPLACED, REPLACED], EMPTY, EMPTY).open) == 1


@pytest.mark.parametrize(
    ("role", "slug"),
    [
        ("media cache policy", "media-cache-policy"),
        ("behaviour (private/*)", "behaviour-private"),
        ("--", "stack"),
    ],
)
def test_a_role_becomes_a_part_of_an_id(role, slug):
    (stopped,) = judge([replace(REPLACED, role=role)], EMPTY, EMPTY).open
    assert stopped.id == f"prod/{slug}/distribution-replaced/1a2b3c4d"


def test_a_fingerprint_is_of_values_in_any_order_of_keys():
    assert fingerprint({"a": 1, "b": 2}, None) == fingerprint({"b": 2, "a": 1}, None)
    assert fingerprint([1, 2], None) != fingerprint([2, 1], None)
    assert fingerprint("a", "b") != fingerprint("b", "a")


def test_nothing_can_be_guessed_from_a_fingerprint():
    account = "111122223333"
    assert fingerprint(account, None) == fingerprint("account-aeb2", None)
