from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk.assertions import Annotations, Match, Template
from bucket_support import ANY, LISTED, bucket_of, bucket_template, distribution
from cdk_support import distribution_config, new_app, new_stack, only, resources

from constructs_lib import Bucket, Cors


@pytest.fixture(scope="module")
def plain():
    return bucket_template()


def ids(template):
    return set(template.to_json()["Resources"])


def text_of(statement):
    """A condition or resource with its references written out."""
    if isinstance(statement, str):
        return statement
    if "Fn::Join" in statement:
        return "".join(text_of(part) for part in statement["Fn::Join"][1])
    (kind,) = statement
    name = statement[kind]
    return f"<{name if isinstance(name, str) else '.'.join(name)}>"


def test_minimal_example():
    stack = new_stack()
    bucket = Bucket(stack, "Media", cors=ANY)
    distribution(stack, bucket)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::Bucket", 1)
    template.resource_count_is("AWS::S3::BucketPolicy", 1)
    template.resource_count_is("AWS::CloudFront::OriginAccessControl", 1)
    assert bucket.bucket_name == bucket.bucket.bucket_name
    assert bucket.cors == ANY
    assert bucket_of(template)["Properties"]["LifecycleConfiguration"]["Rules"] == [
        {
            "Id": "ForgetWhatWasReplaced",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "ExpiredObjectDeleteMarker": True,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        }
    ]


def test_maximum_example():
    template = bucket_template(cors=LISTED, keep_replaced=timedelta(days=3))
    (rule,) = bucket_of(template)["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 3}


def test_the_bucket_is_asked_first_and_the_server_for_what_it_lacks(plain):
    config = distribution_config(plain)
    (group,) = config["OriginGroups"]["Items"]
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == group["Id"]
    assert group["Members"]["Items"] == [{"OriginId": "bucket"}, {"OriginId": "media"}]
    assert group["FailoverCriteria"]["StatusCodes"] == {
        "Items": [403, 404, 500, 502, 503, 504],
        "Quantity": 6,
    }


def test_urls_stay_the_same_with_and_without_the_bucket(plain):
    stack = new_stack()
    distribution(stack)
    for template in (plain, Template.from_stack(stack)):
        origins = distribution_config(template)["Origins"]
        found = {origin["Id"]: origin for origin in origins}
        assert found["media"]["OriginPath"] == "/media"
        assert found["media"]["OriginCustomHeaders"][0]["HeaderValue"] == "media"
        # The object's name is the path of the URL: nothing is put in front of it.
        assert "OriginPath" not in found.get("bucket", {})


def test_a_bucket_that_does_not_answer_is_given_up_in_ten_seconds(plain):
    first, _ = distribution_config(plain)["Origins"]
    assert first["ConnectionAttempts"] * first["ConnectionTimeout"] == 10


def test_the_bucket_is_private_encrypted_versioned_and_outlives_the_stack(plain):
    found = bucket_of(plain)
    assert found["DeletionPolicy"] == found["UpdateReplacePolicy"] == "Retain"
    properties = found["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (ownership,) = properties["OwnershipControls"]["Rules"]
    assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
    # A name of its own would be free for others to take once the bucket is gone.
    assert "BucketName" not in properties


def test_only_the_distribution_reads_and_only_by_tls(plain):
    (policy,) = plain.find_resources("AWS::S3::BucketPolicy").values()
    deny, allow = policy["Properties"]["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (distribution_id,) = resources(plain, "Distribution")
    assert allow["Effect"] == "Allow"
    assert allow["Action"] == "s3:GetObject"
    assert allow["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert text_of(allow["Condition"]["StringEquals"]["AWS:SourceArn"]) == (
        "arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/"
        f"<{distribution_id}>"
    )
    # Without s3:ListBucket a missing object is a 403, and nobody can list the bucket.
    assert text_of(allow["Resource"]).endswith(".Arn>/*")


def test_nothing_depends_on_itself(plain):
    # The policy names the distribution, which names the bucket, which names nothing.
    (policy,) = plain.find_resources("AWS::S3::BucketPolicy").values()
    (distribution_id,) = resources(plain, "Distribution")
    (bucket_id,) = plain.find_resources("AWS::S3::Bucket")
    (policy_id,) = plain.find_resources("AWS::S3::BucketPolicy")
    assert distribution_id in str(policy)
    assert bucket_id in str(distribution_config(plain))
    assert policy_id not in str(distribution_config(plain))
    assert distribution_id not in str(bucket_of(plain))


def test_requests_are_signed_with_a_named_access_control(plain):
    config = only(plain, "OriginAccessControl")["OriginAccessControlConfig"]
    assert config["OriginAccessControlOriginType"] == "s3"
    assert config["SigningBehavior"] == "always"
    assert config["Name"].startswith("mysite-cdn-test-Media-OriginAccessCont-")
    first, second = distribution_config(plain)["Origins"]
    (control,) = resources(plain, "OriginAccessControl")
    assert first["OriginAccessControlId"] == {"Fn::GetAtt": [control, "Id"]}
    assert first["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    assert "OriginAccessControlId" not in second


def test_a_long_name_is_cut_to_what_cloudfront_allows():
    stack = new_stack(stack_id="s" * 100)
    distribution(stack, Bucket(stack, "Media", cors=ANY))
    control = only(Template.from_stack(stack), "OriginAccessControl")
    name = control["OriginAccessControlConfig"]["Name"]
    assert len(name) == 64 - 16 + len("us-east-1")


def test_logical_ids_are_a_contract(plain):
    assert ids(plain) == {
        "Distribution830FAC52",
        "DistributionCachePolicy2991C3D1",
        "MediaBucket4022EBBF",
        "MediaBucketPolicy05DE7268",
        "MediaOriginAccessControlFAD4AA9B",
    }


def test_switching_on_and_off_replaces_nothing(plain):
    stack = new_stack()
    distribution(stack)
    off, on = Template.from_stack(stack), plain
    assert ids(off) < ids(on)
    for kind in ("Distribution", "CachePolicy"):
        assert list(resources(off, kind)) == list(resources(on, kind))
    # Names are what makes CloudFormation refuse or replace a policy.
    assert only(off, "CachePolicy") == only(on, "CachePolicy")


def test_two_distributions_may_share_a_bucket():
    stack = new_stack()
    bucket = Bucket(stack, "Media", cors=ANY)
    distribution(stack, bucket, "One")
    distribution(stack, bucket, "Two")
    template = Template.from_stack(stack)
    (policy,) = template.find_resources("AWS::S3::BucketPolicy").values()
    sources = [
        text_of(statement["Condition"]["StringEquals"]["AWS:SourceArn"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"][1:]
    ]
    assert len(set(sources)) == 2
    assert not any("*" in source for source in sources)


def test_any_origin_is_said_by_s3_itself_too(plain):
    assert bucket_of(plain)["Properties"]["CorsConfiguration"]["CorsRules"] == [
        {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"]}
    ]
    first, second = distribution_config(plain)["Origins"]
    assert [header["HeaderName"] for header in first["OriginCustomHeaders"]] == [
        "Origin"
    ]
    assert [header["HeaderName"] for header in second["OriginCustomHeaders"]] == [
        "X-Cdn-Tree"
    ]


def test_a_list_of_origins_is_left_to_the_edge():
    template = bucket_template(cors=LISTED)
    assert "CorsConfiguration" not in bucket_of(template)["Properties"]
    first, _ = distribution_config(template)["Origins"]
    assert "OriginCustomHeaders" not in first


def test_fails_when_the_server_is_to_answer_cors():
    with pytest.raises(
        ValueError,
        match=r"^cors must be answered by the edge .* got Cors\.forward\(\)$",
    ):
        bucket_template(cors=Cors.forward())


@pytest.mark.parametrize(
    "value",
    [timedelta(0), timedelta(hours=12), timedelta(days=1, hours=1), timedelta(days=-1)],
)
def test_fails_when_versions_are_kept_for_no_whole_number_of_days(value):
    with pytest.raises(
        ValueError, match=r"^keep_replaced must be a whole number of days, at least 1"
    ):
        bucket_template(keep_replaced=value)


def test_neither_the_cdk_nor_cloudformations_own_rules_find_fault():
    # The app turns what the rules find into errors, which synth() raises.
    app = new_app()
    stack = new_stack(app)
    distribution(stack, Bucket(stack, "Media", cors=ANY))
    assert app.synth().get_stack_by_name(stack.stack_name).template["Resources"]
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())
