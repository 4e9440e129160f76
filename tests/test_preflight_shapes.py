"""What the local AWS cannot be brought into, in answers that fit the model of the API."""

from __future__ import annotations

import datetime as dt

import pytest
from preflight_support import (
    SECRET,
    Recorded,
    asked,
    everything,
    stands,
    target,
    target_of,
)

from cdn_review.preflight.account.storage import check_buckets, check_network
from cdn_review.preflight.result import Level
from local.environment import ACCOUNT

# -- who asks


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"]
)
def test_credentials_that_aws_refuses_end_it(code):
    found = everything(target(), Recorded(("sts", "get_caller_identity", code)))
    assert (found[0].check, found[0].level) == ("credentials", Level.FAIL)
    assert code in found[0].sentence
    assert "sign in again" in found[0].cure
    assert {one.level for one in found[1:] if one.check != "origin"} == {Level.SKIP}


def test_another_account_ends_it():
    aws = Recorded(("sts", "get_caller_identity", {"Account": "444455556666"}))
    found = everything(target(), aws)
    assert [str(one.level) for one in found[:3]] == ["PASS", "FAIL", "SKIP"]
    assert "another account" in found[1].sentence


# -- the region


def regions(**states):
    listed = [
        {"RegionName": name.replace("_", "-"), "OptInStatus": state}
        for name, state in states.items()
    ]
    return Recorded(("ec2", "describe_regions", {"Regions": listed}))


@pytest.mark.parametrize(
    ("states", "level", "part"),
    [
        ({"eu_west_1": "opt-in-not-required"}, "PASS", "stands in eu-west-1"),
        ({"eu_west_1": "not-opted-in"}, "FAIL", "eu-west-1 is not switched on"),
        ({"eu_west_2": "opted-in"}, "FAIL", "there is no region 'eu-west-1'"),
    ],
)
def test_a_region_has_to_be_usable(states, level, part):
    wanted = target_of({}, region="eu-west-1")
    ((found, sentence),) = asked("region", wanted, regions(**states))
    assert found == level
    assert part in sentence


def test_the_usual_region_is_not_asked_for():
    assert asked("region", target(), Recorded()) == [("PASS", "is us-east-1")]


# -- the stack


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("UPDATE_COMPLETE", "PASS"),
        ("UPDATE_ROLLBACK_COMPLETE", "PASS"),
        ("REVIEW_IN_PROGRESS", "PASS"),
        ("ROLLBACK_COMPLETE", "FAIL"),
        ("ROLLBACK_FAILED", "FAIL"),
        ("CREATE_FAILED", "FAIL"),
        ("UPDATE_ROLLBACK_FAILED", "FAIL"),
        ("DELETE_FAILED", "FAIL"),
        ("UPDATE_IN_PROGRESS", "FAIL"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "FAIL"),
        ("DELETE_IN_PROGRESS", "FAIL"),
    ],
)
def test_the_state_of_a_stack_decides(status, level):
    ((found, sentence),) = asked("stack", target(), Recorded(*stands(status=status)))
    assert found == level
    assert status in sentence or status == "REVIEW_IN_PROGRESS"


# -- names

FUNCTION = "AWS::CloudFront::Function"
ARN = f"arn:aws:cloudfront::{ACCOUNT}:function/rewrite"


def functions(*own):
    listed = {
        "Name": "rewrite",
        "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"},
        "FunctionMetadata": {
            "FunctionARN": ARN,
            "LastModifiedTime": dt.datetime.now(dt.UTC),
        },
    }
    found = {"FunctionList": {"MaxItems": 100, "Quantity": 1, "Items": [listed]}}
    aws = Recorded(*stands(*own), ("cloudfront", "list_functions", found))
    wanted = {"Rewrite": {"Type": FUNCTION, "Properties": {"Name": "rewrite"}}}
    ((level, sentence),) = asked("names", target_of(wanted), aws)
    return level, sentence


def test_cloudformation_knows_a_function_of_the_stack_by_its_arn():
    assert functions((FUNCTION, "Rewrite", ARN))[0] == "PASS"


def test_a_function_outside_the_stack_fails():
    level, sentence = functions()
    assert level == "FAIL"
    assert sentence.endswith("outside this stack")


def test_a_name_that_moves_to_another_logical_id_fails():
    level, sentence = functions((FUNCTION, "RewriteOfBefore", ARN))
    assert level == "FAIL"
    assert sentence.endswith("under another logical id")


@pytest.mark.parametrize(
    ("kind", "properties", "service", "operation", "answer"),
    [
        (
            "CloudWatch::Alarm",
            {"AlarmName": "taken"},
            *("cloudwatch", "describe_alarms"),
            {"MetricAlarms": [{"AlarmName": "taken"}]},
        ),
        (
            "CloudWatch::Dashboard",
            {"DashboardName": "taken"},
            *("cloudwatch", "list_dashboards"),
            {"DashboardEntries": [{"DashboardName": "taken"}]},
        ),
        (
            "Logs::DeliveryDestination",
            {"Name": "taken"},
            *("logs", "describe_delivery_destinations"),
            {"deliveryDestinations": [{"name": "taken"}]},
        ),
        (
            "Logs::DeliverySource",
            {"Name": "taken"},
            *("logs", "describe_delivery_sources"),
            {"deliverySources": [{"name": "taken"}]},
        ),
        (
            "Logs::LogGroup",
            {"LogGroupName": "taken"},
            *("logs", "describe_log_groups"),
            {"logGroups": [{"logGroupName": "taken"}]},
        ),
        ("S3::Bucket", {"BucketName": "taken"}, "s3", "head_bucket", {}),
        ("S3::Bucket", {"BucketName": "taken"}, "s3", "head_bucket", "403"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_of_each_kind_may_be_taken(kind, properties, service, operation, answer):
    wanted = target_of({"Own": {"Type": f"AWS::{kind}", "Properties": properties}})
    aws = Recorded(*stands(), (service, operation, answer))
    ((level, sentence),) = asked("names", wanted, aws)
    assert level == "FAIL"
    assert "'taken' exists already" in sentence


# -- the quota


def quotas(**values):
    listed = [
        {"QuotaName": name.replace("_", " "), "Value": float(value)}
        for name, value in values.items()
    ]
    return ("service-quotas", "list_service_quotas", {"Quotas": listed})


def distributions(number, *granted, there=0, own=0):
    summary = {
        **{"Id": "E1", "ARN": "arn", "Status": "Deployed", "Staging": False},
        **{"DomainName": "d1.cloudfront.net", "Comment": "", "Enabled": True},
        **{"PriceClass": "PriceClass_100", "WebACLId": "", "HttpVersion": "http2"},
        **{"IsIPV6Enabled": True, "LastModifiedTime": dt.datetime.now(dt.UTC)},
        **{"Aliases": {"Quantity": 0}, "CacheBehaviors": {"Quantity": 0}},
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "a.example"}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "https-only",
        },
        "CustomErrorResponses": {"Quantity": 0},
        "ViewerCertificate": {},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    }
    listed = {
        "DistributionList": {
            "Marker": "",
            "MaxItems": 100,
            "IsTruncated": False,
            "Quantity": there,
            "Items": [summary] * there,
        }
    }
    made = {
        f"D{one}": {"Type": "AWS::CloudFront::Distribution", "Properties": {}}
        for one in range(number)
    }
    kind = "AWS::CloudFront::Distribution"
    current = stands(*((kind, f"D{one}", f"E{one}") for one in range(own)))
    answers = [*current, *granted, ("cloudfront", "list_distributions", listed)]
    return asked("quota", target_of(made), Recorded(*answers))


def test_a_quota_that_was_raised_counts():
    raised = quotas(Web_distributions_per_AWS_account=700)
    said = [("PASS", "2 of 700 distributions after the deploy")]
    assert distributions(2, raised) == said


def test_what_the_stack_has_is_not_counted_twice():
    said = [("PASS", "3 of 500 distributions after the deploy")]
    assert distributions(2, quotas(), there=3, own=2) == said
    said = [("PASS", "5 of 500 distributions after the deploy")]
    assert distributions(2, quotas(), there=3) == said


def test_the_quota_of_staging_distributions_is_another():
    other = quotas(Staging_distributions_per_AWS_account=20)
    said = [("PASS", "2 of 500 distributions after the deploy")]
    assert distributions(2, other) == said


def test_who_may_not_ask_for_quotas_has_the_usual_ones():
    refused = ("service-quotas", "list_service_quotas", "AccessDeniedException")
    said = [("PASS", "2 of 500 distributions after the deploy")]
    assert distributions(2, refused) == said


# -- what has to exist already


@pytest.mark.parametrize(("there", "level"), [(True, "WARN"), (False, "FAIL")])
def test_a_version_of_a_secret_without_a_label_may_be_gone_soon(there, level):
    listed = [{"VersionId": SECRET["version"]}] if there else []
    aws = Recorded(
        ("secretsmanager", "describe_secret", {"VersionIdsToStages": {}}),
        ("secretsmanager", "list_secret_version_ids", {"Versions": listed}),
    )
    reference = f"{{{{resolve:secretsmanager:{SECRET['arn']}:SecretString:::{SECRET['version']}}}}}"
    wanted = target_of({"One": {"Type": "AWS::X::Y", "Properties": {"V": reference}}})
    ((found, _),) = asked("origin secret", wanted, aws)
    assert found == level


def origin_bucket(domain):
    config = {
        "Origins": [{"Id": "o", "DomainName": domain, "S3OriginConfig": {}}],
        "DefaultCacheBehavior": {"TargetOriginId": "o"},
    }
    properties = {"DistributionConfig": config}
    return target_of(
        {"D": {"Type": "AWS::CloudFront::Distribution", "Properties": properties}}
    )


ALL_CLOSED = dict.fromkeys(
    (
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    ),
    True,
)


@pytest.mark.parametrize(
    ("region", "block", "level", "part"),
    [
        ("eu-west-1", ALL_CLOSED, "PASS", "exists"),
        ("eu-west-2", ALL_CLOSED, "FAIL", "stands in eu-west-2"),
        ("eu-west-1", {**ALL_CLOSED, "BlockPublicPolicy": False}, "WARN", "everybody"),
        ("eu-west-1", None, "WARN", "everybody"),
    ],
)
def test_a_bucket_of_files_is_closed_and_where_it_is_asked(region, block, level, part):
    answer = {"PublicAccessBlockConfiguration": block}
    none = "NoSuchPublicAccessBlockConfiguration"
    aws = Recorded(
        ("s3", "head_bucket", {"BucketRegion": region}),
        ("s3", "get_public_access_block", none if block is None else answer),
    )
    wanted = origin_bucket("mysite-media.s3.eu-west-1.amazonaws.com")
    (found,) = check_buckets(wanted, aws)
    assert str(found.level) == level
    assert part in found.sentence


def test_a_bucket_that_the_stack_makes_need_not_exist():
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "mysite-media"}}
    policy = {"Type": "AWS::X::Y", "Properties": {"R": "arn:aws:s3:::mysite-media/*"}}
    assert target_of({"B": bucket, "P": policy}).buckets == []
    assert [one.name for one in target_of({"P": policy}).buckets] == ["mysite-media"]


def private(arn):
    config = {"VpcOriginEndpointConfig": {"Arn": arn, "Name": "own"}}
    return target_of(
        {"V": {"Type": "AWS::CloudFront::VpcOrigin", "Properties": config}}
    )


BALANCER = (
    f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:loadbalancer/app/a/50dc6c4"
)
INSTANCE = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0123456789abcdef0"


@pytest.mark.parametrize(
    ("arn", "answer", "level"),
    [
        (BALANCER, {"LoadBalancers": [{"State": {"Code": "active"}}]}, "PASS"),
        (BALANCER, {"LoadBalancers": [{"State": {"Code": "failed"}}]}, "FAIL"),
        (BALANCER, "LoadBalancerNotFound", "FAIL"),
        (
            INSTANCE,
            {"Reservations": [{"Instances": [{"State": {"Name": "running"}}]}]},
            "PASS",
        ),
        (
            INSTANCE,
            {"Reservations": [{"Instances": [{"State": {"Name": "stopped"}}]}]},
            "FAIL",
        ),
        (INSTANCE, "InvalidInstanceID.NotFound", "FAIL"),
    ],
)
def test_a_server_in_a_private_network_has_to_stand(arn, answer, level):
    of_balancer = ("elbv2", "describe_load_balancers", answer)
    of_instance = ("ec2", "describe_instances", answer)
    aws = Recorded(of_balancer if arn == BALANCER else of_instance)
    (found,) = check_network(private(arn), aws)
    assert str(found.level) == level
    assert ACCOUNT not in found.sentence + found.cure
