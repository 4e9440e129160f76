"""Names that something else has, and room that is left."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from cdk_support import ROOT
from environments import PUBLIC_KEY
from preflight_support import (
    NAME,
    asked,
    deploy,
    distribution,
    recorded,
    says,
    stands,
    target,
)

from local.environment import ACCOUNT

GOLDEN = ROOT / "tests" / "snapshots" / "lab-cdn-minimal.template.json"
POLICY = "AWS::CloudFront::CachePolicy"
KEY = "AWS::CloudFront::PublicKey"
LOG_GROUP = "AWS::Logs::LogGroup"
FUNCTION = "AWS::CloudFront::Function"
FUNCTION_ARN = f"arn:aws:cloudfront::{ACCOUNT}:function/rewrite"
FREE = "PASS 1 names are free, or this stack's own"


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


OURS = {"CallerReference": "1", "Name": "ours", "EncodedKey": PUBLIC_KEY}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        policies("ours")["ours"],
        (KEY, {"PublicKeyConfig": OURS}),
        (LOG_GROUP, {"LogGroupName": "ours"}),
    ],
)
def test_a_name_fails_where_something_outside_the_stack_has_it(
    clients, make, kind, properties
):
    resources = {"One": (kind, properties)}
    # A longer name is another.
    make("logs").create_log_group(logGroupName="ours-before")
    says("names", target(resources), clients, FREE)
    deploy(make, resources, "another-stack")
    said = f"the {kind.rpartition('::')[2]} 'ours' exists already, outside this stack"
    says("names", target(resources), clients, f"FAIL {said}")


def test_a_name_of_the_stack_itself_passes(clients, make):
    resources = {"One": policies("ours")["ours"]}
    deploy(make, resources)
    says("names", target(resources), clients, FREE)


@pytest.mark.parametrize("retain", [True, False])
def test_names_that_a_deleted_stack_left_behind_are_said(clients, make, retain):
    template = {**json.loads(GOLDEN.read_text("utf-8")), "Parameters": {}, "Rules": {}}
    for resource in template["Resources"].values():
        resource["DeletionPolicy"] = "Retain" if retain else "Delete"
    wanted = target({}, **template)
    cloudformation = make("cloudformation")
    cloudformation.create_stack(StackName=NAME, TemplateBody=json.dumps(template))
    (before,) = asked("names", wanted, clients)
    cloudformation.delete_stack(StackName=NAME)
    after = [one for one in asked("names", wanted, clients) if one != before]
    kinds = {message.split()[1] for level, message in after if level == "FAIL"}
    assert kinds == ({"CachePolicy", "ResponseHeadersPolicy"} if retain else set())
    assert all("exists already, outside this stack" in message for _, message in after)


def test_names_that_cloudformation_validates_are_left_to_it(clients, make):
    make("s3").create_bucket(Bucket="ours")
    wanted = target({"Bucket": ("AWS::S3::Bucket", {"BucketName": "ours"})})
    says("names", wanted, clients, "SKIP ")


@pytest.mark.parametrize(
    ("own", "said", "count"),
    [
        ([(FUNCTION, "Rewrite", FUNCTION_ARN)], FREE, 1),
        ([], "FAIL outside this stack", 2),
        ([(FUNCTION, "OfBefore", FUNCTION_ARN)], "FAIL under another logical id", 1),
    ],
)
def test_cloudformation_knows_a_function_of_the_stack_by_its_arn(own, said, count):
    metadata = {
        "FunctionARN": FUNCTION_ARN,
        "LastModifiedTime": dt.datetime.now(dt.UTC),
    }
    about = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
    listed = {
        **{"Name": "rewrite", "FunctionConfig": about, "FunctionMetadata": metadata}
    }
    # CloudFront lists both stages.
    found = {"MaxItems": 100, "Quantity": 2, "Items": [listed] * 2}
    functions = ("cloudfront", "list_functions", {"FunctionList": found})
    wanted = target({"Rewrite": (FUNCTION, {"Name": "rewrite"})})
    says("names", wanted, recorded(stands(*own), functions), said)
    quotas = ("service-quotas", "list_service_quotas", {"Quotas": []})
    clients = recorded(stands(*own), quotas, functions)
    says("quota", wanted, clients, f"PASS {count} of 100 functions after the deploy")


# -- the quota


def test_policies_of_others_count(clients, make):
    create(make, *(f"other-{number}" for number in range(16)))
    found = []
    for number in range(16, 20):
        found += asked("quota", target(policies("a", "b")), clients)
        create(make, f"other-{number}")
    assert found == [
        (level, f"{count} of 20 cache policies after the deploy")
        for level, count in (("PASS", 18), ("WARN", 19), ("WARN", 20), ("FAIL", 21))
    ]


def test_policies_that_the_stack_has_are_not_counted_twice(clients, make):
    deploy(make, policies("a", "b"))
    said = "PASS 2 of 20 cache policies after the deploy"
    says("quota", target(policies("a", "b")), clients, said)


def test_public_keys_count(clients, make):
    for number in range(10):
        key = {**OURS, "CallerReference": f"{number}", "Name": f"k{number}"}
        make("cloudfront").create_public_key(PublicKeyConfig=key)
    said = "FAIL 11 of 10 public keys after the deploy"
    says("quota", target({"Key": (KEY, {})}), clients, said)


@pytest.mark.parametrize(
    ("quota", "most"),
    [
        ("Web distributions per AWS account", 700),
        ("Distributions per account", 700),
        ("Staging distributions per AWS account", 500),
        # Quotas may not be asked.
        (None, 500),
    ],
)
def test_a_quota_that_was_raised_counts(quota, most):
    answer = {"Quotas": [{"QuotaName": quota, "Value": 700.0}]}
    listed = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": 0}
    clients = recorded(
        stands(),
        (
            *("service-quotas", "list_service_quotas"),
            answer if quota else "AccessDeniedException",
        ),
        ("cloudfront", "list_distributions", {"DistributionList": listed}),
    )
    said = f"PASS 1 of {most} distributions after the deploy"
    says("quota", target({"D": distribution()}), clients, said)
