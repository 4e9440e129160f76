"""A private bucket that CloudFront asks first, and the Django server after it."""

from __future__ import annotations

from datetime import timedelta

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.physical_names import physical_name
from constructs_lib.policies.cors import Cors

# S3 says 403 for a name that does not exist. CloudFront counts a refused connection as 503 and
# a timeout as 504, and fails over for GET, HEAD and OPTIONS only:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
FALLBACK_STATUS_CODES = (403, 404, 500, 502, 503, 504)

_KEEP_REPLACED = timedelta(days=30)
_KEEP_UPLOADS = timedelta(days=7)
_NAME_LIMIT = 64
_ANY_ORIGIN = ("*",)


def define_bucket(
    scope: Construct,
    *,
    cors: Cors,
    bucket: s3.IBucket | None,
    keep_replaced: timedelta | None,
) -> s3.IBucket:
    """Define a bucket in a scope, unless there is one.

    :raises ValueError: when the server is to answer CORS, or a value cannot act.
    """
    _check_cors(cors)
    if bucket is not None:
        _check_given(scope, bucket, keep_replaced)
        return bucket
    keep = _KEEP_REPLACED if keep_replaced is None else keep_replaced
    _check_days("keep_replaced", keep)
    return _new_bucket(scope, keep, is_public=_is_public(cors))


def define_access_control(scope: Construct) -> cloudfront.S3OriginAccessControl:
    """Define what lets CloudFront sign its requests to the bucket, in a scope."""
    return cloudfront.S3OriginAccessControl(
        scope,
        "OriginAccessControl",
        origin_access_control_name=physical_name(
            scope, "OriginAccessControl", limit=_NAME_LIMIT
        ),
    )


def bucket_then_server(
    bucket: s3.IBucket,
    origin_access_control: cloudfront.IOriginAccessControl,
    *,
    cors: Cors,
    server: cloudfront.IOrigin,
) -> cloudfront.IOrigin:
    """The CDK's origin of a distribution, which may then read the bucket, and no other may."""
    primary = origins.S3BucketOrigin.with_origin_access_control(
        bucket,
        origin_access_control=origin_access_control,
        origin_id="bucket",
        # An Origin of its own makes S3 send CORS headers with every object:
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
        custom_headers={"Origin": "https://cdn.invalid"} if _is_public(cors) else None,
        # By default it takes half a minute until the server is asked.
        connection_attempts=2,
        connection_timeout=Duration.seconds(5),
    )
    return origins.OriginGroup(
        primary_origin=primary,
        fallback_origin=server,
        fallback_status_codes=list(FALLBACK_STATUS_CODES),
    )


def _is_public(cors: Cors) -> bool:
    return cors.allowed_origins == _ANY_ORIGIN


def _new_bucket(scope: Construct, keep: timedelta, *, is_public: bool) -> s3.Bucket:
    return s3.Bucket(
        scope,
        "Bucket",
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        versioned=True,
        removal_policy=RemovalPolicy.RETAIN,
        cors=[
            s3.CorsRule(
                allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD],
                allowed_origins=["*"],
            )
        ]
        if is_public
        else None,
        # Never by age: the oldest upload may be linked, and the oldest build in service.
        lifecycle_rules=[
            s3.LifecycleRule(
                id="ForgetWhatWasReplaced",
                noncurrent_version_expiration=Duration.days(keep.days),
                expired_object_delete_marker=True,
                abort_incomplete_multipart_upload_after=Duration.days(
                    _KEEP_UPLOADS.days
                ),
            )
        ],
    )


def _check_cors(cors: Cors) -> None:
    if not cors.allowed_origins:
        raise ValueError(
            "cors must be answered by the edge when files are in a bucket, because S3 does "
            "not answer as the server does, such as Cors.any_origin(), got Cors.forward()"
        )


def _check_days(what: str, value: timedelta) -> None:
    if value.days < 1 or value != timedelta(days=value.days):
        raise ValueError(
            f"{what} must be a whole number of days, at least 1, such as "
            f"timedelta(days=30), got {value}"
        )


def _check_given(
    scope: Construct, bucket: s3.IBucket, keep_replaced: timedelta | None
) -> None:
    if keep_replaced is not None:
        raise ValueError(
            "keep_replaced must not be given together with bucket, whose own lifecycle "
            "rules decide"
        )
    # One that is referred to by name has no policy that the CDK could write.
    defined_here = isinstance(bucket, s3.Bucket)
    if defined_here and bucket.stack.node.path != Stack.of(scope).node.path:
        raise ValueError(
            "bucket must be defined in the distribution's stack, because its policy names "
            "the distribution, or be referred to by name, such as "
            "s3.Bucket.from_bucket_name(self, 'Files', 'mysite-media'), got one of the "
            f"stack {bucket.stack.stack_name!r}"
        )
