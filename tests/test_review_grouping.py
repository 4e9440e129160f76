"""What is read once in a comment: equal changes of environments, and of halves."""

from __future__ import annotations

from dataclasses import replace

from cdn_review.rendering import grouping
from cdn_review.report import Report
from cdn_review.stopping import Stopped, Verdict
from cdn_review.summary import Change, Stop, Topic

CHANGE = Change(
    stack="mysite-cdn-prod",
    environment="prod",
    role="media distribution",
    topic=Topic.DELIVERY,
    text=("can be reached by IPv6",),
)


def report(*changes, open_ones=(), acknowledged=()):
    return Report(
        changes=changes,
        verdict=Verdict(open=tuple(open_ones), acknowledged=tuple(acknowledged)),
        environments=("prod", "staging"),
        before_name="a",
        after_name="b",
    )


def stopped(**more):
    change = replace(CHANGE, stop=Stop.ORIGIN_OPENED, **more)
    return Stopped(change=change, id=f"{change.environment}/{change.role}")


def static(change=CHANGE):
    return replace(change, role="static distribution")


def test_the_same_change_of_two_halves_is_read_once():
    (listed,) = grouping.listed(report(CHANGE, static()))
    assert [one.role for one in listed.changes] == ["media and static distribution"]


def test_three_halves_are_a_list():
    private = replace(CHANGE, role="private distribution")
    (listed,) = grouping.listed(report(CHANGE, private, static()))
    (one,) = listed.changes
    assert one.role == "media, private and static distribution"


def test_another_change_of_the_other_half_is_a_line_of_its_own():
    other = replace(static(), text=("can no longer be reached by IPv6",))
    (listed,) = grouping.listed(report(CHANGE, other))
    assert [one.role for one in listed.changes] == [CHANGE.role, other.role]


def test_other_parts_are_not_taken_for_halves():
    alarms = replace(CHANGE, role="alarms")
    bucket = replace(CHANGE, role="media bucket")
    (listed,) = grouping.listed(report(alarms, bucket, CHANGE))
    assert len(listed.changes) == 3


def test_environments_with_other_changes_stay_apart():
    staging = replace(static(), environment="staging")
    found = grouping.listed(report(CHANGE, staging))
    assert [one.environments for one in found] == [("prod",), ("staging",)]


def test_both_halves_have_to_be_acknowledged():
    halves = [stopped(), stopped(role="static distribution")]
    (one,) = grouping.open_ones(report(open_ones=halves))
    assert one.change.role == "media and static distribution"
    assert one.ids == ("prod/media distribution", "prod/static distribution")


def test_halves_of_different_environments_are_not_mixed_up():
    halves = [stopped(), stopped(role="static distribution", environment="staging")]
    found = grouping.open_ones(report(open_ones=halves))
    assert [(one.environments, one.change.role) for one in found] == [
        (("prod",), "media distribution"),
        (("staging",), "static distribution"),
    ]


def test_each_reason_stays_with_its_half():
    done = [(stopped(), "one"), (stopped(role="static distribution"), "another")]
    found = grouping.acknowledged_ones(report(acknowledged=done))
    assert [one.reasons for one in found] == [("one",), ("another",)]
