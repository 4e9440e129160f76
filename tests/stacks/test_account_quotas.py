"""How much of an account's room an app takes, said at synth."""

from __future__ import annotations

import aws_cdk as cdk
from cdk_support import new_app, read
from environments import MINIMAL

from stacks import CdnStack
from stacks.cdn_stack import note_quotas


def noted(*stacks):
    """What is said of stacks with so many resources of CloudFront, by stack."""
    app = new_app()
    for index, counts in enumerate(stacks):
        stack = cdk.Stack(app, f"s{index}")
        for kind, number in counts.items():
            for place in range(number):
                identity = f"{kind}{place}"
                cdk.CfnResource(stack, identity, type=f"AWS::CloudFront::{kind}")
    return notes_of(app)


def notes_of(app):
    note_quotas(app)
    found = {}
    for stack in app.node.children:
        for entry in stack.node.metadata:
            if entry.type in ("aws:cdk:info", "aws:cdk:warning"):
                text = str(entry.data).partition(" [ack:")[0]
                found[stack.node.id] = (entry.type.removeprefix("aws:cdk:"), text)
    return found


def test_the_app_says_in_one_line_how_many_policies_it_takes_of_an_account():
    apart = {**MINIMAL, "account": "111122223333"}
    app = new_app()
    environments = {"prod": apart, "dev": MINIMAL, "qa": MINIMAL}
    for described in read(environments=environments):
        CdnStack(app, described.stack_name, environment=described)
    assert notes_of(app) == {
        "mysite-cdn-dev": ("info", "4 of 20 cache policies of its account")
    }


def test_an_account_is_named_where_it_is_known():
    app = new_app()
    (described,) = read({"account": "111122223333"})
    CdnStack(app, described.stack_name, environment=described)
    assert notes_of(app) == {
        "mysite-cdn-prod": ("info", "2 of 20 cache policies of account 111122223333")
    }


def test_more_policies_than_an_account_has_room_for_are_a_warning_on_each_stack():
    notes = noted(*[{"CachePolicy": 7}] * 3)
    assert len(notes) == 3
    for level, text in notes.values():
        assert level == "warning"
        assert text.startswith("21 of 20 cache policies of its account, over all ")


def test_as_many_policies_as_an_account_has_room_for_are_no_warning():
    assert noted({"CachePolicy": 9}, {"CachePolicy": 11}) == {
        "s0": ("info", "20 of 20 cache policies of its account")
    }


def test_each_kind_is_counted_against_its_own_quota():
    for kind, quota, noun in (
        ("VpcOrigin", 25, "VPC origins"),
        ("PublicKey", 10, "public keys"),
        ("KeyGroup", 10, "key groups"),
        ("ResponseHeadersPolicy", 20, "response headers policies"),
    ):
        note = f"{quota} of {quota} {noun} of its account"
        assert noted({kind: quota, "CachePolicy": 1}) == {"s0": ("info", note)}
        assert noted({kind: quota + 1})["s0"][0] == "warning"


def test_an_app_without_policies_of_its_own_says_nothing():
    assert noted() == noted({}) == noted({"Distribution": 3}) == {}
