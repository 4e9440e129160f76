"""What stands in the way of a deploy in an account, provoked on the local AWS one by one."""

from __future__ import annotations

import json
import uuid

import pytest
from aws_support import client, running_emulator
from preflight_support import NAME, SECRET, SIGNING, account, asked, everything, target

from cdn_review.preflight.aws import Aws
from cdn_review.preflight.result import Level
from local.environment import ACCOUNT

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("preflight")) as url:
        yield url


@pytest.fixture
def owner():
    """An account of its own: what one test leaves there is in no other's way."""
    return str(uuid.uuid4().int)[:12]


@pytest.fixture
def make(endpoint, owner):
    """Clients that may make what a test needs."""
    return lambda service: client(service, endpoint, account=owner)


@pytest.fixture
def ask(endpoint, owner):
    """The results of one check, of an environment of ours."""

    def ask(check, **environment):
        aws = account(endpoint, account=owner)
        return asked(check, target(account=owner, **environment), aws)

    return ask


def stack(make, resources, name=NAME):
    made = make("cloudformation")
    made.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))


def policy(name):
    return {
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": {
            "CachePolicyConfig": {
                "Name": name,
                "MinTTL": 0,
                "DefaultTTL": 1,
                "MaxTTL": 2,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "CookiesConfig": {"CookieBehavior": "none"},
                    "EnableAcceptEncodingGzip": True,
                    "HeadersConfig": {"HeaderBehavior": "none"},
                    "QueryStringsConfig": {"QueryStringBehavior": "none"},
                },
            }
        },
    }


def policy_config(name):
    config = policy(name)["Properties"]["CachePolicyConfig"]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    return {
        **config,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            **key,
            "EnableAcceptEncodingBrotli": True,
        },
    }


# -- who asks


def test_credentials_of_the_stacks_account_pass(endpoint):
    found = everything(target(account=ACCOUNT), account(endpoint))
    levels = {one.check: one.level for one in found}
    assert levels["credentials"] == levels["account"] == Level.PASS


def test_credentials_of_another_account_end_it(endpoint):
    found = everything(target(account="444455556666"), account(endpoint))
    first = [one for one in found if one.level is not Level.SKIP]
    assert [str(one.check) for one in first][:2] == ["credentials", "account"]
    assert first[1].level is Level.FAIL
    assert "444455556666" not in "".join(one.sentence + one.cure for one in found)
    left_out = {one.check for one in found if one.level is Level.SKIP}
    assert {"names", "quota", "certificate"} <= left_out


def test_a_stack_without_an_account_is_a_warning(endpoint):
    found = everything(target(account=""), account(endpoint))
    assert [str(o.level) for o in found if o.check == "account"] == ["WARN"]


def test_no_credentials_are_a_failure_with_a_cure(monkeypatch, tmp_path):
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (first, *_) = everything(target(), Aws())
    assert first.level is Level.FAIL
    assert first.check == "credentials"
    assert "sign in" in first.cure


def test_an_unknown_profile_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ValueError, match="nobody"):
        Aws(profile="nobody")


# -- the stack


def test_a_stack_that_does_not_exist_will_be_made(ask):
    assert ask("stack") == [("PASS", "does not exist yet, and will be made")]


def test_a_stack_that_stands_passes(ask, make):
    stack(make, {"Policy": policy("some-policy")})
    assert ask("stack") == [("PASS", "is in the state CREATE_COMPLETE")]


def test_a_stack_whose_first_deploy_failed_has_to_go_first(ask, make):
    broken = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "Bogus"}}
    stack(make, {"Broken": broken})
    assert ask("stack") == [("FAIL", "is in the state ROLLBACK_COMPLETE")]


# -- the bootstrap


def test_a_region_that_was_not_bootstrapped_fails(ask):
    assert ask("bootstrap") == [("FAIL", "us-east-1 was not bootstrapped")]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("5", ("FAIL", "has version 5, and 6 is needed at least")),
        ("6", ("PASS", "has version 6")),
        ("27", ("PASS", "has version 27")),
    ],
)
def test_the_bootstrap_has_to_be_new_enough(ask, make, version, said):
    make("ssm").put_parameter(Name=BOOTSTRAP, Value=version, Type="String")
    assert ask("bootstrap") == [said]


# -- names


def test_free_names_pass(ask):
    assert ask("names") == [("PASS", "4 names are free or this stack's own")]


def test_a_name_that_something_else_has_fails(ask, make):
    name = next(
        name
        for kind, name, _ in target().named()
        if kind == "AWS::CloudFront::CachePolicy"
    )
    make("cloudfront").create_cache_policy(CachePolicyConfig=policy_config(name))
    sentence = f"a CachePolicy of the name {name!r} exists already, outside this stack"
    assert ask("names") == [("FAIL", sentence)]


def test_a_name_of_the_stack_itself_passes(ask, make):
    name, logical = next(
        (name, logical)
        for kind, name, logical in target().named()
        if kind == "AWS::CloudFront::CachePolicy"
    )
    stack(make, {logical: policy(name)})
    assert ask("names") == [("PASS", "4 names are free or this stack's own")]


def test_the_name_of_a_key_that_exists_fails(ask, make):
    environment = {
        "origin_secret": SECRET,
        "private": {"signing": SIGNING},
    }
    wanted = target(**environment)
    kind = "AWS::CloudFront::PublicKey"
    name = next(name for one, name, _ in wanted.named() if one == kind)
    make("cloudfront").create_public_key(
        PublicKeyConfig={
            "CallerReference": "1",
            "Name": name,
            "EncodedKey": SIGNING["keys"]["2026a"],
        }
    )
    sentence = f"a PublicKey of the name {name!r} exists already, outside this stack"
    assert ask("names", **environment) == [("FAIL", sentence)]


# -- the quota


def fill(make, *numbers):
    cloudfront = make("cloudfront")
    for one in numbers:
        cloudfront.create_cache_policy(CachePolicyConfig=policy_config(f"other-{one}"))


def test_an_empty_account_has_room(ask):
    assert ask("quota")[0] == ("PASS", "2 of 20 cache policies after the deploy")


def test_policies_of_others_count(ask, make):
    fill(make, *range(15))
    found = []
    for one in range(15, 19):
        fill(make, one)
        found.append(ask("quota")[0])
    assert found == [
        ("PASS", "18 of 20 cache policies after the deploy"),
        ("WARN", "19 of 20 cache policies after the deploy"),
        ("WARN", "20 of 20 cache policies after the deploy"),
        ("FAIL", "21 of 20 cache policies after the deploy"),
    ]


def test_policies_that_the_stack_has_are_not_counted_twice(ask, make):
    stack(make, {"A": policy("a"), "B": policy("b")})
    assert ask("quota")[0] == ("PASS", "2 of 20 cache policies after the deploy")


# -- what has to exist already


def secret(make):
    made = make("secretsmanager").create_secret(
        Name="mysite/origin", SecretString="not to be seen"
    )
    return {"arn": made["ARN"], "version": made["VersionId"]}


def test_a_secret_in_its_version_passes(ask, make):
    assert ask("origin secret", origin_secret=secret(make)) == [
        ("PASS", "exists, in the version that is meant")
    ]


def test_a_secret_that_does_not_exist_fails(ask):
    assert ask("origin secret", origin_secret=SECRET) == [
        ("FAIL", "the secret that the stack refers to does not exist")
    ]


def test_another_version_of_a_secret_fails(ask, make):
    other = {**secret(make), "version": SECRET["version"]}
    assert ask("origin secret", origin_secret=other) == [
        ("FAIL", "the secret has no such version as the stack refers to")
    ]


def test_a_secret_that_is_about_to_go_fails(ask, make):
    there = secret(make)
    make("secretsmanager").delete_secret(SecretId=there["arn"])
    assert ask("origin secret", origin_secret=there) == [
        ("FAIL", "the secret that the stack refers to is about to be deleted")
    ]


def test_a_web_acl_has_to_exist(ask, make):
    made = make("wafv2").create_web_acl(
        Name="cdn",
        Scope="CLOUDFRONT",
        DefaultAction={"Allow": {}},
        VisibilityConfig={
            "SampledRequestsEnabled": False,
            "CloudWatchMetricsEnabled": False,
            "MetricName": "cdn",
        },
    )["Summary"]["ARN"]
    assert ask("web ACL", web_acl_arn=made) == [("PASS", "exists")]
    missing = made.rpartition("/")[0] + "/" + str(uuid.uuid4())
    assert ask("web ACL", web_acl_arn=missing) == [
        ("FAIL", "the web ACL that the stack refers to does not exist")
    ]


def test_a_bucket_that_is_named_has_to_exist(ask, make):
    environment = {"cors": "any_origin", "media": {"bucket": {"name": "mysite-media"}}}
    assert ("FAIL", "the bucket 'mysite-media' does not exist") in ask(
        "buckets", **environment
    )
    make("s3").create_bucket(Bucket="mysite-media")
    opened = "'mysite-media' may be opened to everybody, past CloudFront"
    assert ask("buckets", **environment) == [("WARN", opened)]
    make("s3").put_public_access_block(
        Bucket="mysite-media",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    assert ask("buckets", **environment) == [("PASS", "'mysite-media' exists")]


def test_a_topic_that_is_named_has_to_exist(ask, make, owner):
    topic = f"arn:aws:sns:us-east-1:{owner}:alarms"
    environment = {"monitoring": {"topic_arn": topic}}
    missing = ("FAIL", "the topic that alarms write to does not exist")
    assert ask("alarm topic", **environment) == [missing]
    make("sns").create_topic(Name="alarms")
    assert ask("alarm topic", **environment) == [("PASS", "exists")]


@pytest.mark.parametrize(
    "check", ["origin secret", "web ACL", "buckets", "alarm topic", "certificate"]
)
def test_what_a_stack_does_not_refer_to_is_left_out(ask, check):
    assert [level for level, _ in ask(check)] == ["SKIP"]
