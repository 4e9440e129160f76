"""A bucket for each distribution of a pair."""

from __future__ import annotations

import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from bucket_support import ANY, LISTED
from cdk_support import ORIGIN, new_stack, pair_template, resources

from constructs_lib import Bucket, Cors, DjangoCdn


def test_the_pair_takes_a_bucket_for_each_half():
    stack = new_stack()
    cdn = DjangoCdn(
        stack,
        "Cdn",
        origin=ORIGIN,
        static={"bucket": Bucket(stack, "Builds", cors=ANY)},
        media={"bucket": Bucket(stack, "Uploads", cors=LISTED)},
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
        origin=ORIGIN,
        cors=Cors.forward(),
        static={"bucket": Bucket(stack, "Builds", cors=ANY)},
    )
    template = Template.from_stack(stack)
    found = resources(template, "Distribution")

    def methods(half):
        name = stack.get_logical_id(half.distribution.node.default_child)
        config = found[name]["DistributionConfig"]
        return config["DefaultCacheBehavior"]["AllowedMethods"]

    assert "OPTIONS" not in methods(cdn.static)
    assert "OPTIONS" in methods(cdn.media)


def given(static, media):
    stack = new_stack()

    def bucket(role, name):
        existing = s3.Bucket.from_bucket_name(stack, f"{role}Named", name)
        return Bucket(stack, role, cors=ANY, bucket=existing)

    return DjangoCdn(
        stack,
        "Cdn",
        origin=ORIGIN,
        static={"bucket": bucket("Builds", static)},
        media={"bucket": bucket("Uploads", media)},
    )


def test_fails_when_builds_and_uploads_share_a_bucket():
    with pytest.raises(
        ValueError, match="^media.bucket must be another bucket than static.bucket"
    ):
        given("mysite-files", "mysite-files")
    assert given("mysite-static", "mysite-media").static


def test_a_shared_bucket_of_the_stack_is_named_by_its_path():
    stack = new_stack()
    shared = Bucket(stack, "Shared", cors=Cors.any_origin())
    with pytest.raises(ValueError, match=f"got '{stack.node.path}/Shared/.*' for both"):
        pair_template(stack, static={"bucket": shared}, media={"bucket": shared})
