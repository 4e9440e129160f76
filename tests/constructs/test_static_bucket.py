from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template
from cdk_support import new_app, new_stack, resources
from media_support import ANY, LISTED, bucket_of, distribution

from constructs_lib import (
    Cors,
    DjangoCdn,
    DjangoOrigin,
    MediaBucket,
    MediaDistribution,
    StaticBucket,
    StaticDistribution,
)

SERVER = DjangoOrigin.server("www.example.com")


def static_template(*, cors=ANY, bucket=True, **values):
    stack = new_stack()
    found = StaticBucket(stack, "Builds", cors=cors, **values) if bucket else None
    StaticDistribution(stack, "Static", origin=SERVER, cors=cors, bucket=found)
    return Template.from_stack(stack)


def config_of(template):
    (found,) = resources(template, "Distribution").values()
    return found["DistributionConfig"]


def test_minimal_example():
    stack = new_stack()
    bucket = StaticBucket(stack, "Builds", cors=ANY)
    StaticDistribution(stack, "Static", origin=SERVER, bucket=bucket)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::Bucket", 1)
    template.resource_count_is("AWS::S3::BucketPolicy", 1)
    template.resource_count_is("AWS::CloudFront::OriginAccessControl", 1)
    assert bucket.bucket_name == bucket.bucket.bucket_name
    assert bucket.cors == ANY
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_maximum_example():
    template = static_template(cors=LISTED, keep_replaced=timedelta(days=3))
    (rule,) = bucket_of(template)["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 3}


def test_a_build_has_the_same_url_in_the_bucket_and_on_the_server():
    config = config_of(static_template())
    (group,) = config["OriginGroups"]["Items"]
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == group["Id"]
    assert group["FailoverCriteria"]["StatusCodes"]["Items"] == [
        403,
        404,
        500,
        502,
        503,
        504,
    ]
    first, second = config["Origins"]
    assert group["Members"]["Items"] == [
        {"OriginId": first["Id"]},
        {"OriginId": second["Id"]},
    ]
    # The object is <build>/css/site.css, the server's file /static/<build>/css/site.css.
    assert "S3OriginConfig" in first and "OriginPath" not in first
    assert second["DomainName"] == "www.example.com"
    assert second["OriginPath"] == "/static"


@pytest.mark.parametrize("keep", [None, timedelta(days=1)])
def test_no_rule_removes_a_build_by_its_age(keep):
    properties = bucket_of(static_template(keep_replaced=keep))["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    # What is left removes versions that were replaced, markers of nothing, broken uploads.
    assert set(rule) == {
        "AbortIncompleteMultipartUpload",
        "ExpiredObjectDeleteMarker",
        "Id",
        "NoncurrentVersionExpiration",
        "Status",
    }


def test_it_is_as_private_and_as_lasting_as_that_of_media():
    def template(kind, cors):
        stack = new_stack()
        distribution(stack, kind(stack, "Files", cors=cors))
        return Template.from_stack(stack).to_json()

    for cors in (ANY, LISTED):
        assert template(StaticBucket, cors) == template(MediaBucket, cors)


def test_logical_ids_are_a_contract():
    assert set(static_template().to_json()["Resources"]) == {
        "BuildsBucket4F7D7BC5",
        "BuildsBucketPolicy4F995DDA",
        "BuildsOriginAccessControl9C09C8EC",
        "StaticCachePolicyD4880C6B",
        "StaticDistribution54E0030E",
        "StaticResponseHeadersPolicy50E91047",
    }


def test_switching_on_and_off_replaces_nothing():
    on, off = (static_template(bucket=bucket) for bucket in (True, False))
    for kind in ("Distribution", "CachePolicy", "ResponseHeadersPolicy"):
        assert list(resources(off, kind)) == list(resources(on, kind))
    for kind in ("CachePolicy", "ResponseHeadersPolicy"):
        assert resources(off, kind) == resources(on, kind)
    assert "OriginGroups" not in config_of(off)


def test_the_pair_takes_a_bucket_for_each_half():
    stack = new_stack()
    cdn = DjangoCdn(
        stack,
        "Cdn",
        origin=SERVER,
        static_bucket=StaticBucket(stack, "Builds", cors=ANY),
        media_bucket=MediaBucket(stack, "Uploads", cors=LISTED),
    )
    template = Template.from_stack(stack)
    # Each policy lets one distribution in, that of its own half.
    for half, construct in (("Builds", cdn.static), ("Uploads", cdn.media)):
        (policy,) = (
            found
            for name, found in template.find_resources("AWS::S3::BucketPolicy").items()
            if name.startswith(half)
        )
        own = stack.get_logical_id(construct.distribution.node.default_child)
        both = resources(template, "Distribution")
        assert [name for name in both if name in str(policy)] == [own]


def test_the_cors_of_the_bucket_acts_for_its_half_alone():
    stack = new_stack()
    cdn = DjangoCdn(
        stack,
        "Cdn",
        origin=SERVER,
        cors=Cors.forward(),
        static_bucket=StaticBucket(stack, "Builds", cors=ANY),
    )
    template = Template.from_stack(stack)
    found = resources(template, "Distribution")

    def methods(half):
        name = stack.get_logical_id(half.distribution.node.default_child)
        config = found[name]["DistributionConfig"]
        return config["DefaultCacheBehavior"]["AllowedMethods"]

    assert "OPTIONS" not in methods(cdn.static)
    assert "OPTIONS" in methods(cdn.media)


def test_fails_when_the_server_is_to_answer_cors():
    with pytest.raises(ValueError, match=r"^cors must be answered by the edge"):
        static_template(cors=Cors.forward())


def test_fails_when_versions_are_kept_for_half_a_day():
    with pytest.raises(ValueError, match="^keep_replaced must be a whole number of"):
        static_template(keep_replaced=timedelta(hours=12))


@pytest.mark.parametrize(
    ("half", "kind", "other"),
    [
        (StaticDistribution, StaticBucket, MediaBucket),
        (MediaDistribution, MediaBucket, StaticBucket),
    ],
)
def test_a_half_takes_its_own_kind_of_bucket_only(half, kind, other):
    stack = new_stack()
    for wrong in (other(stack, "Other", cors=ANY), s3.Bucket(stack, "Bare")):
        with pytest.raises(
            ValueError, match=rf"^bucket must be a {kind.__name__}, such as .* got <"
        ):
            half(stack, wrong.node.id + "Half", origin=SERVER, bucket=wrong)
    right = kind(stack, "Right", cors=ANY)
    assert half(stack, "Half", origin=SERVER, bucket=right).distribution


def existing(scope, construct_id, name):
    return s3.Bucket.from_bucket_name(scope, construct_id, name)


def given(static, media):
    stack = new_stack()
    return DjangoCdn(
        stack,
        "Cdn",
        origin=SERVER,
        static_bucket=StaticBucket(
            stack, "Builds", cors=ANY, bucket=existing(stack, "One", static)
        ),
        media_bucket=MediaBucket(
            stack, "Uploads", cors=ANY, bucket=existing(stack, "Two", media)
        ),
    )


def test_fails_when_builds_and_uploads_share_a_bucket():
    with pytest.raises(ValueError, match="^static_bucket must not be that of media_"):
        given("mysite-files", "mysite-files")
    assert given("mysite-static", "mysite-media").static


def test_cloudformations_own_rules_find_no_fault():
    app = new_app()
    stack = new_stack(app)
    bucket = StaticBucket(stack, "Builds", cors=ANY)
    StaticDistribution(stack, "Static", origin=SERVER, bucket=bucket)
    assert app.synth().get_stack_by_name(stack.stack_name).template["Resources"]
