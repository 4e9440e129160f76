"""The two buckets: of uploads that outgrew one disk, and of builds that need to outlive one."""

from __future__ import annotations

from datetime import timedelta

from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.buckets.asked_first import (
    bucket_then_server,
    define_access_control,
    define_bucket,
)
from constructs_lib.checks import shown
from constructs_lib.policies.cors import Cors


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
        return bucket_then_server(
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
        return bucket_then_server(
            self.bucket, self.origin_access_control, cors=self.cors, server=fallback
        )


def check_kind(bucket: object, kind: type[StaticBucket | MediaBucket]) -> None:
    """A half takes a bucket of its own kind, or none.

    :raises ValueError: when it got another.
    """
    if bucket is None or isinstance(bucket, kind):
        return
    name = kind.__name__
    raise ValueError(
        f"bucket must be a {name}, such as "
        f"{name}(self, '{name}', cors=Cors.any_origin()), got {shown(bucket)}"
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
