"""Whole comparisons: stacks that come and go, order, bounds, and anything in a template."""

from __future__ import annotations

import copy
import json
import random
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from review_resources_support import (
    distribution,
    found,
    pack,
    policy,
    resource,
    stack,
    stops,
    template,
    told,
)

from cdn_review.summary import Topic
from cdn_review.summary.summarize import MOST_CHANGES, summarize

set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
SNAPSHOTS = Path(__file__).with_name("snapshots")
MAXIMAL = json.loads((SNAPSHOTS / "lab-cdn-maximal.template.json").read_text("utf-8"))
LONGEST_LINE = 1000
FAST = settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_nothing_is_said_of_the_same_state():
    assert told(pack(stack(MAXIMAL)), pack(stack(copy.deepcopy(MAXIMAL)))) == []


def test_a_new_environment_is_one_line_with_what_it_brings():
    edge = distribution(aliases=["static.example.com"])
    new = stack(template(Edge=edge, P=policy()), "mysite-cdn-staging")
    (line,) = told(pack(stack()), pack(stack(), new))
    assert line == (
        "staging: stack: is new: 1 distribution in front of 'www.example.com' as "
        "'static.example.com', with 1 cache policy (cache policies: this app has 1 of "
        "the 20 that an account may have)"
    )


def test_a_new_environment_cannot_have_names_that_another_has():
    edge = template(Edge=distribution(aliases=["static.example.com"]))
    before, after = stack(edge), stack(edge, "mysite-cdn-staging")
    lines = told(pack(before), pack(before, after))
    assert any("CNAMEAlreadyExists" in line for line in lines)
    free = template(Edge=distribution(aliases=["other.example.com"]))
    lines = told(pack(before), pack(before, stack(free, "mysite-cdn-staging")))
    assert not any("CNAMEAlreadyExists" in line for line in lines)


def test_a_name_cannot_go_from_one_distribution_to_another_in_one_deploy():
    def named(static, media):
        return template(
            Edge=distribution("static", aliases=static),
            Other=distribution("media", aliases=media),
        )

    lines = told(named(["a.example.com"], []), named([], ["a.example.com"]))
    assert [line for line in lines if "CNAMEAlreadyExists" in line] == [
        "prod: media distribution: takes over from another distribution: 'a.example.com' "
        "(the deploy fails with CNAMEAlreadyExists: move the names first)"
    ]
    lines = told(named(["a.example.com"], []), named(["b.example.com"], []))
    assert not any("CNAMEAlreadyExists" in line for line in lines)


def test_a_stack_that_leaves_the_app_stays_and_stops():
    (change,) = found(pack(stack()), pack())
    assert change.stop == "distribution-deleted"
    assert "a deploy does not delete it" in change.note
    other = stack(template(Edge=None, T=resource("AWS::SNS::Topic")))
    assert stops(pack(other), pack()) == []


def test_a_nested_stack_that_leaves_is_deleted():
    nested = stack(name="mysite-cdn-prod (nested Cdn)")
    (change,) = found(pack(stack(), nested), pack(stack()))
    assert (change.stop, change.role) == ("distribution-deleted", "nested stack")
    assert "is deleted" in str(change)
    # With the stack around it, it stays in the account.
    assert not any("is deleted" in line for line in told(pack(stack(), nested), pack()))


def test_a_nested_stack_is_called_so():
    before, after = (
        stack(name="mysite-cdn-prod (nested Cdn)", termination_protection=one)
        for one in (True, False)
    )
    assert [one.role for one in found(before, after)] == ["nested stack"]


def test_of_a_stack_without_the_cdn_one_line_is_said():
    def data(text):
        return stack(template(Edge=None, Q=resource("AWS::SQS::Queue", {"A": text})))

    assert told(data("a"), data("b")) == [
        "prod: stack: changes, and has nothing of the CDN"
    ]
    assert told(data("a"), data("a")) == []


@pytest.mark.parametrize(
    ("kind", "closed", "open_"),
    [
        (
            "AWS::S3::Bucket",
            {"PublicAccessBlockConfiguration": {"BlockPublicPolicy": True}},
            {},
        ),
        (
            "AWS::WAFv2::WebACL",
            {"DefaultAction": {"Block": {}}},
            {"DefaultAction": {"Allow": {}}},
        ),
    ],
)
def test_what_opens_in_a_stack_of_its_own_stops(kind, closed, open_):
    before, after = (
        stack(template(Edge=None, One=resource(kind, one)), "data")
        for one in (closed, open_)
    )
    assert stops(pack(before), pack(after)) == ["access-widened"]
    assert stops(pack(after), pack(before)) == []


def closed_by(value, **sections):
    edge = distribution()
    config = edge["Properties"]["DistributionConfig"]
    config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = value
    return template(sections=sections, Edge=edge)


def parameter(default, kind="String"):
    return {"P": {"Type": kind, "Default": default}}


def test_a_default_that_opens_stops_like_a_value_on_the_spot():
    by_reference = {"Ref": "P"}
    before = closed_by(by_reference, Parameters=parameter("https-only"))
    after = closed_by(by_reference, Parameters=parameter("allow-all"))
    assert stops(before, after) == ["protection-dropped"]
    sub = closed_by({"Fn::Sub": "${P}-all"}, Parameters=parameter("allow"))
    assert stops(before, sub) == ["protection-dropped"]


def test_a_mapping_that_opens_stops_like_a_value_on_the_spot():
    def mapped(value):
        where = {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "viewers"]}
        maps = {"M": {"us-east-1": {"viewers": value}}}
        return stack(closed_by(where, Mappings=maps), region="us-east-1")

    assert stops(mapped("https-only"), mapped("allow-all")) == ["protection-dropped"]
    assert stops(mapped("https-only"), mapped("https-only")) == []


def test_a_default_that_names_a_stored_parameter_is_no_value():
    stored = parameter("https-only", "AWS::SSM::Parameter::Value<String>")
    before = closed_by({"Ref": "P"}, Parameters=stored)
    assert stops(closed_by("https-only"), before) == ["protection-dropped"]


def test_defaults_that_repeat_without_an_end_are_refused():
    places = [{"Ref": "P"}] * 2000
    after = template(
        sections={"Parameters": parameter("x" * 4000)},
        R=resource("AWS::Foo::Bar", {"Places": places}),
    )
    with pytest.raises(ValueError, match="must add up to at most 4194304 bytes"):
        told(template(), after)
    after["Parameters"] = parameter("x" * 5000)
    assert len(told(template(), after)) == 2


def test_lines_are_in_the_order_of_environments_topics_and_roles():
    after = copy.deepcopy(MAXIMAL)
    for name, one in MAXIMAL["Resources"].items():
        if one["Type"] == "AWS::CloudWatch::Alarm":
            del after["Resources"][name]
        if one["Type"] == "AWS::CloudFront::Distribution":
            after["Resources"][name + "B"] = after["Resources"].pop(name)
    packs = [
        pack(*(stack(one, f"mysite-cdn-{name}") for name in ("prod", "dev")))
        for one in (MAXIMAL, after)
    ]
    changes = summarize(*packs)
    topics = list(Topic)
    order = [(one.environment, topics.index(one.topic), one.role) for one in changes]
    assert len({one.environment for one in changes}) == 2
    assert len({one.topic for one in changes}) > 1
    assert order == sorted(order)


def test_the_order_of_a_template_changes_nothing():
    def shuffled(value, seed):
        if isinstance(value, dict):
            keys = list(value)
            random.Random(seed).shuffle(keys)
            return {key: shuffled(value[key], seed) for key in keys}
        if isinstance(value, list):
            return [shuffled(one, seed) for one in value]
        return value

    after = copy.deepcopy(MAXIMAL)
    del after["Resources"]["MonitoringTopic2EDA8B02"]
    after["Resources"]["Other"] = resource("AWS::Foo::Bar")
    expected = told(stack(MAXIMAL), stack(after))
    assert expected
    for seed in range(3):
        both = (stack(shuffled(one, seed)) for one in (MAXIMAL, after))
        assert told(*both) == expected


def many_stacks(count, **about):
    rules = {f"R{n}": resource(f"AWS::Foo::Bar{n}") for n in range(20)}
    before = [stack(name=f"s-cdn-e{number}") for number in range(count)]
    after = [stack(template(**rules), one.name, **about) for one in before]
    return before, after


def test_a_summary_is_bounded_and_says_how_many_more():
    before, after = many_stacks(30)
    changes = summarize(pack(*before), pack(*after))
    assert len(changes) == MOST_CHANGES + 1
    assert str(changes[-1]).endswith("and 100 more changes")


def test_what_stops_is_never_cut():
    before, after = many_stacks(30)
    last = [
        stack(one.template, f"z-cdn-z{number}", termination_protection=True)
        for number, one in enumerate(before)
    ]
    freed = [stack(one.template, one.name) for one in last]
    changes = summarize(pack(*before, *last), pack(*after, *freed))
    assert sum(one.stop is not None for one in changes) == len(last)
    assert len(changes) == MOST_CHANGES + 1


ODD = st.sampled_from(
    (
        *(None, "", "*", "\ud800", "@everyone <b>**x**</b>\n\u202e", "x" * 5000),
        *(-1, 10**30, 1.5, float("nan"), True, [], {}, [[]], {"": ""}),
        {"Ref": "CdnStaticCachePolicy4653F4A2"},
        {"Ref": "AWS::NoValue"},
        {"Fn::GetAtt": [1, 2]},
        {"Fn::If": ["C", {}, []]},
        {"Fn::Sub": ["${A}", []]},
        {"Type": "AWS::S3::Bucket", "Properties": None},
        {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": [1]}},
        {"Type": 5},
        {"Statement": [None, {"Principal": {"AWS": [{}]}, "Condition": {"a": 1}}]},
    )
)


def places(value, path=()):
    yield path
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, one in inside:
        yield from places(one, (*path, key))


FULL = copy.deepcopy(MAXIMAL)
FULL["Resources"] |= json.loads(
    (SNAPSHOTS / "lab-cdn-bucket.template.json").read_text("utf-8")
)["Resources"]
FULL["Parameters"] = {"P": {"Type": "CommaDelimitedList", "Default": "a,b"}}
FULL["Mappings"] = {"M": {"us-east-1": {"a": "b"}}}
FULL["Conditions"] = {"C": {"Fn::Equals": [{"Ref": "P"}, "b"]}}
FULL["Resources"]["W"] = resource(
    "AWS::WAFv2::WebACL",
    {
        "DefaultAction": {"Block": {}},
        "Rules": [{"Name": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "a"]}}],
        "Description": {"Fn::Sub": ["${P} ${Q}", {"Q": {"Ref": "P"}}]},
    },
    Condition="C",
)
PLACES = [path for path in places(FULL) if path]


@FAST
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=4))
def test_anything_at_any_place_gives_bounded_lines_both_ways(damages):
    damaged = copy.deepcopy(FULL)
    for path, value in damages:
        inside = damaged
        try:
            for key in path[:-1]:
                inside = inside[key]
            inside[path[-1]] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue
    before, after = pack(stack(FULL)), pack(stack(damaged))
    for first, second in ((before, after), (after, before)):
        for change in summarize(first, second):
            assert len(str(change)) <= LONGEST_LINE
            assert bool(change.fingerprint) == bool(change.stop)
    assert summarize(after, after) == []


def large(count):
    """As many resources, all of which refer to one, and one to all."""
    names = [f"R{number}" for number in range(count)]
    text = "x" * 2000
    queues = {
        name: resource("AWS::SQS::Queue", {"A": {"Ref": "Hub"}, "Text": text + name})
        for name in names
    }
    hub = resource("AWS::Foo::Bar", {"All": [{"Ref": name} for name in names]})
    edges = {f"E{number}": distribution("media") for number in range(count // 20)}
    return template(Hub=hub, **queues, **edges)


def seconds(count):
    before, after = large(count), large(count)
    for number in range(count):
        after["Resources"][f"S{number}"] = after["Resources"].pop(f"R{number}")
    start = time.process_time()
    summarize(pack(stack(before)), pack(stack(after)))
    return time.process_time() - start


def test_time_grows_with_the_size_of_a_template_and_not_faster():
    seconds(20)
    small, big = min(seconds(100) for _ in range(3)), seconds(1000)
    assert big < 30 * small + 0.5
