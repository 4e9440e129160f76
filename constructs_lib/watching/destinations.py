"""Where access logs go, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Token
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.checks import shown
from constructs_lib.regions import check_region_name

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The only retentions that CloudWatch Logs has."""

_FOLDER = r"[A-Za-z0-9_.=@+-]+(/[A-Za-z0-9_.=@+-]+)*"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"


@dataclass(frozen=True, kw_only=True)
class LogDestination:
    """Where access logs go. Made by :meth:`bucket` or :meth:`log_group`."""

    given: s3.IBucket | None
    prefix: str
    retention: timedelta

    @classmethod
    def bucket(
        cls, bucket: s3.IBucket, *, prefix: str = "cloudfront"
    ) -> LogDestination:
        """A bucket, in any region, for Athena and for keeping long.

        A bucket of this app gets the statement that delivery needs. One by name must have it
        already: synthesis prints it. How long logs stay is the bucket's lifecycle rule.

        :param prefix: The folder above ``<distribution id>/<year>/<month>/<day>``. Default:
            ``cloudfront``. Cost: delivery is free, storage about $0.023 a GB and month.
        :raises ValueError: when the prefix is no folder.
        """
        # Never empty: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2274
        if not Token.is_unresolved(prefix) and not re.fullmatch(_FOLDER, prefix):
            raise ValueError(
                "prefix must be a folder without a slash at either end, such as "
                f"'cloudfront', got {shown(prefix)}"
            )
        return cls(given=bucket, prefix=prefix, retention=timedelta(0))

    @classmethod
    def log_group(cls, *, retention: timedelta = timedelta(days=30)) -> LogDestination:
        """A new log group in CloudWatch Logs, with queries ready to run.

        It stays when the stack goes, until its last line is as old as the retention.

        :param retention: One of the retentions of CloudWatch Logs. Default: 30 days. Cost:
            about $0.50 for each GB taken in, some 1.8 million requests.
        :raises ValueError: when CloudWatch Logs has no such retention.
        """
        if retention not in [timedelta(days=days) for days in RETENTION_DAYS]:
            raise ValueError(
                f"retention must be one of {', '.join(map(str, RETENTION_DAYS))} days, "
                f"such as 30 days, got {shown(retention)}"
            )
        return cls(given=None, prefix="", retention=retention)


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
        if not Token.is_unresolved(bucket_name) and not re.fullmatch(
            _BUCKET, bucket_name
        ):
            raise ValueError(
                "bucket_name must be a bucket's name such as 'mysite-audit-logs', got "
                f"{shown(bucket_name)}"
            )
        if not Token.is_unresolved(prefix) and not re.fullmatch(_FOLDER, prefix):
            raise ValueError(
                "prefix must be a folder without a slash at either end, such as "
                f"'legacy', got {shown(prefix)}"
            )
        if region is not None:
            check_region_name("region", region)
        return cls(bucket_name=bucket_name, region=region, prefix=prefix)

    def render(self, scope: Construct) -> s3.IBucket:
        """The bucket, for ``log_bucket`` of a distribution in a scope."""
        return s3.Bucket.from_bucket_attributes(
            scope, "LegacyLogBucket", bucket_name=self.bucket_name, region=self.region
        )

    def file_prefix(self, role: str) -> str:
        """For ``log_file_prefix`` of a distribution: no two may share a folder."""
        return f"{self.prefix}/{role.lower()}/"
