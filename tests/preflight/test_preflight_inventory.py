"""Names that something else has, and room that is left."""

from __future__ import annotations

import datetime as dt

import pytest
from environments import PUBLIC_KEY
from preflight_support import (
    asked,
    deploy,
    distribution,
    recorded,
    says,
    stands,
    target,
)

from local.environment import ACCOUNT

POLICY = "AWS::CloudFront::CachePolicy"
FUNCTION = "AWS::CloudFront::Function"
FUNCTION_ARN = f"arn:aws:cloudfront::{ACCOUNT}:function/rewrite"
FREE = ("PASS", "1 names are free, or this stack's own")


def config(name):
    key = {
        "CookiesConfig": {"CookieBehavior": "none"},
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    ttls = {"MinTTL": 0, "DefaultTTL": 1, "MaxTTL": 2}
    return {"Name": name, **ttls, "ParametersInCacheKeyAndForwardedToOrigin": key}


def policies(*names):
    return {name: (POLICY, {"CachePolicyConfig": config(name)}) for name in names}


def create(make, *names):
    for name in names:
        make("cloudfront").create_cache_policy(CachePolicyConfig=config(name))


KEY = {"CallerReference": "1", "Name": "ours", "EncodedKey": PUBLIC_KEY}
LOG_GROUP = "AWS::Logs::LogGroup"
WANTED = {
    POLICY: policies("ours")["ours"],
    "AWS::CloudFront::PublicKey": (
        "AWS::CloudFront::PublicKey",
        {"PublicKeyConfig": KEY},
    ),
    LOG_GROUP: (LOG_GROUP, {"LogGroupName": "ours"}),
}


@pytest.mark.parametrize("kind", WANTED)
def test_a_name_that_something_else_has_fails(clients, make, kind):
    wanted = target({"One": WANTED[kind]})
    assert asked("names", wanted, clients) == [FREE]
    deploy(make, {"Other": WANTED[kind]}, "another-stack")
    name = kind.rpartition("::")[2]
    said = f"the {name} 'ours' exists already, outside this stack"
    assert asked("names", wanted, clients) == [("FAIL", said)]


@pytest.mark.parametrize("kind", WANTED)
def test_a_name_of_the_stack_itself_passes(clients, make, kind):
    deploy(make, {"One": WANTED[kind]})
    assert asked("names", target({"One": WANTED[kind]}), clients) == [FREE]


def test_a_log_group_of_a_longer_name_is_another(clients, make):
    make("logs").create_log_group(logGroupName="ours-before")
    assert asked("names", target({"One": WANTED[LOG_GROUP]}), clients) == [FREE]


def test_names_that_cloudformation_validates_are_left_to_it(clients, make):
    make("s3").create_bucket(Bucket="ours")
    wanted = target({"Bucket": ("AWS::S3::Bucket", {"BucketName": "ours"})})
    assert asked("names", wanted, clients)[0][0] == "SKIP"


def functions(*own):
    """The finding on a function's name and on the quota. CloudFront lists both stages."""
    listed = {
        "Name": "rewrite",
        "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"},
        "FunctionMetadata": {
            "FunctionARN": FUNCTION_ARN,
            "LastModifiedTime": dt.datetime.now(dt.UTC),
        },
    }
    answer = {"FunctionList": {"MaxItems": 100, "Quantity": 2, "Items": [listed] * 2}}
    functions = ("cloudfront", "list_functions", answer)
    wanted = target({"Rewrite": (FUNCTION, {"Name": "rewrite"})})
    (names,) = asked("names", wanted, recorded(stands(*own), functions))
    quotas = ("service-quotas", "list_service_quotas", {"Quotas": []})
    (quota,) = asked("quota", wanted, recorded(stands(*own), quotas, functions))
    return *names, quota


def test_cloudformation_knows_a_function_of_the_stack_by_its_arn():
    level, _, quota = functions((FUNCTION, "Rewrite", FUNCTION_ARN))
    assert (level, quota[1]) == ("PASS", "1 of 100 functions after the deploy")


def test_a_function_outside_the_stack_fails():
    level, message, quota = functions()
    assert level == "FAIL"
    assert message.endswith("outside this stack")
    assert quota[1] == "2 of 100 functions after the deploy"


def test_a_name_that_moves_to_another_logical_id_fails():
    level, message, _ = functions((FUNCTION, "RewriteOfBefore", FUNCTION_ARN))
    assert level == "FAIL"
    assert message.endswith("under another logical id")


# -- the quota


def test_policies_of_others_count(clients, make):
    create(make, *(f"other-{number}" for number in range(16)))
    found = []
    for number in range(16, 19):
        found += asked("quota", target(policies("a", "b")), clients)
        create(make, f"other-{number}")
    found += asked("quota", target(policies("a", "b")), clients)
    assert found == [
        ("PASS", "18 of 20 cache policies after the deploy"),
        ("WARN", "19 of 20 cache policies after the deploy"),
        ("WARN", "20 of 20 cache policies after the deploy"),
        ("FAIL", "21 of 20 cache policies after the deploy"),
    ]


def test_policies_that_the_stack_has_are_not_counted_twice(clients, make):
    deploy(make, policies("a", "b"))
    said = "PASS 2 of 20 cache policies after the deploy"
    says("quota", target(policies("a", "b")), clients, said)


def test_public_keys_count(clients, make):
    for number in range(10):
        key = {"CallerReference": f"{number}", "Name": f"k{number}"}
        config = {**key, "EncodedKey": PUBLIC_KEY}
        make("cloudfront").create_public_key(PublicKeyConfig=config)
    wanted = target({"Key": ("AWS::CloudFront::PublicKey", {})})
    says("quota", wanted, clients, "FAIL 11 of 10 public keys after the deploy")


def with_quotas(answer):
    listed = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": 0}
    distributions = ("cloudfront", "list_distributions", {"DistributionList": listed})
    quotas = ("service-quotas", "list_service_quotas", answer)
    clients = recorded(stands(), quotas, distributions)
    return asked("quota", target({"D": distribution()}), clients)


@pytest.mark.parametrize(
    ("quota", "most"),
    [
        ("Web distributions per AWS account", 700),
        ("Distributions per account", 700),
        ("Staging distributions per AWS account", 500),
    ],
)
def test_a_quota_that_was_raised_counts(quota, most):
    answer = {"Quotas": [{"QuotaName": quota, "Value": 700.0}]}
    said = [("PASS", f"1 of {most} distributions after the deploy")]
    assert with_quotas(answer) == said


def test_the_defaults_count_where_quotas_may_not_be_asked():
    said = [("PASS", "1 of 500 distributions after the deploy")]
    assert with_quotas("AccessDeniedException") == said
