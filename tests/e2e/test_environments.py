"""From the smallest environment to the fullest and back, deployed by the real CLI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from environments import BUCKET, MAXIMAL, MINIMAL

from local.aws.cdk import command
from local.environment import ACCOUNT, REGION, aws_environment
from local.state import State

pytestmark = pytest.mark.slow

APP = Path(__file__).with_name("environment_app.py")
STACK = "lab-cdn-test"
HALVES = {"CdnStaticDistributionF1B2E7F9", "CdnMediaDistribution42E33823"}


class Lab:
    """One stack in the local AWS."""

    def __init__(self, state_folder, endpoint, folder):
        self.endpoint = endpoint
        self.folder = folder
        self.file = folder / "environment.json"
        self.environment = {
            **aws_environment(State(folder=state_folder), endpoint),
            "ENVIRONMENT_FILE": str(self.file),
        }

    def cdk(self, *arguments):
        return subprocess.run(
            [
                *command(*arguments, "--app", f"{sys.executable} {APP}"),
                *("--output", str(self.folder / "cdk.out")),
            ],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )

    def deploy(self, described):
        self.file.write_text(json.dumps(described), "utf-8")
        done = self.cdk("deploy", STACK, "--require-approval", "never")
        assert done.returncode == 0, done.stderr[-3000:]
        return self.resources()

    def resources(self):
        """Physical ids by logical ones."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            found["LogicalResourceId"]: found["PhysicalResourceId"]
            for page in pages.paginate(StackName=STACK)
            for found in page["StackResourceSummaries"]
        }

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )


@pytest.fixture(scope="module")
def lab(local_site, state_folder, tmp_path_factory):
    return Lab(state_folder, local_site.status["aws"], tmp_path_factory.mktemp("lab"))


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


def assert_no_differences(lab):
    done = lab.cdk("diff", STACK, "--fail", "--method=template")
    assert done.returncode == 0, done.stdout + done.stderr


def test_from_minimal_to_maximal_and_away(lab, maximal):
    minimal = lab.deploy(MINIMAL)
    assert_no_differences(lab)
    full = lab.deploy(maximal)
    assert_no_differences(lab)
    assert {name: full[name] for name in HALVES} == {
        name: minimal[name] for name in HALVES
    }
    assert_the_secret_reaches_the_origin(lab, full)
    done = lab.cdk("destroy", STACK, "--force")
    assert done.returncode == 0, done.stderr
    assert_nothing_is_left(lab, kept=set(full) - set(minimal))


def assert_the_secret_reaches_the_origin(lab, resources):
    template = (lab.folder / "cdk.out" / f"{STACK}.template.json").read_text("utf-8")
    assert "the secret itself" not in template
    config = lab.client("cloudfront").get_distribution_config(
        Id=resources["CdnStaticDistributionF1B2E7F9"]
    )["DistributionConfig"]
    headers = {
        item["HeaderName"]: item["HeaderValue"]
        for item in config["Origins"]["Items"][0]["CustomHeaders"]["Items"]
    }
    assert headers["X-Origin-Secret"] == "the secret itself"


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
    groups = cloudfront.list_key_groups()["KeyGroupList"].get("Items", ())
    assert not groups
    # The log group outlives the stack on purpose, until its last line has expired.
    assert any(name.startswith("LogsLogGroup") for name in kept)


def test_media_moves_to_a_bucket_and_back(lab):
    minimal = lab.deploy(MINIMAL)
    with_bucket = lab.deploy(BUCKET)
    assert_no_differences(lab)
    back = lab.deploy(MINIMAL)
    for found in (with_bucket, back):
        assert {name: found[name] for name in HALVES} == {
            name: minimal[name] for name in HALVES
        }
    listed = lab.client("s3").list_buckets()["Buckets"]
    kept = {found["Name"] for found in listed} & set(with_bucket.values())
    assert len(kept) == 1, "switched off, the bucket and its files stay"
    done = lab.cdk("destroy", STACK, "--force")
    assert done.returncode == 0, done.stderr
