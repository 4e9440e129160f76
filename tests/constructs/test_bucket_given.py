from __future__ import annotations

from datetime import timedelta

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template
from bucket_support import ANY, distribution
from cdk_support import ORIGIN, distribution_config, half_template, new_app, new_stack

from constructs_lib import Bucket, Cors, MediaDistribution, Policies


def existing(scope, **attributes):
    return s3.Bucket.from_bucket_attributes(
        scope, "Files", bucket_name="mysite-media", **attributes
    )


def test_a_bucket_that_exists_is_taken_by_name_and_not_changed():
    stack = new_stack()
    bucket = Bucket(
        stack, "Media", cors=ANY, bucket=existing(stack, region="eu-west-1")
    )
    distribution(stack, bucket)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::Bucket", 0)
    template.resource_count_is("AWS::S3::BucketPolicy", 0)
    assert bucket.bucket_name == "mysite-media"
    first, _ = distribution_config(template)["Origins"]
    # S3 redirects a request for another region, and a redirect does not fail over.
    assert first["DomainName"] == "mysite-media.s3.eu-west-1.amazonaws.com"
    Annotations.from_stack(stack).has_warning(
        "*", Match.string_like_regexp("Cannot update bucket policy of an imported")
    )


def test_a_bucket_of_the_same_stack_gets_the_policy():
    stack = new_stack()
    bucket = s3.Bucket(stack, "Files")
    distribution(stack, Bucket(stack, "Media", cors=ANY, bucket=bucket))
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::BucketPolicy", 1)


def test_fails_when_the_bucket_belongs_to_another_stack():
    app = new_app()
    bucket = s3.Bucket(new_stack(app, "files"), "Files")
    with pytest.raises(
        ValueError, match="^bucket must be defined in the distribution's stack"
    ):
        Bucket(new_stack(app), "Media", cors=ANY, bucket=bucket)


def test_fails_when_the_construct_belongs_to_another_stack():
    app = new_app()
    bucket = Bucket(new_stack(app, "files"), "Media", cors=ANY)
    expected = "^bucket must be defined in the distribution's stack, .* stack 'files'$"
    with pytest.raises(ValueError, match=expected):
        half_template(MediaDistribution, stack=new_stack(app), bucket=bucket)


REQUEST, CACHE = cloudfront.OriginRequestPolicy, cloudfront.CachePolicy
HOST = [
    {"origin_request": REQUEST.ALL_VIEWER},
    {"origin_request": REQUEST.ALL_VIEWER_AND_CLOUDFRONT_2022},
    {"origin_request": "bf0718e1-ba1e-49d1-88b1-f726733018ae"},
    {"cache": CACHE.USE_ORIGIN_CACHE_CONTROL_HEADERS},
    {"cache": CACHE.USE_ORIGIN_CACHE_CONTROL_HEADERS_QUERY_STRINGS},
]
OTHERS = [
    {"origin_request": REQUEST.CORS_S3_ORIGIN},
    {"origin_request": REQUEST.ALL_VIEWER_EXCEPT_HOST_HEADER},
    {"cache": CACHE.CACHING_OPTIMIZED},
    {"origin_request": "00000000-0000-4000-8000-000000000000"},
]


def with_policies(given):
    stack = new_stack()
    ((name, policy),) = given.items()
    if isinstance(policy, str):
        policy = REQUEST.from_origin_request_policy_id(stack, name, policy)
    bucket = Bucket(stack, "Media", cors=ANY)
    policies = Policies(**{name: policy})
    MediaDistribution(stack, "Half", origin=ORIGIN, bucket=bucket, policies=policies)


@pytest.mark.parametrize("given", HOST)
def test_fails_when_a_policy_sends_a_host_that_the_bucket_has_not(given):
    (name,) = given
    with pytest.raises(ValueError, match=f"^policies.{name} must not send Host on"):
        with_policies(given)


@pytest.mark.parametrize("given", OTHERS)
def test_other_policies_pass_beside_a_bucket(given):
    with_policies(given)


def test_fails_when_a_bucket_that_exists_shall_forget():
    stack = new_stack()
    with pytest.raises(
        ValueError, match="^keep_replaced must not be given together with bucket"
    ):
        Bucket(
            stack,
            "Media",
            cors=ANY,
            bucket=existing(stack),
            keep_replaced=timedelta(days=1),
        )


def test_tokens_pass_as_the_name_of_a_bucket():
    stack = new_stack()
    name = cdk.Token.as_string({"Fn::ImportValue": "MediaBucketName"})
    bucket = s3.Bucket.from_bucket_name(stack, "Files", name)
    distribution(stack, Bucket(stack, "Media", cors=ANY, bucket=bucket))
    first, _ = distribution_config(Template.from_stack(stack))["Origins"]
    assert "MediaBucketName" in str(first["DomainName"])


def test_fails_when_the_distribution_has_another_cors_than_its_bucket():
    stack = new_stack()
    bucket = Bucket(stack, "MediaBucket", cors=ANY)
    values = {"origin": ORIGIN, "bucket": bucket}
    with pytest.raises(ValueError, match="^cors must be that of the bucket or be left"):
        MediaDistribution(stack, "Media", cors=Cors.forward(), **values)
    assert MediaDistribution(stack, "Same", cors=Cors.any_origin(), **values)


@pytest.mark.parametrize("is_ours", [True, False])
def test_who_pushes_to_an_encrypted_bucket_may_use_its_key(is_ours):
    stack = new_stack()
    arn = "arn:aws:kms:us-east-1:111122223333:key/1"
    key = kms.Key(stack, "Key") if is_ours else kms.Key.from_key_arn(stack, "Key", arn)
    existing = (
        s3.Bucket(stack, "Files", encryption_key=key)
        if is_ours
        else s3.Bucket.from_bucket_attributes(
            stack, "Files", bucket_name="mysite-media", encryption_key=key
        )
    )
    bucket = Bucket(stack, "Bucket", cors=ANY, bucket=existing)
    bucket.grant_push(iam.User(stack, "User"))
    template = Template.from_stack(stack)
    (policy,) = template.find_resources("AWS::IAM::Policy").values()
    *_, statement = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement == {
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Effect": "Allow",
        "Resource": stack.resolve(key.key_arn),
    }
