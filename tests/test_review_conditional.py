"""Settings under conditions, and values that are written in another way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdn_review.packs import Stack
from cdn_review.packs.preparing import prepare
from cdn_review.summary import Stop
from cdn_review.summary.summarize import summarize

SNAPSHOTS = Path(__file__).with_name("snapshots")
CONDITIONS = {name: {"Fn::Equals": ["a", name]} for name in ("One", "Two")}
ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/1234-abcd"
NONE = {"Ref": "AWS::NoValue"}


def template(name="minimal"):
    path = SNAPSHOTS / f"lab-cdn-{name}.template.json"
    return {**json.loads(path.read_text("utf-8")), "Conditions": CONDITIONS}


def static(found):
    resource = found["Resources"]["CdnStaticDistributionF1B2E7F9"]
    return resource["Properties"]["DistributionConfig"]


def said(before, after):
    packs = [
        prepare([Stack(name="mysite-cdn-prod", template=one)])
        for one in (before, after)
    ]
    return summarize(*packs)


def with_acl(value):
    found = template()
    static(found)["WebACLId"] = value
    return found


def either(name, first, second):
    return {"Fn::If": [name, first, second]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (either("One", ACL, NONE), either("Two", ACL, NONE)),
        (ACL, either("One", either("Two", ACL, NONE), ACL)),
        (
            either("One", either("Two", ACL, NONE), ACL),
            either("One", either("Two", NONE, ACL), ACL),
        ),
    ],
    ids=["another condition", "one in another", "the other way round"],
)
def test_what_cannot_be_compared_side_by_side_stops(before, after):
    changes = said(with_acl(before), with_acl(after))
    assert any(one.stop for one in changes)
    assert "settings depend on conditions in another way" in str(
        list(map(str, changes))
    )


@pytest.mark.parametrize(
    "value",
    [either("One", ACL, NONE), either("One", either("Two", ACL, NONE), ACL)],
    ids=["one", "one in another"],
)
def test_the_same_conditions_are_no_change(value):
    assert said(with_acl(value), with_acl(value)) == []


def test_two_sides_that_can_be_compared_are():
    (change,) = said(with_acl(ACL), with_acl(either("One", ACL, NONE)))
    assert change.stop is Stop.ACCESS_WIDENED
    assert "no longer filtered by a web ACL" in str(change)


def test_whom_a_distribution_trusts_is_shown():
    before, after = template(), template()
    for found, store in ((before, "ts-1"), (after, "ts-2")):
        static(found)["ViewerMtlsConfig"] = {
            "Mode": "required",
            "TrustStoreConfig": {"TrustStoreId": store},
        }
    (change,) = said(before, after)
    assert "ViewerMtlsConfig" in str(change)


def test_a_key_is_the_same_without_its_last_line_end():
    before, after = template("maximal"), template("maximal")
    keys = [
        one["Properties"]["PublicKeyConfig"]
        for one in after["Resources"].values()
        if one["Type"] == "AWS::CloudFront::PublicKey"
    ]
    for key in keys:
        key["EncodedKey"] = key["EncodedKey"].rstrip()
    assert keys
    assert said(before, after) == []


def test_a_condition_of_a_policy_may_be_written_as_text_or_not():
    before, after = template("bucket"), template("bucket")
    for one in after["Resources"].values():
        if one["Type"] == "AWS::S3::BucketPolicy":
            for statement in one["Properties"]["PolicyDocument"]["Statement"]:
                if "Bool" in statement.get("Condition", {}):
                    statement["Condition"]["Bool"]["aws:SecureTransport"] = [False]
    assert before != after
    assert [one.stop for one in said(before, after) if one.stop] == []
