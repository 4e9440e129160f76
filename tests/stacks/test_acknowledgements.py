"""The table of acknowledgements. That each matches a finding: test_judges.py."""

from __future__ import annotations

import re
from collections import Counter

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from cdk_support import ROOT, environment, new_app
from environments import MAXIMAL, MINIMAL
from keys_support import A

from stacks import CdnStack
from stacks.acknowledgements import ACKNOWLEDGEMENTS, acknowledge
from stacks.environment import KEYS

EACH = pytest.mark.parametrize(
    "one",
    ACKNOWLEDGEMENTS,
    ids=[f"{one.key}-{one.rules[0]}" for one in ACKNOWLEDGEMENTS],
)
# A rule of a pack begins with the pack's name; a guard rule's name ends with what it is.
RULE = (
    r"([A-Za-z0-9.]+)::\1-[A-Za-z0-9]+"
    r"|cdk-validator-cfnguard::[a-z0-9_]+_check"
)
STATIC, MEDIA, PRIVATE = (
    f"Cdn/{half}/Distribution" for half in ("Static", "Media", "Private")
)
BOTH = (STATIC, MEDIA)
PAGE = ROOT / "docs" / "security-checks.md"
CERTIFICATE = MAXIMAL["certificate_arn"]
BUCKET = {"cors": "any_origin", "media": {"bucket": {}}}
STATIC_BUCKET = {"cors": "any_origin", "static": {"bucket": {}}}
BUCKETS = {**BUCKET, **STATIC_BUCKET}
BY_NAME = {"cors": "any_origin", "media": {"bucket": {"name": "mysite-media"}}}
SIGNING = {"signing_keys": {"keys": {"2026a": A}, "signing_key": "2026a"}}
SIGNED = {"origin_secret": MAXIMAL["origin_secret"], "private": SIGNING}
FAILOVER = {
    "origin": {
        "domain_name": "www.example.com",
        "failover_domain_name": "www2.example.com",
    }
}


def places(rule, **values):
    """Where a rule is acknowledged in an environment."""
    (one,) = (one for one in ACKNOWLEDGEMENTS if any(rule in r for r in one.rules))
    return one.where(environment(**values))


@EACH
def test_rules_have_the_form_in_which_plugins_report_them(one):
    assert one.rules
    assert all(re.fullmatch(RULE, rule) for rule in one.rules)
    assert all(re.fullmatch(r"CKV2?_AWS_[0-9]+", rule) for rule in one.checkov)


@EACH
def test_a_reason_is_sentences_that_end_with_the_cure(one):
    *_, cure = re.split(r"(?<=\.) ", one.reason)
    assert re.fullmatch(r"[A-Z].{80,}\.", one.reason)
    assert re.search(
        rf"\b[Ss]ets? .*{re.escape(one.key)}\b|{re.escape(one.key)} ", cure
    )


@EACH
def test_the_key_is_one_of_cdk_json(one):
    assert one.key.partition(".")[0] in {*KEYS, "domain_names"}


def test_no_rule_is_acknowledged_twice():
    rules = Counter(
        rule for one in ACKNOWLEDGEMENTS for rule in (*one.rules, *one.checkov)
    )
    assert set(rules.values()) == {1}


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ("CFR4", {}, BOTH),
        (
            "CFR4",
            {
                "certificate_arn": CERTIFICATE,
                "static": {"domain_names": ["static.example.com"]},
            },
            (MEDIA,),
        ),
        (
            "CFR4",
            {
                "certificate_arn": CERTIFICATE,
                "static": {"domain_names": ["static.example.com"]},
                "media": {"domain_names": ["media.example.com"]},
            },
            (),
        ),
        ("CFR4", {"certificate_arn": CERTIFICATE}, BOTH),
        ("CFR3", {}, BOTH),
        ("CFR3", {"logs": {"bucket": "mysite-logs"}}, BOTH),
        ("CFR3", {"legacy_logs": {"bucket": "mysite-audit-logs"}}, ()),
        ("CFR2", {}, BOTH),
        ("CFR2", SIGNED, (*BOTH, PRIVATE)),
        ("CFR2", {"web_acl_arn": MAXIMAL["web_acl_arn"]}, ()),
        ("CFR1", {}, BOTH),
        ("CFR1", {"allowed_countries": ["DE"]}, ()),
        ("CFR1", {"denied_countries": ["AQ"]}, ()),
        ("failover", {}, BOTH),
        ("failover", FAILOVER, ()),
        ("failover", BUCKET, (STATIC,)),
        ("failover", STATIC_BUCKET, (MEDIA,)),
        ("failover", BUCKETS, ()),
        ("LogGroupEncrypted", {}, ()),
        ("LogGroupEncrypted", {"logs": {}}, ("Logs/LogGroup",)),
        ("LogGroupEncrypted", {"logs": {"bucket": "mysite-logs"}}, ()),
        ("retention_period", {}, ()),
        ("retention_period", {"logs": {"log_group_days": 180}}, ("Logs/LogGroup",)),
        ("retention_period", {"logs": {"log_group_days": 365}}, ()),
        ("retention_period", {"logs": {"bucket": "mysite-logs"}}, ()),
        ("SNSEncryptedKMS", {}, ()),
        ("SNSEncryptedKMS", {"monitoring": {}}, ()),
        (
            "SNSEncryptedKMS",
            {"monitoring": {"email": "ops@example.com"}},
            ("Monitoring/Topic",),
        ),
        (
            "SNSRedrivePolicy",
            {"monitoring": {"email": "ops@example.com"}},
            ("Monitoring/Subscription",),
        ),
        (
            "SNSRedrivePolicy",
            {"monitoring": {"topic_arn": "arn:aws:sns:us-east-1:111122223333:alarms"}},
            (),
        ),
        ("S3BucketReplication", {}, ()),
        ("S3BucketReplication", BUCKET, ("MediaBucket/Bucket",)),
        ("S3BucketReplication", STATIC_BUCKET, ("StaticBucket/Bucket",)),
        (
            "S3BucketReplication",
            BUCKETS,
            ("StaticBucket/Bucket", "MediaBucket/Bucket"),
        ),
        ("S3BucketReplication", BY_NAME, ()),
        (
            "S3BucketReplication",
            {**BY_NAME, **STATIC_BUCKET},
            ("StaticBucket/Bucket",),
        ),
    ],
)
def test_a_rule_is_acknowledged_only_where_its_input_is_absent(rule, values, expected):
    assert places(rule, **values) == expected


@pytest.mark.parametrize(
    "values", [MINIMAL, MAXIMAL, BUCKETS], ids=["min", "max", "buckets"]
)
def test_acknowledging_reaches_the_constructs_and_leaves_the_template_alone(values):
    described = environment(**values)
    plain = CdnStack(new_app(), described.stack_name, environment=described)
    stack = CdnStack(new_app(), described.stack_name, environment=described)
    acknowledge(stack, described)
    assert acknowledged_in(stack) == {
        place for one in ACKNOWLEDGEMENTS for place in one.where(described)
    }
    assert template(stack) == template(plain)


def template(stack):
    return Template.from_stack(stack).to_json()


def acknowledged_in(stack):
    key = cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
    return {
        construct.node.path.partition("/")[2]
        for construct in stack.node.find_all()
        if any(entry.type == key for entry in construct.node.metadata)
    }


def test_the_page_has_a_row_for_each_acknowledgement():
    rows = PAGE.read_text("utf-8").partition("## What an input satisfies")[2]
    table = [
        {*re.findall(r"`([^`]+)`", row)} for row in rows.splitlines() if row[:1] == "|"
    ]
    for one in ACKNOWLEDGEMENTS:
        names = {on_the_page(rule) for rule in (*one.rules, *one.checkov)}
        assert any({*names, one.key} <= row for row in table), names


def on_the_page(rule):
    name = rule.rpartition("::")[2].removesuffix("_check")
    return name if name.startswith("AwsSolutions-") else name.rpartition("-")[2]


def test_the_page_names_tests_that_exist():
    for path in re.findall(r"`(tests/[^`]+)`", PAGE.read_text("utf-8")):
        assert (ROOT / path).exists(), path
