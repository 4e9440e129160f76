"""Intrinsic functions and conditions of templates."""

from __future__ import annotations

import pytest

from cdn_model.distribution import DISTRIBUTION, distributions
from cdn_model.intrinsics import Resolver, assignments, describe_condition


def equals(parameter, literal):
    return {"Fn::Equals": [{"Ref": parameter}, literal]}


IS_PROD = equals("Stage", "prod")
NO_VALUE = {"Ref": "AWS::NoValue"}


def conditional(conditions, price):
    """A template with a distribution whose price class depends on conditions."""
    config = {"PriceClass": price, "Origins": [], "DefaultCacheBehavior": {}}
    properties = {"DistributionConfig": config}
    edge = {"Type": DISTRIBUTION, "Properties": properties}
    return {"Conditions": conditions, "Resources": {"Edge": edge}}


def read(template, assignment):
    resolver = Resolver(template, assignment=assignment)
    return distributions(resolver.resources())["Edge"].config


def choices_of(*templates):
    return assignments(*((one, [one["Resources"]]) for one in templates))


@pytest.mark.parametrize(
    ("conditions", "price", "prices"),
    [
        ({}, "some", ["some"]),
        ({"IsProd": IS_PROD}, {"Fn::If": ["IsProd", "All", "few"]}, ["All", "few"]),
        (
            {"IsProd": IS_PROD},
            {"Fn::If": ["IsProd", NO_VALUE, "few"]},
            ["PriceClass_All", "few"],
        ),
        # A parameter equals one of two literals at most.
        (
            {"IsProd": IS_PROD, "IsTest": equals("Stage", "test")},
            {"Fn::If": ["IsProd", "All", {"Fn::If": ["IsTest", "some", "few"]}]},
            ["All", "some", "few"],
        ),
        (
            {"IsProd": IS_PROD, "Made": {"Fn::Not": [{"Condition": "IsProd"}]}},
            {"Fn::If": ["Made", "All", "few"]},
            ["few", "All"],
        ),
        (
            {"Made": {"Fn::And": [IS_PROD, {"Fn::Equals": ["a", "a"]}]}},
            {"Fn::If": ["Made", "All", "few"]},
            ["All", "few"],
        ),
        (
            {"Made": {"Fn::Or": [IS_PROD, {"Fn::Equals": ["a", "b"]}]}},
            {"Fn::If": ["Made", "All", "few"]},
            ["All", "few"],
        ),
    ],
    ids=["none", "one", "no value", "two literals", "not", "and", "or"],
)
def test_each_choice_of_the_conditions_is_read(conditions, price, prices):
    template = conditional(conditions, price)
    found = [read(template, each) for each in choices_of(template)]
    assert [config["PriceClass"] for config in found] == prices


def test_a_renamed_condition_is_the_same_and_another_definition_is_another():
    def of(name, definition):
        return conditional({name: definition}, {"Fn::If": [name, "All", "few"]})

    one, renamed = of("IsProd", IS_PROD), of("Prod", IS_PROD)
    choices = choices_of(one, renamed)
    assert len(choices) == 2
    for choice in choices:
        assert read(one, choice) == read(renamed, choice)
    assert len(choices_of(one, of("IsProd", equals("Open", "yes")))) == 4


def test_a_resource_exists_where_its_condition_holds():
    template = conditional({"IsProd": IS_PROD}, "All")
    template["Resources"]["Edge"]["Condition"] = "IsProd"
    found = [Resolver(template, assignment=each) for each in choices_of(template)]
    assert ["Edge" in one.resources() for one in found] == [True, False]


def test_a_condition_is_described_by_its_parameter_or_by_its_name():
    same = {"Fn::Equals": [{"Ref": "A"}, {"Ref": "B"}]}
    price = {"Fn::If": ["IsProd", {"Fn::If": ["Same", "a", "b"]}, "c"]}
    template = conditional({"IsProd": IS_PROD, "Same": same}, price)
    (choice, *_) = choices_of(template)
    described = {describe_condition(atom, [template]) for atom in choice}
    assert described == {("parameter", "Stage", "prod"), ("condition", "Same", "")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Fn::Sub": "a-${Bucket}"}, {"Fn::Join": ["", ["a-", {"Ref": "Bucket"}]]}),
        ({"Fn::Sub": "${Bucket.Arn}"}, {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ({"Fn::GetAtt": "Bucket.Arn"}, {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ({"Fn::Sub": "arn:${AWS::Partition}:s3"}, "arn:aws:s3"),
        ({"Fn::Sub": ["${X}/b", {"X": "a"}]}, "a/b"),
        ({"Fn::Sub": "${!Literal}"}, "${Literal}"),
        ({"Fn::Join": ["-", ["a", "b"]]}, "a-b"),
        ({"Fn::FindInMap": ["M", "k", "v"]}, "mapped"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Name"}, {"Ref": {"Parameter": "Name", "Default": "a"}}),
    ],
)
def test_two_notations_of_a_value_are_one(one, other):
    template = {
        "Mappings": {"M": {"k": {"v": "mapped"}}},
        "Parameters": {"Name": {"Type": "String", "Default": "a"}},
    }
    resolver = Resolver(template, region="us-east-1")
    assert resolver.resolve(one) == resolver.resolve(other)


def test_the_region_stays_a_reference_where_it_is_not_known():
    assert Resolver({}).resolve({"Ref": "AWS::Region"}) == {"Ref": "AWS::Region"}


def test_a_hidden_parameter_is_compared_and_not_shown():
    def of(value):
        hidden = {"Type": "String", "NoEcho": True, "Default": value}
        return Resolver({"Parameters": {"Secret": hidden}}).resolve({"Ref": "Secret"})

    assert of("abc") == of("abc") != of("abd")
    assert "abc" not in str(of("abc"))
