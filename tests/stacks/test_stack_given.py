"""What exists already, and is given in cdk.json by name, id or ARN. Nothing is looked up."""

from __future__ import annotations

import json

import pytest
from aws_cdk.assertions import Annotations, Match, Template
from cdk_support import environment, environment_template, new_app
from environments import BUCKET

from stacks import CdnStack

POLICY = "658327ea-f89d-4fab-a63d-7e88639e58f6"
TOPIC = "arn:aws:sns:us-east-1:111122223333:alarms"
INSTANCE = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c"


def of_origin(**values):
    return {"origin": {"domain_name": "origin.example.com", **values}}


def halves(template):
    found = template.find_resources("AWS::CloudFront::Distribution")
    return [found[name]["Properties"]["DistributionConfig"] for name in sorted(found)]


def test_policies_by_id_take_the_place_of_own_ones():
    ids = {"cache": POLICY, "origin_request": POLICY, "response_headers": POLICY}
    template = environment_template(static={"policy_ids": ids})
    _, static = halves(template)
    behavior = static["DefaultCacheBehavior"]
    assert behavior["CachePolicyId"] == POLICY
    assert behavior["OriginRequestPolicyId"] == POLICY
    assert behavior["ResponseHeadersPolicyId"] == POLICY
    template.resource_count_is("AWS::CloudFront::CachePolicy", 1)
    template.resource_count_is("AWS::CloudFront::ResponseHeadersPolicy", 1)


def test_a_topic_by_arn_is_told_and_none_is_made():
    template = environment_template(monitoring={"topic_arn": TOPIC})
    template.resource_count_is("AWS::SNS::Topic", 0)
    alarms = template.find_resources("AWS::CloudWatch::Alarm").values()
    assert [alarm["Properties"]["AlarmActions"] for alarm in alarms] == [[TOPIC]] * 2


def test_without_email_and_topic_the_alarms_show_on_the_dashboard_only():
    template = environment_template(monitoring={})
    template.resource_count_is("AWS::CloudWatch::Dashboard", 1)
    for alarm in template.find_resources("AWS::CloudWatch::Alarm").values():
        assert "AlarmActions" not in alarm["Properties"]


def test_a_bucket_by_name_gets_the_logs_and_its_statement_is_printed():
    described = environment(logs={"bucket": "mysite-logs", "prefix": "cdn"})
    stack = CdnStack(new_app(), described.stack_name, environment=described)
    Annotations.from_stack(stack).has_info(
        "*", Match.string_like_regexp("the policy of bucket mysite-logs must have this")
    )
    template = Template.from_stack(stack)
    (target,) = template.find_resources("AWS::Logs::DeliveryDestination").values()
    assert "mysite-logs/cdn" in json.dumps(target["Properties"])
    template.resource_count_is("AWS::S3::Bucket", 0)
    template.resource_count_is("AWS::Logs::LogGroup", 0)


def test_buckets_by_name_have_the_files_and_none_is_made():
    def bucket(name):
        return {"bucket": {"name": name, "region": "eu-west-1"}}

    given = {"static": bucket("mysite-static"), "media": bucket("mysite-media")}
    template = environment_template(**{**BUCKET, **given})
    template.resource_count_is("AWS::S3::Bucket", 0)
    media, static = halves(template)
    outputs = template.to_json()["Outputs"]
    for name, half in (("static", static), ("media", media)):
        first, _ = half["Origins"]
        assert first["DomainName"] == f"mysite-{name}.s3.eu-west-1.amazonaws.com"
        output = outputs[f"{name.capitalize()}BucketName"]
        assert output["Value"] == f"mysite-{name}"


def test_a_server_in_a_vpc_is_reached_by_one_vpc_origin():
    template = environment_template(**of_origin(vpc_endpoint_arn=INSTANCE))
    template.resource_count_is("AWS::CloudFront::VpcOrigin", 1)
    for half in halves(template):
        (origin,) = half["Origins"]
        assert "VpcOriginConfig" in origin
        assert origin["DomainName"] == "origin.example.com"


def test_fails_when_a_server_in_a_vpc_has_ipv6_alone():
    with pytest.raises(ValueError) as error:
        environment(**of_origin(vpc_endpoint_arn=INSTANCE, ip_address_type="ipv6"))
    assert str(error.value) == (
        "environments.test.origin.ip_address_type must be 'ipv4' or 'dualstack' inside a "
        "VPC, got 'ipv6'"
    )


def test_a_vpc_origin_that_another_account_shares():
    shared = {"vpc_origin_id": "vo_123", "owner_account_id": "444455556666"}
    template = environment_template(**of_origin(**shared))
    template.resource_count_is("AWS::CloudFront::VpcOrigin", 0)
    for half in halves(template):
        (origin,) = half["Origins"]
        assert origin["VpcOriginConfig"]["VpcOriginId"] == "vo_123"
        assert origin["VpcOriginConfig"]["OwnerAccountId"] == "444455556666"


@pytest.mark.parametrize(
    "values",
    [
        {"vpc_origin_id": "vo_1", "vpc_endpoint_arn": INSTANCE},
        {"vpc_origin_id": "vo_1", "load_balancer": "a.elb.amazonaws.com"},
        {"vpc_origin_id": "vo_1", "https_port": 8443},
        {"vpc_origin_id": "i-123"},
        {"owner_account_id": "444455556666"},
    ],
)
def test_fails_when_a_vpc_origin_is_given_twice_or_in_part(values):
    with pytest.raises(ValueError, match=r"^environments\.test\.origin\.[a-z_]+ "):
        environment(**of_origin(**values))


def test_a_header_is_left_out_by_false_and_set_by_a_string():
    key = "cross_origin_resource_policy"
    assert environment(static={"headers": {key: False}}).static["headers"].custom == {}
    given = environment(static={"headers": {key: "same-site"}}).static["headers"]
    assert given.custom == {"Cross-Origin-Resource-Policy": "same-site"}
    absent = environment(static={"headers": {}}).static["headers"]
    assert absent.custom == {"Cross-Origin-Resource-Policy": "cross-origin"}


@pytest.mark.parametrize(
    "values", [{"logs": {"log_group_days": 10**13}}, of_origin(https_port=10**13)]
)
def test_fails_when_a_number_is_larger_than_any_can_be(values):
    with pytest.raises(ValueError, match="must be at most 999999999, such as .* got 1"):
        environment(**values)


ZONES = {
    "hosted_zone": {"id": "Z0123456789ABC", "name": "example.com"},
    "static": {"domain_names": ["static.example.com"]},
    "media": {
        "domain_names": ["media.example-usercontent.com"],
        "hosted_zone": {"id": "Z9876543210CBA", "name": "example-usercontent.com"},
    },
}


def test_uploads_under_a_domain_of_their_own_get_certificate_and_records():
    template = environment_template(**ZONES)
    certificates = template.find_resources("AWS::CertificateManager::Certificate")
    assert {
        one["Properties"]["DomainName"]: one["Properties"]["DomainValidationOptions"][
            0
        ]["HostedZoneId"]
        for one in certificates.values()
    } == {
        "static.example.com": "Z0123456789ABC",
        "media.example-usercontent.com": "Z9876543210CBA",
    }
    records = template.find_resources("AWS::Route53::RecordSet").values()
    assert {
        (one["Properties"]["Name"], one["Properties"]["HostedZoneId"])
        for one in records
    } == {
        ("static.example.com.", "Z0123456789ABC"),
        ("media.example-usercontent.com.", "Z9876543210CBA"),
    }
