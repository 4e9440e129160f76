"""What has to exist before the stack: secrets and buckets."""

from __future__ import annotations

import uuid

import pytest
from preflight_support import asked, recorded, says, target


def refers(value):
    return target({"One": ("AWS::X::Y", {"V": value})})


# -- secrets


def secret(arn, version):
    return refers(f"{{{{resolve:secretsmanager:{arn}:SecretString:::{version}}}}}")


def test_a_secret_has_to_exist_in_its_version(clients, make):
    made = make("secretsmanager").create_secret(
        Name="mysite/origin", SecretString="not to be seen"
    )
    arn, version = made["ARN"], made["VersionId"]
    said = "PASS the secret exists, in the version that is meant"
    says("secret", secret(arn, version), clients, said)
    said = "FAIL the secret has no such version"
    says("secret", secret(arn, uuid.uuid4()), clients, said)
    make("secretsmanager").delete_secret(SecretId=arn)
    said = "FAIL the secret is about to be deleted"
    says("secret", secret(arn, version), clients, said)


def test_a_secret_that_does_not_exist_fails(clients):
    says(
        "secret", secret("mysite/none", "1"), clients, "FAIL the secret does not exist"
    )


def test_a_version_of_a_secret_without_a_label_may_be_gone_soon():
    version = str(uuid.uuid4())
    clients = recorded(
        ("secretsmanager", "describe_secret", {"VersionIdsToStages": {}}),
        (
            *("secretsmanager", "list_secret_version_ids"),
            {"Versions": [{"VersionId": version}]},
        ),
    )
    said = "WARN the version has no label: AWS may delete it"
    says("secret", secret("mysite/origin", version), clients, said)


# -- buckets


def test_a_bucket_that_is_named_has_to_exist(clients, make):
    wanted = refers("arn:aws:s3:::mysite-logs/*")
    assert asked("bucket", wanted, clients) == [
        ("FAIL", "'mysite-logs' does not exist")
    ]
    make("s3").create_bucket(Bucket="mysite-logs")
    assert asked("bucket", wanted, clients) == [("PASS", "'mysite-logs' exists")]


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-west-1", ("PASS", "'mysite' exists")),
        ("eu-west-2", ("FAIL", "'mysite' is in eu-west-2, but is asked in eu-west-1")),
    ],
)
def test_a_bucket_has_to_be_where_it_is_asked(region, said):
    clients = recorded(("s3", "head_bucket", {"BucketRegion": region}))
    wanted = refers("mysite.s3.eu-west-1.amazonaws.com")
    assert asked("bucket", wanted, clients) == [said]


def test_a_bucket_that_the_stack_makes_need_not_exist():
    bucket = ("AWS::S3::Bucket", {"BucketName": "mysite"})
    policy = ("AWS::X::Y", {"R": "arn:aws:s3:::mysite/*"})
    assert (
        asked("bucket", target({"B": bucket, "P": policy}), recorded())[0][0] == "SKIP"
    )
