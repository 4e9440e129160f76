"""CloudFront's older log, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.validation import (
    check_bucket_name,
    check_folder,
    check_region_name,
    check_types,
    is_token,
)

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3

# Regions since 2019 have to be opted into:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_NO_OPT_IN = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
    *("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
    *("ap-southeast-1", "ap-southeast-2"),
)


@dataclass(frozen=True, kw_only=True)
class LegacyLogs:
    """CloudFront's older log, for auditors whose tools know no other. Made by :meth:`named`.

    It always stores addresses, referrers and query strings, and its fields cannot be chosen:
    docs/watching.md says what is in it. Prefer :class:`AccessLogs` otherwise.
    """

    bucket_name: str
    region: str | None
    prefix: str

    @classmethod
    def named(
        cls, bucket_name: str, *, region: str | None = None, prefix: str = "legacy"
    ) -> LegacyLogs:
        """A bucket that exists, that allows ACLs and that has a lifecycle rule of yours.

        :param bucket_name: Such as ``mysite-audit-logs``; a token passes.
        :param region: Where the bucket is; no opt-in region. Default: the stack's.
        :param prefix: The folder above the role's own. Default: ``legacy``. Cost: storage only.
        :raises ValueError: when a name cannot be right.
        """
        given = {"bucket_name": bucket_name, "region": region, "prefix": prefix}
        check_types(cls.named, given)
        check_bucket_name("bucket_name", bucket_name)
        check_folder("prefix", prefix, like="legacy")
        if region is not None:
            check_region_name("region", region)
            _check_delivered("region", region)
        return cls(bucket_name=bucket_name, region=region, prefix=prefix)

    def render(self, scope: Construct) -> s3.IBucket:
        """The bucket, for ``log_bucket`` of a distribution in a scope.

        :raises ValueError: when it is in the stack's region, and that is an opt-in region.
        """
        if self.region is None:
            _check_delivered("legacy_logs.region", Stack.of(scope).region)
        from aws_cdk import aws_s3 as s3

        return s3.Bucket.from_bucket_attributes(
            scope, "LegacyLogBucket", bucket_name=self.bucket_name, region=self.region
        )

    def file_prefix(self, role: str) -> str:
        """For ``log_file_prefix`` of a distribution: no two may share a folder."""
        return f"{self.prefix}/{role.lower()}/"


def _check_delivered(what: str, region: str) -> None:
    if is_token(region) or region in _NO_OPT_IN:
        return
    raise ValueError(
        f"{what} must be a region that no account has to opt into, such as 'us-east-1', "
        f"because CloudFront delivers no legacy logs elsewhere, got {region!r}"
    )
