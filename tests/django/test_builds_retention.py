"""Which builds may go, without a disk."""

from __future__ import annotations

import tempfile
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from dj_cloudfront.builds.in_use import RegisteredServer
from dj_cloudfront.builds.retention import (
    KnownBuild,
    RetentionRules,
    Verdict,
    plan,
)

set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
FAST = settings(max_examples=100, deadline=None, database=None, derandomize=True)

NOW = 1_000_000_000.0
DAY = 86400.0
MONTH = timedelta(days=30)


def build(version, age, used=None, flaw=""):
    """Ages in days."""
    published, last_used = (
        None if days is None else NOW - days * DAY for days in (age, used)
    )
    return KnownBuild(
        version=version, published=published, last_used=last_used, flaw=flaw
    )


def said(server, version):
    return RegisteredServer(server=server, version=version, since=NOW)


def decided(builds, *declarations, current="now", **rules):
    found = plan(
        builds, declarations, current=current, now=NOW, rules=RetentionRules(**rules)
    )
    return {one.version: one for one in found}


def pruned(*arguments, **options):
    found = decided(*arguments, **options)
    return {version for version, one in found.items() if one.verdict is Verdict.PRUNE}


# -- superseded, not old


def test_a_build_in_service_stays_however_old_it_is():
    assert pruned([build("now", 400), build("new", 300)], keep=1) == set()


def test_a_build_that_went_out_of_service_long_ago_may_go():
    builds = [build("old", 400), build("before", 300), build("now", 200)]
    assert pruned(builds, keep=1) == {"old"}


def test_a_build_stays_until_it_is_superseded_for_long_enough():
    # Published 400 days ago, in service until 3 days ago.
    builds = [build("old", 400), build("before", 3), build("now", 2)]
    assert pruned(builds, keep=1) == set()
    assert decided(builds, keep=1)["old"].reason == (
        "superseded for 3 days, not yet 30 days"
    )


def test_what_a_server_left_counts_from_then_on_not_from_the_next_build():
    # In service for long after others were published that never were.
    builds = [build("a", 95, used=9), build("b", 90, used=3), build("c", 89)]
    builds += [build("d", 88), build("now", 3)]
    found = decided(builds, keep=1)
    assert found["a"].reason == "superseded for 9 days, not yet 30 days"
    assert found["b"].reason == "previous"
    assert found["c"].verdict is Verdict.PRUNE


def test_a_mark_of_a_build_of_the_same_name_that_is_no_more_does_not_count():
    builds = [build("again", 3, used=90), build("x", 2), build("now", 1)]
    assert decided(builds, keep=1)["again"].superseded == NOW - 3 * DAY
    assert pruned(builds, keep=1) == set()


def test_the_newest_build_that_nobody_uses_is_not_known_to_be_superseded():
    builds = [build("now", 90), build("rolled-back", 80)]
    found = decided(builds, keep=1)["rolled-back"]
    assert found.superseded is None
    assert pruned([*builds, build("b", 300), build("a", 400)], keep=1) == {"a"}


# -- what stays


@pytest.mark.parametrize("servers", [["web1"], ["web1", "web2"]])
def test_a_build_that_any_server_uses_stays(servers):
    builds = [build("old", 400), build("before", 300), build("now", 200)]
    declarations = [said(server, "old") for server in servers]
    found = decided(builds, *declarations, keep=1)["old"]
    assert found.reason == f"used by {', '.join(servers)}"
    assert found.verdict is Verdict.KEEP


def test_the_build_published_before_the_current_one_stays():
    builds = [build("a", 400), build("before", 300), build("now", 200), build("c", 100)]
    found = decided(builds, keep=1)
    assert found["before"].reason == "previous"
    assert found["a"].verdict is Verdict.PRUNE


def test_the_build_that_was_in_service_last_stays_too():
    builds = [
        build("a", 400, used=350),
        build("last", 390, used=200),
        build("never", 300),
        build("now", 200),
    ]
    found = decided(builds, said("web", "now"), keep=1)
    assert {v for v, one in found.items() if "previous" in one.reasons} == {
        "last",
        "never",
    }
    assert found["a"].verdict is Verdict.PRUNE


def test_a_protected_build_stays():
    builds = [build("old", 400), build("before", 300), build("now", 200)]
    assert pruned(builds, keep=1, protected=frozenset({"old"})) == set()


@pytest.mark.parametrize(("keep", "left"), [(1, 2), (2, 2), (3, 3), (5, 5), (9, 6)])
def test_the_newest_stay(keep, left):
    builds = [build(f"b{age}", age) for age in (900, 800, 700, 600, 500)]
    builds.append(build("now", 400))
    assert len(builds) - len(pruned(builds, keep=keep)) == left


def test_a_folder_without_an_index_stays_unless_it_is_said_to_be_a_build():
    builds = [
        build("css", 400, flaw="without index"),
        build("before", 300),
        build("now", 200),
    ]
    assert decided(builds, keep=1)["css"].reason == "without index"
    assert pruned(builds, keep=1, without_index=True) == {"css"}


def test_a_folder_without_an_index_supersedes_nothing():
    builds = [build("rolled-back", 60), build("css", 50, flaw="without index")]
    builds += [build("now", 90), build("b", 91)]
    assert decided(builds, keep=1)["rolled-back"].superseded is None
    assert decided(builds, keep=1, without_index=True)["rolled-back"].superseded


# -- times that are not known, or wrong


def test_a_build_of_unknown_age_counts_as_young():
    builds = [build("unknown", None), build("before", 300), build("now", 200)]
    assert pruned(builds, keep=1) == set()
    found = decided([*builds, build("other", None)], keep=1)["other"]
    assert found.reason == "not known to be superseded"


def test_a_time_in_the_future_counts_as_now():
    builds = [build("a", 90, used=-50), build("b", -400), build("c", 80)]
    builds += [build("before", 70), build("now", 60)]
    found = decided(builds, keep=1)
    assert found["a"].superseded == NOW
    assert found["b"].superseded is None
    assert {v for v, one in found.items() if one.verdict is Verdict.PRUNE} == {"c"}


# -- the rules themselves


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"keep": 0}, "keep must be 1 or more, such as 5, got 0"),
        (
            {"superseded_for": timedelta(days=-1)},
            "superseded must be 0 or more days, such as 30, got -1",
        ),
        ({"protected": frozenset({"../b1"})}, r"protect must be .* got '\.\./b1'"),
    ],
)
def test_fails_when_a_rule_is_none(rules, sentence):
    with pytest.raises(ValueError, match=sentence):
        RetentionRules(**rules)


def test_the_defaults_keep_five_and_thirty_days():
    rules = RetentionRules()
    assert (rules.keep, rules.superseded_for) == (5, MONTH)
    assert rules.protected == frozenset()
    assert not rules.without_index


# -- whatever there is

PAST = st.integers(0, 400).map(lambda days: NOW - days * DAY)
ODD = st.one_of(
    st.none(),
    st.integers(-400, -1).map(lambda days: NOW - days * DAY),
    st.sampled_from([NOW, NOW - 30 * DAY, NOW - 30 * DAY + 1, 0.0]),
)


def seldom(odd, usual):
    """Mostly what is usual, or nothing would ever go."""
    return st.integers(0, 4).flatmap(lambda number: usual if number else odd)


NAMES = [f"b{number}" for number in range(12)]
BUILDS = st.lists(
    st.builds(
        KnownBuild,
        version=st.sampled_from(NAMES),
        published=seldom(ODD, PAST),
        last_used=seldom(seldom(ODD, PAST), st.none()),
        flaw=seldom(st.just("without index"), st.just("")),
    ),
    min_size=3,
    max_size=12,
    unique_by=lambda one: one.version,
)
DECLARED = st.lists(
    st.builds(said, st.sampled_from(["web1", "web2"]), st.sampled_from(NAMES)),
    max_size=2,
)
RULES = st.builds(
    RetentionRules,
    keep=seldom(st.integers(4, 13), st.integers(1, 3)),
    superseded_for=st.integers(0, 60).map(lambda days: timedelta(days=days)),
    protected=st.frozensets(st.sampled_from(NAMES), max_size=2),
    without_index=st.booleans(),
)
CURRENT = st.one_of(st.none(), st.sampled_from(NAMES))
ANYTHING = given(builds=BUILDS, declared=DECLARED, current=CURRENT, rules=RULES)


def go(builds, declared, current, rules, now=NOW):
    found = plan(builds, declared, current=current, now=now, rules=rules)
    return {one.version for one in found if one.verdict is Verdict.PRUNE}


def before(time, now=NOW):
    return None if time is None else min(time, now)


def left_service(build, builds):
    """When a build went out of service, told independently of the code."""
    if build.published is None:
        return None
    published = before(build.published)
    if build.last_used is not None:
        return max(published, before(build.last_used))
    times = [before(b.published) for b in builds if b.published is not None]
    return min([time for time in times if time > published], default=None)


def test_what_is_drawn_lets_builds_go_and_lets_builds_stay():
    """Otherwise the properties below would hold for a rule that never lets one go."""
    counts = []

    @FAST
    @ANYTHING
    def count(builds, declared, current, rules):
        counts.append(len(go(builds, declared, current, rules)))

    count()
    assert sum(found >= 1 for found in counts) > len(counts) / 2
    assert sum(found >= 3 for found in counts) > len(counts) / 10
    assert 0 in counts


@FAST
@ANYTHING
def test_what_goes_serves_nobody_and_is_known_to_be_superseded_for_long_enough(
    builds, declared, current, rules
):
    gone = go(builds, declared, current, rules)
    assert not gone & {current, *rules.protected, *(one.version for one in declared)}
    real = [b for b in builds if not b.flaw or rules.without_index]
    assert len(real) - len(gone) >= min(rules.keep, len(real))
    for one in builds:
        if one.version in gone:
            assert one in real
            assert one.published is not None
            left = left_service(one, real)
            assert left is not None
            assert NOW - left >= rules.superseded_for.total_seconds()
