"""``monitoring`` and ``logs`` of an environment. Absent means off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from constructs_lib import DjangoCdn
from constructs_lib.validation import check_bucket_name
from stacks.config_reader import Section, Sections

MONITORING_SECTIONS: Sections = {
    "monitoring": (
        "additional_metrics",
        "dashboard",
        "email",
        "lowest_hit_rate_percent",
        "requests_per_five_minutes",
        "slowest_origin_seconds",
        "topic_arn",
    ),
    "logs": ("bucket", "fields", "log_group_days", "prefix"),
}


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Alarms and a dashboard."""

    section: Section = field(compare=False)
    email: str | None
    topic_arn: str | None
    requests_per_five_minutes: int | None
    additional_metrics: bool
    lowest_hit_rate_percent: int | None
    slowest_origin: timedelta | None
    dashboard: bool

    def define(self, scope: Construct, cdn: DjangoCdn) -> None:
        from aws_cdk import aws_sns as sns

        from constructs_lib.alarms import Notify
        from constructs_lib.monitoring import CdnMonitoring

        with self.section.named(notify="email"):
            notify = None if self.email is None else Notify.email(self.email)
            if self.topic_arn:
                topic = sns.Topic.from_topic_arn(scope, "AlarmTopic", self.topic_arn)
                notify = Notify.topic(topic)
            CdnMonitoring(
                scope,
                "Monitoring",
                distributions=_distributions(cdn),
                notify=notify,
                requests_per_five_minutes=self.requests_per_five_minutes,
                additional_metrics=self.additional_metrics,
                lowest_hit_rate_percent=self.lowest_hit_rate_percent,
                slowest_origin=self.slowest_origin,
                dashboard=self.dashboard,
            )


@dataclass(frozen=True, kw_only=True)
class Logs:
    """Access logs, to a log group or to a bucket."""

    section: Section = field(compare=False)
    retention: timedelta | None
    bucket: str | None
    prefix: str
    fields: tuple[str, ...]

    def define(self, scope: Construct, cdn: DjangoCdn) -> None:
        from aws_cdk import aws_s3 as s3

        from constructs_lib.access_logs import AccessLogs, LogDestination

        with self.section.named(retention="log_group_days"):
            if self.retention is not None:
                destination = LogDestination.log_group(retention=self.retention)
            else:
                bucket = s3.Bucket.from_bucket_name(
                    scope, "LogBucket", str(self.bucket)
                )
                destination = LogDestination.bucket(bucket, prefix=self.prefix)
            AccessLogs(
                scope,
                "Logs",
                distributions=_distributions(cdn),
                destination=destination,
                fields=self.fields,
            )


def read_monitoring(section: Section) -> Monitoring:
    """Read ``environments.<name>.monitoring``.

    :raises ValueError: with one sentence that names the JSON path.
    """
    section.at_most_one("email", "topic_arn")
    slowest = section.optional_number("slowest_origin_seconds", like=2)
    return Monitoring(
        section=section,
        email=section.text("email", like="ops@example.com"),
        topic_arn=section.matching(
            "topic_arn",
            r"arn:aws[a-z-]*:sns:us-east-1:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?",
            rule="the ARN of a topic in us-east-1, where the alarms are",
            like="arn:aws:sns:us-east-1:111122223333:alarms",
        ),
        requests_per_five_minutes=section.optional_number(
            "requests_per_five_minutes", like=100_000
        ),
        additional_metrics=section.flag("additional_metrics"),
        lowest_hit_rate_percent=section.optional_number(
            "lowest_hit_rate_percent", like=80
        ),
        slowest_origin=None if slowest is None else timedelta(seconds=slowest),
        dashboard=section.flag("dashboard", default=True),
    )


def read_logs(section: Section) -> Logs:
    """Read ``environments.<name>.logs``.

    :raises ValueError: with one sentence that names the JSON path.
    """
    from constructs_lib.access_logs import DEFAULT_FIELDS

    section.at_most_one("bucket", "log_group_days")
    bucket = section.text("bucket", like="mysite-logs")
    if bucket is not None:
        check_bucket_name(section.at("bucket"), bucket)
    days = section.number("log_group_days", default=30)
    prefix = section.text("prefix", like="cloudfront")
    if prefix is not None and bucket is None:
        raise ValueError(
            f"{section.at('prefix')} must be left out without {section.at('bucket')}: "
            "a log group has no folders"
        )
    return Logs(
        section=section,
        retention=timedelta(days=days) if bucket is None else None,
        bucket=bucket,
        prefix="cloudfront" if prefix is None else prefix,
        fields=section.texts("fields", like="sc-status", default=DEFAULT_FIELDS),
    )


def _distributions(cdn: DjangoCdn) -> Mapping[str, cloudfront.IDistribution]:
    distributions = {"Static": cdn.static.distribution, "Media": cdn.media.distribution}
    if cdn.private:
        distributions["Private"] = cdn.private.distribution
    return distributions
