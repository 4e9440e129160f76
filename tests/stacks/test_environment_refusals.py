"""What the reader of cdk.json and the constructs refuse, each in one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from aws_cdk.assertions import Annotations, Match
from cdk_support import new_app, read
from environments import MAXIMAL, SIGNING

from stacks import CdnStack
from stacks.environment import Environment

ARN = "arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222"
ACL = "arn:aws:wafv2:us-east-1:{}:global/webacl/cdn/1234-abcd"
ZONE = {"hosted_zone": {"id": "Z0123456789ABC", "name": "example.com"}}
SECRET = MAXIMAL["origin_secret"]
REFUSALS = yaml.safe_load(Path(__file__).with_name("refusals.yml").read_text("utf-8"))


def stack_of(values):
    (described,) = read(values)
    with described.named():
        return CdnStack(new_app(), described.stack_name, environment=described)


def refused(values):
    """The sentence for an environment of cdk.json, from the reader or from a construct."""
    with pytest.raises(ValueError) as error:
        stack_of(values)
    return str(error.value)


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: str(row["given"]))
def test_fails_when_a_value_is_wrong(row):
    assert refused(row["given"]) == f"environments.prod.{row['says']}"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"origin_secret": {"arn": SECRET["arn"]}},
            "origin_secret.version must be given, such as '3f1f5b0e-",
        ),
        (
            {"origin_secret": {**SECRET, "version": "AWSCURRENT"}},
            "origin_secret.version must be the id of a version, of 32 to 64 characters, .*"
            "got 'AWSCURRENT': a label moves on while the template, ",
        ),
        (
            {"private": {"signing_keys": SIGNING}},
            "origin_secret must be given with signing keys, because without it anybody who "
            "knows the server's name reads private files around CloudFront$",
        ),
        (
            {
                "origin_secret": SECRET,
                "media": {"signing_keys": SIGNING},
                "private": {"signing_keys": SIGNING},
            },
            "media.signing_keys and environments.prod.private must not both be given: ",
        ),
        (
            {
                "origin_secret": SECRET,
                "private": {"signing_keys": {**SIGNING, "signing_key": "2027a"}},
            },
            "private.signing_keys.signing_key must be one of the names in keys, 2026a, got ",
        ),
        (
            {
                "origin_secret": SECRET,
                "private": {
                    "signing_keys": {**SIGNING, "cookies_from": "www.example.com"}
                },
            },
            "private.domain_names must be given for signed cookies, because no cookie of ",
        ),
    ],
)
def test_fails_when_a_secret_or_a_key_is_wrong(values, sentence):
    assert re.match(rf"environments\.prod\.{sentence}", refused(values))


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("ttl", "ttl_seconds"), ("certificate", "certificate_arn"), ("orgin", "origin")],
)
def test_the_nearest_key_is_named(key, nearest):
    assert refused({key: 1}).endswith(f", got {key!r}: did you mean {nearest!r}?")


@pytest.mark.parametrize(
    "region",
    [
        *("us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1"),
        *("eu-isoe-west-1", "eusc-de-east-1"),
    ],
)
def test_fails_in_another_partition(region):
    sentence = refused({"region": region})
    assert sentence.startswith("environments.prod.region must be of AWS's commercial ")
    assert sentence.endswith(f"got {region!r}")


@pytest.mark.parametrize("region", ["mx-central-1", "il-central-1"])
def test_regions_of_any_shape_are_regions(region):
    (prod,) = read({"region": region})
    assert prod.region == region


@pytest.mark.parametrize("name", ["ttl.example.org", "a.policies.example.org"])
def test_a_name_of_the_user_keeps_its_words(name):
    zone = {"id": "Z0123456789ABC", "name": "example.com"}
    sentence = refused({"hosted_zone": zone, "static": {"domain_names": [name]}})
    assert sentence == (
        "environments.prod.static.domain_names[0] must be within the hosted zone, "
        f"such as 'static.example.com', got '{name}'"
    )


@pytest.mark.parametrize(
    "account", [{"account": "111122223333"}, {}], ids=["own", "any"]
)
def test_arns_of_the_account_or_of_any_where_none_is_given_pass(account):
    owner = account.get("account", "444455556666")
    stack_of(
        {
            **account,
            "certificate_arn": f"arn:aws:acm:us-east-1:{owner}:certificate/1",
            "web_acl_arn": ACL.format(owner),
            "origin": {
                "domain_name": "www.example.com",
                "vpc_endpoint_arn": f"arn:aws:ec2:eu-west-1:{owner}:instance/i-0a1b2c",
            },
        }
    )


def test_the_owner_of_a_vpc_origin_may_be_another_account():
    shared = {"vpc_origin_id": "vo_1a", "owner_account_id": "444455556666"}
    origin = {"domain_name": "www.example.com", **shared}
    stack_of({"account": "111122223333", "origin": origin})


def test_fails_when_two_distributions_have_one_alias():
    names = {"domain_names": ["a.example"]}
    assert refused({"certificate_arn": ARN, "static": names, "media": names}) == (
        "environments.prod: domain names of all distributions must be distinct, got "
        "'a.example' twice"
    )


def test_an_alias_is_used_once_over_all_environments():
    one = {
        "origin": "www.example.com",
        "certificate_arn": ARN,
        "static": {"domain_names": ["static.example.com"]},
    }
    app = new_app()
    blue, green = Environment.all_from_context(
        {"site": "mysite", "environments": {"blue": one, "green": one}}
    )
    CdnStack(app, blue.stack_name, environment=blue)
    with (
        pytest.raises(
            ValueError, match="^environments.green.static.domain_names must belong to"
        ),
        green.named(),
    ):
        CdnStack(app, green.stack_name, environment=green)


@pytest.mark.parametrize("count", [10, 11])
def test_more_names_than_a_certificate_has_room_for_are_a_warning(count):
    names = [f"n{index}.example.com" for index in range(count)]
    stack = stack_of({**ZONE, "static": {"domain_names": names}})
    said = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp("names in one certificate need a raised quota")
    )
    assert bool(said) is (count > 10)


def test_a_name_of_the_longest_kind_passes():
    stack_of({**ZONE, "static": {"domain_names": [f"{'a' * 52}.example.com"]}})
