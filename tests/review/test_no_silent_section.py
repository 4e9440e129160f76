"""What stands around the properties of resources."""

from __future__ import annotations

import pytest
import yaml
from leaves_support import GONE, at, put, templates
from review_support import told

ACL = "arn:aws:wafv2:us-east-1:1:global/webacl/x/1"
# A place of a template, other values for it (null takes it away), and what a line says of each.
PLACES = yaml.safe_load(f"""
conditions:
- [Conditions IsProd, {{"Fn::Equals": [{{Ref: Stage}}, test]}}]
- [Conditions IsProd, {{"Fn::Not": [{{"Fn::Equals": [{{Ref: Stage}}, prod]}}]}}]
- [Conditions IsOpen, {{"Fn::Equals": [{{Ref: Open}}, maybe]}}]
- [Conditions HasShield, {{"Fn::Equals": [{{Ref: Region2}}, ""]}}]
- [Conditions HasDownloads, {{"Fn::And": [{{Condition: IsProd}}, {{Condition: IsOpen}}]}}]
- [Conditions IsPublicTest, {{Condition: IsOpen}}]
- [Resources Spare DeletionPolicy, null]
- [Resources Spare DeletionPolicy, Delete]
- [Resources Spare UpdateReplacePolicy, null]
imports:
- [Parameters OriginName Default, other.example.com, OriginName|other.example.com]
- [Parameters OriginName Default, null, OriginName]
- [Parameters CacheSeconds Default, 60, CacheSeconds|1 hour]
- [Parameters Locations Default, DE, Locations|FR]
- [Parameters Certificate Default, /cdn/other, certificate]
- [Parameters Verify Default, another that nobody may read]
- [Mappings Names live aliases 0, other.example.com, other.example.com|mapping]
- [Mappings Names live acl, {ACL}, web ACL|mapping]
- [Mappings Regions us-east-1 open, "false", logged-in|mapping]
- [Mappings Regions eu-west-1 shield, eu-west-2, eu-west-2|mapping]
records:
- [Parameters Target Default, d999999abcdef8.cloudfront.net, d999999abcdef8]
- [Parameters Target Default, null, Target]
tenants:
- [Parameters WholesaleAcl Default, {ACL}, web ACL]
buckets:
- [Resources Media DeletionPolicy, null]
- [Resources Media UpdateReplacePolicy, Delete]
private-bucket:
- [Resources Files8E6940B8 DeletionPolicy, Delete]
logged:
- [Transform, null]
- [Transform, "Another::Macro"]
- [Transform, ["AWS::LanguageExtensions", "Another::Macro"]]
""")
ROWS = [(source, *row) for source, rows in PLACES.items() for row in rows] + [
    (source, f"Outputs {name}{place}", value, name)
    for source, template in templates().items()
    for name in template.get("Outputs", {})
    for place, value in (("", None), (" Value", "another"), (" Export", {"Name": "a"}))
]


def both_ways(source, path, value):
    before = templates()[source]
    after = put(before, path, value)
    return told(before, after), told(after, before)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}-{row[2]}")
def test_a_change_of_a_section_is_told(row):
    source, place, value, *said = row
    path = [int(step) if step.isdigit() else step for step in place.split()]
    there, back = both_ways(source, path, GONE if value is None else value)
    assert there and back
    # A definition of a condition has no words of its own.
    assert there != back or path[0] in ("Conditions", "Parameters")
    for alternatives in said:
        for lines in (there, back):
            found = str(lines).lower()
            assert any(word.lower() in found for word in alternatives.split("|"))
    assert "nobody may read" not in str(there + back)


SOURCES = (
    *("whole-site", "edge-code", "private-bucket", "records", "web-acl", "logged"),
    *("tenants", "buckets"),
)
UNSEEN = ("AWS::Lambda::Version", "AWS::IAM::Role", "AWS::CDK::Metadata")
RESOURCES = [
    (source, name)
    for source in SOURCES
    for name, resource in templates()[source]["Resources"].items()
    if resource["Type"] not in UNSEEN
]


@pytest.mark.parametrize(("source", "name"), RESOURCES, ids=map("-".join, RESOURCES))
def test_a_resource_that_comes_goes_or_gets_a_condition_is_told(source, name):
    there, back = both_ways(source, ("Resources", name), GONE)
    assert there and back and there != back
    sometimes = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}
    template = {**templates()[source], "Conditions": {"Sometimes": sometimes}}
    after = put(template, ("Resources", name, "Condition"), "Sometimes")
    assert told(template, after) and told(after, template)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("DependsOn", ["Cache"]), ("Metadata", {"aws:cdk:path": "shop/Edge"})],
)
def test_what_has_no_effect_on_a_resource_is_no_change(attribute, value):
    path = ("Resources", "Shop", attribute)
    assert both_ways("imports", path, value) == ([], [])


# --- Order ---

CONFIG = ("Resources", "Edge", "Properties", "DistributionConfig")


def swapped(source, path, first, second):
    values = list(at(templates()[source], path))
    values[first], values[second] = values[second], values[first]
    return both_ways(source, path, values)


def test_the_order_of_behaviors_is_told_where_their_patterns_overlap():
    there, back = swapped("logged", (*CONFIG, "CacheBehaviors"), 0, 1)
    assert "m3u8" in str(there)
    assert back and there != back
    assert swapped("logged", (*CONFIG, "CacheBehaviors"), 1, 2) == ([], [])


@pytest.mark.parametrize("group", [0, 1])
def test_the_order_of_the_origins_of_a_group_is_told(group):
    members = (*CONFIG, "OriginGroups", "Items", group, "Members", "Items")
    there, back = swapped("logged", members, 0, 1)
    assert "two.example.com" in str(there)
    assert there != back


def test_the_order_of_rules_follows_their_priority():
    rules = ("Resources", "Acl", "Properties", "Rules")
    assert swapped("web-acl", rules, 0, 3) == ([], [])
    values = list(at(templates()["web-acl"], rules))
    values[0], values[5] = (
        {**values[0], "Priority": values[5]["Priority"]},
        {**values[5], "Priority": 0},
    )
    there, back = both_ways("web-acl", rules, values)
    assert "priority" in str(there).lower()
    assert back
