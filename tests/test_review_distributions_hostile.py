"""Whatever a template has, there is an answer of bounded lines."""

from __future__ import annotations

import copy
import json
import tempfile

import pytest
from cdk_support import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from review_distributions_support import found, stops, template, told

from cdn_review.packs import Stack
from cdn_review.summary.distributions import changes

set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
FAST = settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
LONGEST_LINE = 1000
SNAPSHOT = ROOT / "tests" / "snapshots" / "lab-cdn-maximal.template.json"
# Of all that there is, so much that a comparison takes milliseconds.
MAXIMAL = {
    "Resources": {
        name: one
        for name, one in json.loads(SNAPSHOT.read_text("utf-8"))["Resources"].items()
        if name.startswith(("CdnMedia", "CdnPrivate"))
    }
}
PAIRS = [
    (f"{half} distribution", name, name)
    for half, name in (
        ("media", "CdnMediaDistribution42E33823"),
        ("private", "CdnPrivateDistribution8F1614FC"),
    )
]
ODD = st.sampled_from(
    (
        None,
        "",
        "*",
        "\ud800",
        "@everyone <b>**x**</b>\n\u202e",
        "x" * 5000,
        -1,
        10**30,
        1.5,
        float("nan"),
        float("inf"),
        True,
        [],
        {},
        [[]],
        {"": ""},
        {"Ref": "CdnMediaCachePolicyE0F244DF"},
        {"Ref": []},
        {"Ref": "AWS::NoValue"},
        {"Fn::GetAtt": []},
        {"Fn::GetAtt": [1, 2]},
        {"Fn::If": ["C", {}, []]},
        {"Fn::If": []},
        {"Fn::Sub": ["${A}", []]},
        {"Fn::Sub": 5},
        {"Fn::Join": ["", [1, None, {}]]},
        {"Fn::Join": 1},
        {"Items": 3},
        {"Quantity": 0},
        {"Items": [None, 1, "a", {}, []]},
    )
)
ANYTHING = st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("Items", "Id", "Ref", "x")), inner, max_size=3
        )
    ),
    max_leaves=5,
)


def places(value, path=()):
    """Every place in a template, as the keys on the way to it."""
    yield path
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, one in inside:
        yield from places(one, (*path, key))


PLACES = [place for place in places(MAXIMAL) if place]


def put(template, path, value):
    inside = template
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value


@FAST
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3))
def test_any_value_at_any_place_gives_lines_of_bounded_length(damages):
    damaged = copy.deepcopy(MAXIMAL)
    for path, value in damages:
        try:
            put(damaged, path, copy.deepcopy(value))
        except (KeyError, IndexError, TypeError):
            continue
    before, after = (
        Stack(name="lab-cdn-maximal", template=one) for one in (MAXIMAL, damaged)
    )
    for first, second in ((before, after), (after, before)):
        for change in changes(first, second, PAIRS):
            assert len(str(change)) <= LONGEST_LINE
            assert bool(change.fingerprint) == bool(change.stop)
    assert list(changes(after, after, PAIRS)) == []


# Names, what repeats the length of a list, and keys, of which the stack as a whole tells.
SILENT = {
    *("CallerReference", "Comment", "EncodedKey", "Name", "PublicKeyConfig"),
    *("Quantity", "SslSupportMethod"),
}


def other(value):
    if isinstance(value, bool):
        return not value
    return 77 if isinstance(value, int) else {"Ref": "Unknown"}


def test_no_setting_of_a_distribution_changes_unseen():
    unseen = []
    before = Stack(name="lab-cdn-maximal", template=MAXIMAL)
    for path in PLACES:
        if "CdnPrivate" not in str(path) or len(path) < 5 or path[-1] in SILENT:
            continue
        changed = copy.deepcopy(MAXIMAL)
        inside = changed
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = other(inside[path[-1]])
        after = Stack(name="lab-cdn-maximal", template=changed)
        if not list(changes(before, after, PAIRS)):
            unseen.append(path)
    assert unseen == []


@pytest.mark.parametrize("nothing", [None, [], "x", {"Fn::FindInMap": ["a", "b", "c"]}])
def test_a_protection_that_cannot_be_read_has_gone(nothing):
    signed = template({"TrustedKeyGroups": ["g"]})
    assert "access-widened" in stops(
        signed, template(config={"DefaultCacheBehavior": nothing})
    )


def test_a_list_without_an_end_is_cut_in_the_line():
    many = template(config={"Aliases": [f"a{n}.example.com" for n in range(5000)]})
    (change,) = found(template(), many)
    assert len(str(change)) < LONGEST_LINE


def test_what_is_only_known_at_deploy_time_shows_no_logical_id():
    after = template(origin={"DomainName": {"Fn::GetAtt": ["Balancer0A1B", "DNSName"]}})
    (line,) = told(template(), after)
    assert "Balancer0A1B" not in line and "a value known at deploy time" in line


def test_patterns_in_hundreds_are_compared_in_time():
    many = [{"PathPattern": f"*{'a' * 90}{n}*b*"} for n in range(120)]
    assert told(template(others=many), template(others=many[::-1])) == []
