"""Which part a resource plays: by what it does, not by its logical id."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from review_resources_support import (
    distribution,
    policy,
    resource,
    stack,
    template,
)

from cdn_review.summary.matching import match
from cdn_review.summary.roles import Roles

SNAPSHOTS = Path(__file__).with_name("snapshots")
MAXIMAL = json.loads((SNAPSHOTS / "lab-cdn-maximal.template.json").read_text("utf-8"))


def roles(**resources):
    return Roles.of({"Resources": resources}).by_id


def with_policy(half, name):
    one = distribution(half)
    config = one["Properties"]["DistributionConfig"]
    config["DefaultCacheBehavior"]["CachePolicyId"] = {"Ref": name}
    return one


@pytest.mark.parametrize("half", ["static", "media", "private"])
def test_the_header_says_which_half_a_distribution_is(half):
    assert roles(Any1=distribution(half))["Any1"] == f"{half} distribution"


def test_the_header_outweighs_output_and_logical_id():
    given = {
        "Resources": {"CdnMediaDistribution42E33823": distribution("static")},
        "Outputs": {
            "MediaDistributionId": {"Value": {"Ref": "CdnMediaDistribution42E33823"}}
        },
    }
    assert {*Roles.of(given).by_id.values()} == {"static distribution"}


def test_an_output_outweighs_the_logical_id():
    name = "CdnMediaDistribution42E33823"
    given = {
        "Resources": {name: distribution("")},
        "Outputs": {"PrivateDistributionId": {"Value": {"Ref": name}}},
    }
    assert Roles.of(given).by_id[name] == "private distribution"


def test_a_logical_id_is_the_last_hint_to_a_half():
    found = roles(CdnMediaDistribution42E33823=distribution(""))
    assert [*found.values()] == ["media distribution"]


@pytest.mark.parametrize("header", ["", "*", "@everyone", "admin"])
def test_a_header_of_another_value_makes_no_half(header):
    assert roles(Edge=distribution(header))["Edge"] == "distribution"


def test_several_pairs_are_told_apart_by_where_they_are():
    found = roles(
        ShopStaticDistribution54E0030E=distribution("static"),
        ForumStaticDistribution12345678=distribution("static"),
        ForumMediaDistribution12345678=distribution("media"),
    )
    assert sorted(found.values()) == [
        "media distribution",
        "static distribution (forum)",
        "static distribution (shop)",
    ]


def test_a_policy_is_called_after_the_distribution_that_uses_it():
    found = roles(Edge=with_policy("static", "Policy"), Policy=policy())
    assert found["Policy"] == "static cache policy"


def test_a_policy_of_two_distributions_is_shared():
    found = roles(
        Edge=with_policy("static", "Policy"),
        Other=with_policy("media", "Policy"),
        Policy=policy(),
    )
    assert found["Policy"] == "shared cache policy"


def test_a_policy_that_nobody_uses_is_just_one():
    assert roles(Edge=distribution(), Policy=policy())["Policy"] == "cache policy"


@pytest.mark.parametrize(
    "reference",
    [
        {"Fn::Sub": "arn:aws:cloudfront::1:distribution/${Edge}"},
        {"Fn::Join": ["", ["arn:aws:cloudfront::1:distribution/", {"Ref": "Edge"}]]},
        {"Fn::GetAtt": "Edge.Id"},
        {"Fn::If": ["Wide", {"Ref": "Edge"}, {"Ref": "AWS::NoValue"}]},
    ],
)
def test_a_reference_counts_however_it_is_written(reference):
    alarm = resource("AWS::CloudWatch::Alarm", {"Dimensions": [reference]})
    assert roles(Edge=distribution("media"), Alarm=alarm)["Alarm"] == "media alarm"


def test_the_keys_of_a_group_belong_to_the_half_that_trusts_it():
    found = Roles.of(MAXIMAL).by_id
    assert found["CdnPrivateSigning2026aF6FFCAAF"] == "private signing key"
    assert found["CdnPrivateSigningKeyGroupE8E68552"] == "private key group"


def test_an_unknown_type_is_called_by_itself():
    assert roles(A=resource("AWS::Foo::Bar"))["A"] == "other resource (AWS Foo Bar)"


def test_every_role_is_of_one_resource_alone_and_harmless():
    hostile = {
        f"x{number}": resource(kind, {"Name": name})
        for number, (kind, name) in enumerate(
            [
                ("AWS::Route53::RecordSet", "@everyone <b>"),
                ("AWS::Route53::RecordSet", "@everyone <b>"),
                ("AWS::Route53::RecordSet", "x" * 5000),
                ("[x](javascript:1)", "**b**"),
                ("\u202e::::" + "y" * 200, ""),
                ("", ""),
            ]
        )
    }
    for found in (Roles.of(MAXIMAL).by_id, roles(**hostile)):
        assert len({*found.values()}) == len(found)
        for role in found.values():
            assert re.fullmatch(r"[A-Za-z0-9_/. ()-]{3,120}", role), role


def pairs(before, after):
    matches = match(*(stack(template(Edge=None, **one)) for one in (before, after)))
    return {(one.id_before, one.id_after) for one in matches}


def test_a_logical_id_of_the_same_type_is_the_same_resource():
    assert pairs({"A": distribution("static")}, {"A": distribution("media")}) == {
        ("A", "A")
    }


def test_a_logical_id_of_another_type_is_not():
    assert pairs({"A": policy()}, {"A": resource("AWS::SNS::Topic")}) == {
        ("A", ""),
        ("", "A"),
    }


def test_what_comes_in_the_part_of_what_goes_replaces_it():
    assert pairs({"A": distribution()}, {"B": distribution()}) == {("A", "B")}


def test_a_distribution_is_found_by_its_domain_names_whatever_half_it_is():
    names = ["static.example.com"]
    before = {"A": distribution("static", aliases=names)}
    after = {"B": distribution("media", aliases=names), "C": distribution("private")}
    assert pairs(before, after) == {("A", "B"), ("", "C")}


def test_the_number_of_a_role_tells_nothing():
    rule = resource("AWS::Events::Rule")
    before, after = {"A": rule, "B": rule}, {"B": rule, "C": rule}
    assert pairs(before, after) == {("B", "B"), ("A", "C")}


def test_policies_of_two_halves_are_not_taken_for_each_other():
    before = {"E": with_policy("static", "A"), "A": policy()}
    after = {"E": with_policy("media", "B"), "B": policy()}
    assert ("A", "B") not in pairs(before, after)
    assert ("E", "E") in pairs(before, after)
