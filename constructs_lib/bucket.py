"""A private bucket that CloudFront asks before the Django server, under the same URLs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from cdn_model.quotas import FAILOVER_STATUS_CODES
from constructs_lib.cors import Cors
from constructs_lib.physical_names import physical_name
from constructs_lib.validation import check_types, is_token, truncated_repr

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

_KEEP_REPLACED = timedelta(days=30)
_NAME_LIMIT = 64
_ANY_ORIGIN = ("*",)


class Bucket(Construct):
    """A private bucket with the files of one distribution, in front of the server.

    For uploads that outgrew one disk, or for builds on servers whose disk goes with them. URLs
    stay as they are: ``https://<media-domain>/uploads/a1b2.png`` is the object
    ``uploads/a1b2.png``, and ``/media/uploads/a1b2.png`` of the server as long as the object is
    missing. No rule removes an object by age, since the oldest upload may be linked and the
    oldest build in service. Storage costs about $0.023 a GB and month, a thousand uploads
    $0.005, a thousand reads $0.0004, what CloudFront fetches nothing:
    https://aws.amazon.com/s3/pricing/ (us-east-1; recheck).
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
            deleted, such as those of a build that was removed; they are paid for like others.
            Whole days. Default: 30 days.
        :raises ValueError: when the server is to answer CORS, or a value cannot act.
        """
        super().__init__(scope, construct_id)
        given = {"cors": cors, "bucket": bucket, "keep_replaced": keep_replaced}
        check_types(Bucket.__init__, given)
        _check_cors(cors)
        self.cors = cors
        self.bucket = self._given(bucket, keep_replaced) or self._new(keep_replaced)
        self.bucket_name = self.bucket.bucket_name
        self.origin_access_control = cloudfront.S3OriginAccessControl(
            self,
            "OriginAccessControl",
            origin_access_control_name=physical_name(
                self, "OriginAccessControl", limit=_NAME_LIMIT
            ),
        )

    def render_origin(self, fallback: cloudfront.IOrigin) -> cloudfront.IOrigin:
        """The CDK's origin group: the bucket, and the server for objects that are missing.

        The distribution that gets it may read the bucket, and no other one.

        :param fallback: The server, such as ``DjangoOrigin`` renders it.
        """
        from aws_cdk import aws_cloudfront_origins as origins

        primary = origins.S3BucketOrigin.with_origin_access_control(
            self.bucket,
            origin_access_control=self.origin_access_control,
            origin_id="bucket",
            # An Origin of its own makes S3 send CORS headers with every object:
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
            custom_headers={"Origin": "https://cdn.invalid"}
            if self._is_public
            else None,
            # By default it takes half a minute until the server is asked.
            connection_attempts=2,
            connection_timeout=Duration.seconds(5),
        )
        return origins.OriginGroup(
            primary_origin=primary,
            fallback_origin=fallback,
            fallback_status_codes=list(FAILOVER_STATUS_CODES),
        )

    def grant_push(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a role write, read and delete objects and list them: ``manage.py cdn push``.

        Versions stay out of reach, so that a mistake can be undone. A bucket that is known
        with its KMS key lets the role use the key, too.
        """
        from aws_cdk import aws_iam as iam

        check_types(Bucket.grant_push, {"grantee": grantee})
        objects = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        grant = iam.Grant.add_to_principal(
            grantee=grantee,
            actions=objects,
            resource_arns=[self.bucket.arn_for_objects("*")],
        )
        listing = iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["s3:ListBucket"],
            resource_arns=[self.bucket.bucket_arn],
        )
        grant = grant.combine(listing)
        key = self.bucket.encryption_key
        if key is None:
            return grant
        return grant.combine(key.grant(grantee, "kms:Decrypt", "kms:GenerateDataKey"))

    @property
    def _is_public(self) -> bool:
        return self.cors.allowed_origins == _ANY_ORIGIN

    def _given(
        self, bucket: s3.IBucket | None, keep_replaced: timedelta | None
    ) -> s3.IBucket | None:
        if bucket is None:
            return None
        if keep_replaced is not None:
            raise ValueError(
                "keep_replaced must not be given together with bucket, whose own lifecycle "
                "rules decide"
            )
        from aws_cdk import aws_s3 as s3

        # A bucket by name has no policy that the CDK could write.
        is_defined_here = isinstance(bucket, s3.Bucket)
        if is_defined_here and bucket.stack.node.path != Stack.of(self).node.path:
            raise ValueError(
                "bucket must be defined in the distribution's stack, because its policy "
                "names the distribution, or be referred to by name, such as "
                "s3.Bucket.from_bucket_name(self, 'Files', 'mysite-media'), got one of the "
                f"stack {bucket.stack.stack_name!r}"
            )
        return bucket

    def _new(self, keep_replaced: timedelta | None) -> s3.Bucket:
        from aws_cdk import aws_s3 as s3

        keep = _KEEP_REPLACED if keep_replaced is None else keep_replaced
        _check_days("keep_replaced", keep)
        cors = s3.CorsRule(
            allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD],
            allowed_origins=["*"],
        )
        return s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN,
            cors=[cors] if self._is_public else None,
            # Never by age: the oldest upload may be linked, and the oldest build in service.
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="ForgetWhatWasReplaced",
                    noncurrent_version_expiration=Duration.days(keep.days),
                    expired_object_delete_marker=True,
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
        )


def check_apart(buckets: Mapping[str, Bucket | None]) -> None:
    """Uploads must not be readable under the name of the static files.

    :param buckets: By distribution; None for one without.
    :raises ValueError: when two are one bucket.
    """
    names: dict[str, str] = {}
    for part, bucket in buckets.items():
        if bucket is None:
            continue
        other = names.setdefault(bucket.bucket_name, part)
        if other != part:
            is_made_here = is_token(bucket.bucket_name)
            name = bucket.bucket.node.path if is_made_here else bucket.bucket_name
            raise ValueError(
                f"{part}.bucket must be another bucket than {other}.bucket, because uploads "
                "would be served under the static domain too, without the policy that lets "
                f"them do nothing, got {truncated_repr(name)} for both"
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
