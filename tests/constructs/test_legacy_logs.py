from __future__ import annotations

import json

import pytest
from aws_cdk.assertions import Template
from cdk_support import distribution_config, environment, new_stack

from constructs_lib import DjangoOrigin, LegacyLogs, StaticDistribution


def test_the_legacy_log_goes_to_a_named_bucket_without_cookies():
    stack = new_stack()
    legacy = LegacyLogs.named("mysite-audit-logs", region="eu-west-1")
    origin = DjangoOrigin.server("www.example.com")
    StaticDistribution(stack, "Static", origin=origin, legacy_logs=legacy)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::Bucket", 0)
    logging = distribution_config(template)["Logging"]
    assert logging["Prefix"] == "legacy/static/"
    assert "mysite-audit-logs.s3.eu-west-1." in json.dumps(logging["Bucket"])
    assert not logging.get("IncludeCookies", False)


def test_legacy_logs_of_two_halves_do_not_share_a_folder():
    legacy = LegacyLogs.named("mysite-audit-logs", prefix="audit/cdn")
    assert legacy.file_prefix("Static") == "audit/cdn/static/"
    assert legacy.file_prefix("Media") == "audit/cdn/media/"


@pytest.mark.parametrize(
    "name", ["", "Logs", "s3://logs", "a", "logs/", "-logs", "a..b", "192.168.1.1"]
)
def test_fails_when_a_legacy_bucket_is_no_name(name):
    with pytest.raises(ValueError, match="^bucket_name must be the name of a bucket"):
        LegacyLogs.named(name)


def test_fails_when_the_region_of_a_bucket_is_none():
    with pytest.raises(
        ValueError, match="^region must be an AWS region .* 'us-east-1' or"
    ):
        LegacyLogs.named("mysite-audit-logs", region="us-est-1")


OPT_IN = ["af-south-1", "ap-east-1", "ca-west-1", "eu-south-2", "mx-central-1"]


@pytest.mark.parametrize("region", OPT_IN)
def test_fails_when_a_legacy_bucket_is_where_none_is_delivered(region):
    sentence = (
        f"region must be a region that no account has to opt into, .* '{region}'$"
    )
    with pytest.raises(ValueError, match=f"^{sentence}"):
        LegacyLogs.named("mysite-audit-logs", region=region)
    with pytest.raises(ValueError, match=f"^legacy_logs.{sentence}"):
        LegacyLogs.named("mysite-audit-logs").render(new_stack(region=region))
    given = {"bucket": "mysite-audit-logs", "region": region}
    with pytest.raises(
        ValueError, match=rf"^environments\.test\.legacy_logs\.{sentence}"
    ):
        environment(legacy_logs=given)


@pytest.mark.parametrize("region", ["us-west-1", "eu-north-1", "ap-northeast-3"])
def test_a_legacy_bucket_elsewhere_passes(region):
    LegacyLogs.named("mysite-audit-logs", region=region)
    LegacyLogs.named("mysite-audit-logs", region=region).render(
        new_stack(region="ap-east-1")
    )
