"""A private bucket that CloudFront asks before the Django server, under the same URLs."""

from __future__ import annotations

from datetime import timedelta

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.cors import Cors
from constructs_lib.physical_names import physical_name
from constructs_lib.validation import truncated_repr

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


def origin_group(
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


class StaticBucket(Construct):
    """A private bucket with the builds, for servers whose disk goes with them.

    URLs stay as they are: ``https://<static-domain>/<build>/css/site.css`` is the object
    ``<build>/css/site.css``, and ``/static/<build>/css/site.css`` of the server as long as the
    object is missing. No rule removes an object by age, since the oldest build may be the one
    in service. Storage costs about $0.023 a GB and month, a thousand uploads $0.005, a thousand
    reads $0.0004, what CloudFront fetches nothing: https://aws.amazon.com/s3/pricing/
    (us-east-1; recheck).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cors: Cors,
        bucket: s3.IBucket | None = None,
        keep_replaced: timedelta | None = None,
    ) -> None:
        """Define the bucket and what lets CloudFront sign its requests to it.

        :param cors: Of the distribution. The edge must answer, because S3 does not: with
            ``Cors.any_origin()`` the new bucket is made to say ``*`` as well.
        :param bucket: One that exists, such as ``s3.Bucket.from_bucket_attributes(self, "Files",
            bucket_name="mysite-static", region="eu-west-1")``. Its policy is yours to write; the
            CDK warns of that. Default: a new one, which outlives the stack.
        :param keep_replaced: How long the new bucket keeps versions that were overwritten or
            deleted, such as those of a build that was removed; they are paid for like others.
            Whole days. Default: 30 days.
        :raises ValueError: when the server is to answer CORS, or a value cannot act.
        """
        super().__init__(scope, construct_id)
        self.cors = cors
        self.bucket = define_bucket(
            self, cors=cors, bucket=bucket, keep_replaced=keep_replaced
        )
        self.bucket_name = self.bucket.bucket_name
        self.origin_access_control = define_access_control(self)

    def render_origin(self, fallback: cloudfront.IOrigin) -> cloudfront.IOrigin:
        """The CDK's origin: the bucket, and the server for what the bucket has not.

        The distribution that gets it may read the bucket, and no other one.

        :param fallback: The server, such as ``DjangoOrigin`` renders it.
        """
        return origin_group(
            self.bucket, self.origin_access_control, cors=self.cors, server=fallback
        )


class MediaBucket(Construct):
    """A private bucket with the media files, in front of the server that has them too.

    URLs stay as they are: ``https://<media-domain>/uploads/a1b2.png`` is the object
    ``uploads/a1b2.png``, and ``/media/uploads/a1b2.png`` of the server as long as the object
    is missing. Storage costs about $0.023 a GB and month, a thousand reads $0.0004, what
    CloudFront fetches nothing: https://aws.amazon.com/s3/pricing/ (us-east-1; recheck).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cors: Cors,
        bucket: s3.IBucket | None = None,
        keep_replaced: timedelta | None = None,
    ) -> None:
        """Define the bucket and what lets CloudFront sign its requests to it.

        :param cors: Of the distribution. The edge must answer, because S3 does not: with
            ``Cors.any_origin()`` the new bucket is made to say ``*`` as well.
        :param bucket: One that exists, such as ``s3.Bucket.from_bucket_attributes(self, "Files",
            bucket_name="mysite-media", region="eu-west-1")``. Its policy is yours to write; the
            CDK warns of that. Default: a new one, which outlives the stack.
        :param keep_replaced: How long the new bucket keeps versions that were overwritten or
            deleted; they are paid for like others. Whole days. Default: 30 days.
        :raises ValueError: when the server is to answer CORS, or a value cannot act.
        """
        super().__init__(scope, construct_id)
        self.cors = cors
        self.bucket = define_bucket(
            self, cors=cors, bucket=bucket, keep_replaced=keep_replaced
        )
        self.bucket_name = self.bucket.bucket_name
        self.origin_access_control = define_access_control(self)

    def render_origin(self, fallback: cloudfront.IOrigin) -> cloudfront.IOrigin:
        """The CDK's origin: the bucket, and the server for what the bucket has not.

        The distribution that gets it may read the bucket, and no other one.

        :param fallback: The server, such as ``DjangoOrigin`` renders it.
        """
        return origin_group(
            self.bucket, self.origin_access_control, cors=self.cors, server=fallback
        )


def check_kind(bucket: object, kind: type[StaticBucket | MediaBucket]) -> None:
    """A distribution takes a bucket of its own kind, or none.

    :raises ValueError: when it got another.
    """
    if bucket is None or isinstance(bucket, kind):
        return
    name = kind.__name__
    raise ValueError(
        f"bucket must be a {name}, such as "
        f"{name}(self, '{name}', cors=Cors.any_origin()), got {truncated_repr(bucket)}"
    )


def check_apart(static: StaticBucket | None, media: MediaBucket | None) -> None:
    """Uploads must not be readable under the name of the static files.

    :raises ValueError: when both are one bucket.
    """
    if static and media and static.bucket_name == media.bucket_name:
        raise ValueError(
            "static_bucket must not be that of media_bucket, because uploads would be served "
            "under the static domain too, without the policy that lets them do nothing"
        )
