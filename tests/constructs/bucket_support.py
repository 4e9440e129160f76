"""A bucket for media and the distribution that reads it, as tests want them."""

from __future__ import annotations

from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk.assertions import Template
from cdk_support import new_stack

from constructs_lib import Bucket, Cors

ANY = Cors.any_origin()
LISTED = Cors(
    key_headers=(),
    methods=("GET", "HEAD", "OPTIONS"),
    allowed_origins=("https://www.example.com",),
)


def server():
    return origins.HttpOrigin(
        "www.example.com",
        origin_id="media",
        origin_path="/media",
        custom_headers={"X-Cdn-Tree": "media"},
    )


def distribution(stack, bucket=None, construct_id="Distribution"):
    """Like the one of a half: the policies are named, and the default behavior is the only one."""
    return cloudfront.Distribution(
        stack,
        construct_id,
        default_behavior=cloudfront.BehaviorOptions(
            origin=bucket.render_origin(server()) if bucket else server(),
            cache_policy=cloudfront.CachePolicy(
                stack, f"{construct_id}CachePolicy", cache_policy_name=construct_id
            ),
        ),
    )


def bucket_template(cors=ANY, **values):
    stack = new_stack()
    distribution(stack, Bucket(stack, "Media", cors=cors, **values))
    return Template.from_stack(stack)


def bucket_of(template):
    (found,) = template.find_resources("AWS::S3::Bucket").values()
    return found
