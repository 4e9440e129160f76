"""From the smallest environment to the fullest and back, deployed by the real CLI."""

from __future__ import annotations

import pytest
from environments import BUCKET, MAXIMAL, MINIMAL
from lab_support import Lab

pytestmark = pytest.mark.slow

HALVES = {"CdnStaticDistributionF1B2E7F9", "CdnMediaDistribution42E33823"}


@pytest.fixture(scope="module")
def lab(local_site, aws, tmp_path_factory):
    return Lab(local_site.status["aws"], aws, tmp_path_factory.mktemp("lab"))


@pytest.fixture
def maximal(lab):
    """The fullest environment, with a secret that exists, and free to be taken down."""
    made = lab.client("secretsmanager").create_secret(
        Name="lab", SecretString="the secret itself"
    )
    secret = {"arn": made["ARN"], "version": made["VersionId"]}
    described = {**MAXIMAL, "origin_secret": secret}
    del described["account"]
    yield {**described, "termination_protection": False, "retain": False}
    lab.client("secretsmanager").delete_secret(
        SecretId="lab", ForceDeleteWithoutRecovery=True
    )


def test_from_minimal_to_maximal_and_away(lab, maximal):
    minimal = lab.deploy(MINIMAL)
    full = lab.deploy(maximal)
    lab.assert_no_differences()
    assert {name: full[name] for name in HALVES} == {
        name: minimal[name] for name in HALVES
    }
    assert_the_secret_reaches_the_origin(lab, full, "the secret itself")
    assert_a_new_value_waits_for_its_version(lab, maximal, full)
    lab.destroy()
    assert_nothing_is_left(lab, kept=set(full) - set(minimal))


def assert_the_secret_reaches_the_origin(lab, resources, value):
    template = (lab.folder / "cdk.out" / f"{lab.stack}.template.json").read_text(
        "utf-8"
    )
    assert value not in template
    config = lab.client("cloudfront").get_distribution_config(
        Id=resources["CdnStaticDistributionF1B2E7F9"]
    )["DistributionConfig"]
    headers = {
        item["HeaderName"]: item["HeaderValue"]
        for item in config["Origins"]["Items"][0]["CustomHeaders"]["Items"]
    }
    assert headers["X-Origin-Secret"] == value


def assert_a_new_value_waits_for_its_version(lab, maximal, resources):
    """CloudFormation does not read the secret again while its version stays the same."""
    put = lab.client("secretsmanager").put_secret_value(
        SecretId="lab", SecretString="the next secret"
    )
    lab.deploy(maximal)
    assert_the_secret_reaches_the_origin(lab, resources, "the secret itself")
    secret = {**maximal["origin_secret"], "version": put["VersionId"]}
    lab.deploy({**maximal, "origin_secret": secret})
    assert_the_secret_reaches_the_origin(lab, resources, "the next secret")


def assert_nothing_is_left(lab, kept):
    cloudfront = lab.client("cloudfront")
    comments = [
        item["Comment"]
        for item in cloudfront.list_distributions()["DistributionList"].get("Items", ())
    ]
    assert not [comment for comment in comments if "origin.example.com" in comment]
    names = [
        item["CachePolicy"]["CachePolicyConfig"]["Name"]
        for item in cloudfront.list_cache_policies(Type="custom")[
            "CachePolicyList"
        ].get("Items", ())
    ]
    assert not [name for name in names if name.startswith("lab-")]
    groups = [
        one["KeyGroup"]["KeyGroupConfig"]["Name"]
        for one in cloudfront.list_key_groups()["KeyGroupList"].get("Items", ())
    ]
    assert not [name for name in groups if name.startswith("lab-")]
    # The log group outlives the stack on purpose, until its last line has expired.
    assert any(name.startswith("LogsLogGroup") for name in kept)


def test_builds_and_media_move_to_buckets_and_back(lab):
    minimal = lab.deploy(MINIMAL)
    with_buckets = lab.deploy(BUCKET)
    lab.assert_no_differences()
    assert_each_half_asks_its_bucket(lab, with_buckets)
    back = lab.deploy(MINIMAL)
    for found in (with_buckets, back):
        assert {name: found[name] for name in HALVES} == {
            name: minimal[name] for name in HALVES
        }
    listed = lab.client("s3").list_buckets()["Buckets"]
    kept = {found["Name"] for found in listed} & set(with_buckets.values())
    assert len(kept) == 2, "switched off, the buckets and their files stay"
    lab.destroy()


def assert_each_half_asks_its_bucket(lab, resources):
    for half, name in (
        ("Static", "CdnStaticDistributionF1B2E7F9"),
        ("Media", "CdnMediaDistribution42E33823"),
    ):
        found = lab.client("cloudfront").get_distribution_config(Id=resources[name])
        origins = found["DistributionConfig"]["Origins"]["Items"]
        (asked,) = (origin for origin in origins if origin["Id"] == "bucket")
        bucket = lab.outputs[f"{half}BucketName"]
        assert asked["DomainName"].startswith(f"{bucket}.s3")
        policy = lab.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
        assert f"distribution/{resources[name]}" in policy
