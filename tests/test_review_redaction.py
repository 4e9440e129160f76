"""No account, address or secret leaves the machine, and what differs still differs."""

from __future__ import annotations

import json
import re
import tempfile
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from cdn_review.packs.files import parse_pack, render_pack
from cdn_review.packs.pack import Pack, Stack
from cdn_review.redaction import redact_stack, redact_text, redact_value

# Otherwise it writes what it knows of Unicode into the checkout.
set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
FAST = settings(
    max_examples=80,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
ACCOUNT, OTHER = "111122223333", "444455556666"
REFERENCE = (
    f"{{{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:"
    "site-a1B2c3:SecretString:::3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11}}"
)

ACCOUNTS = st.text("0123456789", min_size=12, max_size=12)
KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=16).map(
    lambda text: f"AKIA{text}"
)
NAMES = st.text("abcdefghijklmnopqrstuvwxyzäöü0123456789+_-", min_size=1, max_size=20)
HOSTS = st.text("abcdefäö0123456789-", min_size=1, max_size=20)
MAILS = st.builds(
    "{}.{}@{}.{}".format, NAMES, NAMES, HOSTS, st.sampled_from(("com", "example", "uk"))
)
IPV4 = st.ip_addresses(v=4).map(str)
IPV6 = st.ip_addresses(v=6).flatmap(
    lambda one: st.sampled_from((str(one), one.exploded, one.exploded.upper()))
)
NOBODY = ("0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1")
PRIVATE = st.one_of(ACCOUNTS, KEYS, MAILS, IPV4, IPV6).filter(
    lambda text: text not in NOBODY and not re.fullmatch(r"[0-9A-Fa-f]{1,2}::", text)
)


def template_with(private, around):
    """A template that has a value in each place where a template can have one."""
    text = f"{around}{private}{around}"
    dashboard = {"widgets": [{"properties": {"title": text, private: [text]}}]}
    return {
        "Description": text,
        "Mappings": {"Regions": {"us-east-1": {"Value": private}}},
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "BucketName": text,
                    "Arn": f"arn:aws:s3:us-east-1:{private}:site/{private}/*",
                    "Joined": {"Fn::Join": ["", ["a", private, {"Ref": "B"}, text]]},
                    "Sub": {"Fn::Sub": f"${{AWS::Region}}/{private}/${{B}}"},
                    "Body": json.dumps(dashboard),
                    "Pieces": {"Fn::Join": ["", ['{"a":"\\n', private, '\\n"}']]},
                    private: {"deeper": [[text]]},
                },
            },
            f"R{around}{private}": {"Type": "AWS::SNS::Topic", "DependsOn": [text]},
        },
        "Outputs": {"Name": {"Value": text, "Export": {"Name": private}}},
    }


@FAST
@given(PRIVATE, st.sampled_from((" ", "/", '"', "\n", "=", ",", "(", "\\n")))
def test_nothing_private_is_in_a_written_pack(private, around):
    stack = Stack(name="site-cdn-prod", template=template_with(private, around))
    written = render_pack(Pack(stacks={stack.name: stack})).decode()
    assert private not in written
    assert private not in json.dumps(json.loads(written), ensure_ascii=True)


@FAST
@given(PRIVATE, PRIVATE)
def test_equal_values_stay_equal_and_different_ones_different(one, other):
    redacted = redact_value({"a": one, "b": [one], "c": f"x/{one}/y", "d": other})
    assert redacted["a"] == redacted["b"][0]
    assert redacted["c"] == f"x/{redacted['a']}/y"
    assert (redacted["a"] == redacted["d"]) == (one == other)


@FAST
@given(st.text(max_size=60), PRIVATE, st.text(max_size=60), st.text(max_size=20))
def test_redacting_what_is_redacted_changes_nothing(before, private, after, name):
    value = {f"{name}Secret": before, "text": f"{before}{private}{after}", name: after}
    once = redact_value(value)
    assert redact_value(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::aws:policy/CloudFrontFullAccess",
        "AWS::CloudFront::Distribution",
        "AWS::EC2::VPC",
        "arn:aws:s3:::site-media",
        "arn:aws:apigateway:us-east-1::/restapis/a1",
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "open to 0.0.0.0/0 and ::/0",
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "max-age=31536000, immutable",
        "sha256 4f3c2b1a9d8e7f60",
        "12:34:56 on 2026-11-24",
        "aws-cdk@2.1148.1",
        "1700000000000",
        "{{resolve:ssm:/site/origin:3}}",
        "${Token[TOKEN.6]}",
    ],
)
def test_what_is_not_private_stays(text):
    assert redact_value(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"of account {ACCOUNT}", "of account account-aeb2"),
        ("1111-2222-3333", "account-aeb2"),
        ("https://joe:pass@host/x", "https://hidden-9d@host/x"),
        ("password: hunter2,", "password: hidden-f5,"),
        ('{"token": "abc"}x', '{"token": "hidden-ba"}x'),
        ("on 10.0.0.1.", "on address-f504."),
        ("ip:2001:db8::1]", "ip:address-5afd]"),
        ("mail%40example.com", "address-d5ca"),
    ],
)
def test_marks_in_text(text, redacted):
    assert redact_text(text) == redacted


def test_a_reference_keeps_its_form_without_the_account():
    assert redact_value(REFERENCE) == REFERENCE.replace(ACCOUNT, "account-aeb2")


def origin(name, value):
    return {"OriginCustomHeaders": [{"HeaderName": name, "HeaderValue": value}]}


def header(name, value):
    (found,) = redact_value(origin(name, value))["OriginCustomHeaders"]
    return found["HeaderValue"]


def test_an_origin_header_is_a_secret():
    assert header("X-Origin-Secret", "abc") == "hidden-ba"
    assert header("X-Anything", "abc") == "hidden-ba"
    assert header("X-Origin-Secret", "abd") != "hidden-ba"


def test_the_tree_of_an_origin_is_none():
    assert header("X-Cdn-Tree", "static") == "static"
    assert header("x-cdn-tree", "media") == "media"


@pytest.mark.parametrize(
    "value",
    [
        "{{resolve:secretsmanager:site:SecretString:::v1}}",
        {"Ref": "Secret"},
        {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "S"}, ":::v1}}"]]},
        {"Fn::Sub": "{{resolve:secretsmanager:${S}:SecretString:::v1}}"},
        {"Fn::If": ["IsProd", {"Ref": "Secret"}, {"Ref": "AWS::NoValue"}]},
    ],
)
def test_a_reference_to_a_secret_is_none(value):
    assert header("X-Origin-Secret", value) == value


@pytest.mark.parametrize(
    ("value", "redacted"),
    [
        (
            {"Fn::Join": ["", ["abc", {"Ref": "S"}, "{{resolve:ssm:a}}abc"]]},
            {
                "Fn::Join": [
                    "",
                    ["hidden-ba", {"Ref": "S"}, "{{resolve:ssm:a}}hidden-ba"],
                ]
            },
        ),
        ({"Fn::Sub": "abc${S}"}, {"Fn::Sub": "hidden-ba${S}"}),
        (
            {"Fn::Sub": ["abc${S}", {"S": "abc"}]},
            {"Fn::Sub": ["hidden-ba${S}", {"S": "hidden-ba"}]},
        ),
        (
            {"Fn::If": ["IsProd", "abc", {"Ref": "S"}]},
            {"Fn::If": ["IsProd", "hidden-ba", {"Ref": "S"}]},
        ),
        ({"Fn::Base64": "abc"}, {"Fn::Base64": "hidden-ba"}),
        (5, "hidden-ef"),
    ],
)
def test_what_stands_beside_a_reference_is_hidden(value, redacted):
    assert header("X-Origin-Secret", value) == redacted


@pytest.mark.parametrize(
    "value",
    [
        {"SecretString": "abc"},
        {"DbPassword": "abc"},
        {"X-Api-Key": "abc"},
        {"auth_token": ["abc"]},
        {"DbPassword": {"Type": "String", "Default": "abc"}},
        {"AnyParameter": {"Type": "String", "NoEcho": "true", "Default": "abc"}},
        {"AnyParameter": {"Type": "String", "NoEcho": True, "Default": "abc"}},
        {"ApiToken": {"Value": "abc"}},
        {"Environment": [{"Name": "DB_PASSWORD", "Value": "abc"}]},
        {"Body": json.dumps({"password": "abc"})},
        {"Body": json.dumps({"deeper": json.dumps({"password": "abc"})})},
    ],
)
def test_what_is_named_a_secret_is_hidden(value):
    redacted = json.dumps(redact_value(value))
    assert "abc" not in redacted
    assert "hidden-ba" in redacted


@pytest.mark.parametrize(
    "value",
    [
        {"AnyParameter": {"Type": "String", "Default": "abc"}},
        {"AccessControlAllowCredentials": True},
        {"AccessControlAllowHeaders": {"Items": ["Authorization"]}},
        {"OriginSecret": {"Type": "AWS::SecretsManager::Secret"}},
        {"Tags": [{"Key": "team", "Value": "abc"}]},
    ],
)
def test_what_is_named_otherwise_stays(value):
    assert redact_value(value) == value


def test_an_account_as_a_number_is_one():
    assert redact_value({"Account": int(ACCOUNT), "Days": 30}) == {
        "Account": "account-aeb2",
        "Days": 30,
    }


def test_a_stack_has_no_account_in_its_name_either():
    stack = redact_stack(Stack(name=f"site-{ACCOUNT}", template={}, account=OTHER))
    assert stack == Stack(name="site-account-aeb2", template={}, account="account-8aee")
    pack = Pack(stacks={stack.name: stack})
    assert parse_pack(render_pack(pack)) == pack


@pytest.mark.parametrize(
    "text",
    [
        "a" * 400_000,
        "1" * 400_000,
        ":" * 400_000,
        "a@" * 200_000,
        "a%40" * 100_000,
        "{{resolve:" * 40_000,
        "eyJ" * 130_000,
        "-----BEGIN PRIVATE KEY-----" * 15_000,
        '"' * 400_000,
        "1." * 200_000,
        "://" * 130_000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text):
    start = time.process_time()
    redact_text(text)
    assert time.process_time() - start < 2
