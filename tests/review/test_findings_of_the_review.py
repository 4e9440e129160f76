"""Changes of a small shop that a reader must hear of, both ways."""

from __future__ import annotations

import copy
import re

import pytest
from review_support import blocks, read, review, shop, side, told, words

from cdn_review.change import to_text
from cdn_review.compare import compare
from cdn_review.snapshot import Snapshot, stack_of

COMPUTED = ({"Fn::ImportValue": "x"}, "{{resolve:ssm:x}}", {"Ref": "Given"})
GIVEN = {
    "Parameters": {
        "Given": {"Type": "String"},
        "NoAcl": {"Type": "String", "Default": ""},
    }
}
ROWS = [
    pytest.param(row, id=f"{title}-{number}")
    for title, rows in read("findings.yml").items()
    for number, row in enumerate(rows)
]
# What no sentence has: notation, and a value instead of itself.
UNPLAIN = re.compile(
    r"\b1 (times|keys|seconds|days)\b|None|''|  | but instead|True|\[\]|\{\}"
    r"|(.{12,}) instead of \2(?! and|,)"
)


def sides(row):
    """The two templates, for each notation of a computed value."""
    for computed in COMPUTED if "COMPUTED" in row.values() else (None,):
        yield tuple(
            shop(row.get("with", {}), changes(row, key, computed), **GIVEN)
            for key in ("was", "is")
        )


def changes(row, key, computed):
    if key not in row:
        return {}
    value = computed if row[key] == "COMPUTED" else row[key]
    return {row["at"]: value} if "at" in row else value


@pytest.mark.parametrize("row", ROWS)
def test_a_change_is_told_and_blocks_as_it_must(row):
    for before, after in sides(row):
        there, back = review(before, after), review(after, before)
        for found, expected in (
            (there, row.get("there", "line")),
            (back, row.get("back", "line")),
        ):
            assert bool(found) == (expected != "silence")
            reasons = {str(one.block) for one in found if one.block}
            wanted = {expected} if isinstance(expected, str) else {*expected}
            assert wanted == {"ANY"} or reasons == wanted - {"line", "silence"}
            assert not any(UNPLAIN.search(words(one)) for one in found)
            if "hides" in row:
                assert not any(re.search(row["hides"], str(one)) for one in found)
            if "says" in row:
                assert any(re.search(row["says"], words(one), re.I) for one in found)
            assert all(row.get("role", "") in one.role for one in found)
            assert len(found) == row.get("lines", len(found))
        if "notes" in row:
            assert any(re.search(row["notes"], words(one)) for one in there)
        is_told_apart = [*map(words, there)] != [*map(words, back)]
        assert is_told_apart or not there or row.get("same")
        if "tag" in row:
            marked = {str(tag) for one in there for tag in one.tags}
            assert row["tag"] in marked if row["tag"] else not marked


def test_each_value_of_an_origin_header_is_told_and_hidden():
    """R5."""

    def template(word):
        headers = [
            {"HeaderName": f"X-{number}", "HeaderValue": f"{word}{number}.example.com"}
            for number in range(256)
        ]
        return shop({"Edge Origins 0 OriginCustomHeaders": headers})

    found = told(template("origin"), template("server"))
    assert sum("another value" in line for line in found) == 256
    assert "example.com" not in str(found)


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({}, "is new and empty"),
        (
            {"Files": {"Type": "AWS::S3::Bucket"}, "Say": {"Type": "AWS::SNS::Topic"}},
            "is new and has no distribution, only 'AWS::S3::Bucket' and 'AWS::SNS::Topic'",
        ),
    ],
)
def test_a_new_stack_without_a_distribution_says_what_it_has(resources, words):
    (line,) = compare(Snapshot(stacks={}), side({"Resources": resources}))
    assert to_text(line.message) == words


# --- R11 ---


def conditional(stage, place, *values):
    return shop(
        {
            place: {"Fn::If": ["IsProd", *values]},
            "Other": {"Type": "SQS::Queue", "D": 1},
        },
        Parameters={"Env": {"Type": "String"}},
        Conditions={"IsProd": {"Fn::Equals": [{"Ref": "Env"}, stage]}},
    )


@pytest.mark.parametrize(("before", "after"), [("prod", "dev"), ("dev", "prod")])
def test_another_definition_of_a_condition_that_selects_a_setting_blocks(before, after):
    policy = (
        "Edge DefaultCacheBehavior ViewerProtocolPolicy",
        "https-only",
        "allow-all",
    )
    assert blocks(conditional(before, *policy), conditional(after, *policy)) == {
        "protection-dropped"
    }
    other = ("Code Name", "a", "b")
    assert blocks(conditional(before, *other), conditional(after, *other)) == set()


# --- R20 ---


def test_one_change_of_three_distributions_has_one_fingerprint():
    def fingerprints(countries):
        def template(locations):
            geo = {"RestrictionType": "whitelist", "Locations": locations}
            made = shop({"Edge Restrictions": {"GeoRestriction": geo}})
            for name in ("second", "third"):
                edge = copy.deepcopy(made["Resources"]["Edge"])
                config = edge["Properties"]["DistributionConfig"]
                config["Aliases"] = [f"{name}.example.com"]
                made["Resources"][name.title()] = edge
            return made

        found = review(template(["DE"]), template(countries))
        return {one.fingerprint for one in found if one.block}

    (first,), (second,) = fingerprints(["DE", "FR"]), fingerprints(["DE", "GB"])
    assert first != second


def test_an_equal_setting_that_names_the_region_changes_with_it():
    template = shop({"Edge Origins 0 DomainName": {"Fn::Sub": "${AWS::Region}.a.com"}})

    def in_region(region):
        return Snapshot(stacks={"s": stack_of(template, name="s", region=region)})

    found = compare(in_region("eu-west-1"), in_region("us-east-1"))
    assert any("'us-east-1.a.com' instead of" in str(one) for one in found)


# --- R28 ---


def test_a_mapping_counts_where_a_setting_reads_it():
    def template(place, found, *regions):
        value = {"Fn::FindInMap": ["Runtimes", {"Ref": "AWS::Region"}, "value"]}
        mapping = {name: {"value": found} for name in ("us-east-1", *regions)}
        function = {"Type": "Lambda::Function", "Handler": "index.handler"}
        return shop(
            {"Provider": function, place: value}, Mappings={"Runtimes": mapping}
        )

    reader = ("Provider Runtime", "nodejs22.x")
    assert told(template(*reader), template(*reader, "mx-central-1")) == []
    name = "Edge Origins 0 DomainName"
    assert told(template(name, "a.example.com"), template(name, "b.example.com"))


@pytest.mark.parametrize(
    "changes",
    [
        {"Own": {"Type": "S3::Bucket", "BucketName": {"Fn::Join": []}}},
        {"Own": {"Type": "S3::Bucket", "BucketName": {"Fn::Join": ["", 5]}}},
        {"Own": {"Type": "S3::Bucket", "BucketName": {"Fn::GetAtt": []}}},
        {"Edge Aliases": 5},
        {},
    ],
    ids=str,
)
def test_damaged_templates_are_compared_all_the_same(changes):
    damaged = shop(changes, Conditions={"A": "x"})
    if not changes:
        damaged["Resources"]["Edge"]["Condition"] = "A"
    renamed = copy.deepcopy(damaged)
    renamed["Resources"]["Renamed"] = renamed["Resources"].pop("Edge")
    for before, after in ((shop(), damaged), (damaged, shop()), (damaged, renamed)):
        assert told(before, after)


# --- Parameters ---


def of_parameter(place, **parameter):
    parameters = {"Given": {"Type": "String", **parameter}}
    return shop({place: {"Ref": "Given"}}, Parameters=parameters)


@pytest.mark.parametrize("place", ["Files BucketName", "Certificate DomainName"])
def test_an_empty_default_replaces_nothing(place):
    without, empty = of_parameter(place), of_parameter(place, Default="")
    assert told(without, empty) == told(empty, without) == []


def test_a_parameter_with_the_earlier_value_by_default_can_have_another():
    place = "Edge ViewerCertificate MinimumProtocolVersion"
    literal = shop({place: "TLSv1.2_2021"})
    given = of_parameter(place, Default="TLSv1.2_2021")
    (line,) = told(literal, given)
    assert "a deploy can set another value" in line
    (line,) = told(given, literal)
    assert "a deploy can no longer set another value" in line


LONG = "x" * 130


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{LONG}a", f"{LONG}b"),
        ("a b", "a  b"),
        ("a b", "a\u200bb"),
        ([f"{LONG}a"], [f"{LONG}b"]),
        ([*"abcdefghijklmn"], [*"abcdefghijklmo"]),
        ({"Fn::Sub": f"{LONG}${{A}}"}, {"Fn::Sub": f"{LONG}${{B}}"}),
    ],
)
def test_two_values_never_read_the_same(before, after):
    (line,) = told(shop({"Edge Other": before}), shop({"Edge Other": after}))
    new, old = re.fullmatch(r".*? is (.*) instead of (.*)", line).groups()
    assert new != old
