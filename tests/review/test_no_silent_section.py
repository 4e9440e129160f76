from __future__ import annotations

import pytest
from leaves_support import GONE, at, put, templates
from review_support import told

# What stands around the properties of resources.


def places(section):
    """Each entry of a section of a template."""
    return [
        pytest.param(source, name, id=f"{source}-{name}")
        for source, template in templates().items()
        for name in template.get(section, {})
    ]


def both_ways(source, path, value):
    before = templates()[source]
    after = put(before, path, value)
    return told(before, after), told(after, before)


def is_named(name, lines):
    return any(name.lower() in line.lower() for line in lines)


# --- Conditions ---


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("IsProd", {"Fn::Equals": [{"Ref": "Stage"}, "test"]}),
        ("IsProd", {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "prod"]}]}),
        ("IsOpen", {"Fn::Equals": [{"Ref": "Open"}, "maybe"]}),
        ("HasShield", {"Fn::Equals": [{"Ref": "Region2"}, ""]}),
        (
            "HasDownloads",
            {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsOpen"}]},
        ),
        ("IsPublicTest", {"Condition": "IsOpen"}),
    ],
)
def test_another_definition_of_a_condition_is_told(name, other):
    there, back = both_ways("conditions", ("Conditions", name), other)
    assert there
    assert back


# --- Outputs ---


@pytest.mark.parametrize(("source", "name"), places("Outputs"))
def test_an_output_that_changes_is_told(source, name):
    path = ("Outputs", name)
    for place, value in (
        (path, GONE),
        ((*path, "Value"), "another"),
        ((*path, "Value"), {"Fn::ImportValue": "another"}),
        ((*path, "Export"), {"Name": "another"}),
    ):
        there, back = both_ways(source, place, value)
        assert is_named(name, there), value
        assert is_named(name, back), value
        assert there != back


# --- Parameters and mappings ---


@pytest.mark.parametrize(
    ("source", "name", "default", "setting"),
    [
        ("imports", "OriginName", "other.example.com", "other.example.com"),
        ("imports", "CacheSeconds", 60, "1 hour"),
        ("imports", "Locations", "DE", "FR"),
        ("imports", "Certificate", "/cdn/other", "certificate"),
        ("records", "Target", "d999999abcdef8.cloudfront.net", "d999999abcdef8"),
        (
            "tenants",
            "WholesaleAcl",
            "arn:aws:wafv2:us-east-1:1:global/webacl/x/1",
            "web ACL",
        ),
    ],
)
def test_the_default_of_a_parameter_is_told_where_a_setting_reads_it(
    source, name, default, setting
):
    for value in (default, GONE):
        there, back = both_ways(source, ("Parameters", name, "Default"), value)
        for lines in (there, back):
            assert is_named(name, lines) or is_named(setting, lines), value
        assert there != back


def test_the_default_of_a_hidden_parameter_is_told_and_not_shown():
    path = ("Parameters", "Verify", "Default")
    for lines in both_ways("imports", path, "another that nobody may read"):
        assert lines
        assert not is_named("nobody may read", lines)


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("Names", "live", "aliases", 0), "other.example.com", "other.example.com"),
        (
            ("Names", "live", "acl"),
            "arn:aws:wafv2:us-east-1:1:global/webacl/x/1",
            "web ACL",
        ),
        (("Regions", "us-east-1", "open"), "false", "logged-in"),
        (("Regions", "eu-west-1", "shield"), "eu-west-2", "eu-west-2"),
    ],
)
def test_a_mapping_is_told_where_a_setting_reads_it(path, value, word):
    there, back = both_ways("imports", ("Mappings", *path), value)
    assert is_named(word, there) or is_named("mapping", there)
    assert back
    assert there != back


# --- Resources as a whole ---

RESOURCES = [
    (source, name)
    for source in (
        "whole-site",
        "edge-code",
        "private-bucket",
        "records",
        "web-acl",
        "logged",
        "tenants",
        "buckets",
    )
    for name, resource in templates()[source]["Resources"].items()
    if resource["Type"]
    not in ("AWS::Lambda::Version", "AWS::IAM::Role", "AWS::CDK::Metadata")
]


@pytest.mark.parametrize(("source", "name"), RESOURCES, ids=map("-".join, RESOURCES))
def test_a_resource_that_comes_or_goes_is_told(source, name):
    there, back = both_ways(source, ("Resources", name), GONE)
    assert there
    assert back
    assert there != back


@pytest.mark.parametrize(("source", "name"), RESOURCES, ids=map("-".join, RESOURCES))
def test_a_resource_that_is_put_under_a_condition_is_told(source, name):
    template = {
        **templates()[source],
        "Conditions": {
            "Sometimes": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}
        },
    }
    after = put(template, ("Resources", name, "Condition"), "Sometimes")
    assert told(template, after)
    assert told(after, template)


@pytest.mark.parametrize(
    ("source", "name", "attribute"),
    [
        ("conditions", "Spare", "DeletionPolicy"),
        ("conditions", "Spare", "UpdateReplacePolicy"),
        ("buckets", "Media", "DeletionPolicy"),
        ("buckets", "Media", "UpdateReplacePolicy"),
        ("private-bucket", "Files8E6940B8", "DeletionPolicy"),
    ],
)
def test_what_keeps_a_resource_in_the_account_is_told(source, name, attribute):
    path = ("Resources", name, attribute)
    assert at(templates()[source], path) == "Retain"
    for value in (GONE, "Delete"):
        there, back = both_ways(source, path, value)
        assert there
        assert back
        assert there != back


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("DependsOn", ["Cache"]), ("Metadata", {"aws:cdk:path": "shop/Edge"})],
)
def test_what_has_no_effect_on_a_resource_is_no_change(attribute, value):
    path = ("Resources", "Shop", attribute)
    assert both_ways("imports", path, value) == ([], [])


def test_a_macro_is_told():
    for value in (
        GONE,
        "Another::Macro",
        ["AWS::LanguageExtensions", "Another::Macro"],
    ):
        there, back = both_ways("logged", ("Transform",), value)
        assert there
        assert back
        assert there != back


# --- Order ---

BEHAVIORS = ("Resources", "Edge", "Properties", "DistributionConfig", "CacheBehaviors")


def swapped(source, path, first, second):
    values = list(at(templates()[source], path))
    values[first], values[second] = values[second], values[first]
    return both_ways(source, path, values)


def test_the_order_of_behaviors_is_told_where_their_patterns_overlap():
    there, back = swapped("logged", BEHAVIORS, 0, 1)
    assert any("m3u8" in line for line in there)
    assert back
    assert there != back


def test_the_order_of_behaviors_that_share_no_path_is_no_change():
    assert swapped("logged", BEHAVIORS, 1, 2) == ([], [])


@pytest.mark.parametrize("group", [0, 1])
def test_the_order_of_the_origins_of_a_group_is_told(group):
    groups = (
        "Resources",
        "Edge",
        "Properties",
        "DistributionConfig",
        "OriginGroups",
        "Items",
    )
    there, back = swapped("logged", (*groups, group, "Members", "Items"), 0, 1)
    assert any("two.example.com" in line for line in there)
    assert there != back


def test_the_order_of_rules_follows_their_priority():
    rules = ("Resources", "Acl", "Properties", "Rules")
    assert swapped("web-acl", rules, 0, 3) == ([], [])
    values = list(at(templates()["web-acl"], rules))
    for first, second in ((0, 5),):
        values[first] = {**values[first], "Priority": values[second]["Priority"]}
        values[second] = {**values[second], "Priority": 0}
    there, back = both_ways("web-acl", rules, values)
    assert any("priority" in line.lower() for line in there)
    assert back
