"""Access logs of distributions (v2), by default without personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Annotations, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct, IDependable

from cdn_model.quotas import GLOBAL_REGION
from constructs_lib.physical_names import physical_name
from constructs_lib.validation import (
    check_distinct,
    check_folder,
    check_global_region,
    check_roles,
    check_types,
    is_token,
    truncated_repr,
)

DEFAULT_FIELDS = (
    "date",
    "time",
    "x-edge-location",
    "cs(Host)",
    "x-host-header",
    "cs-method",
    "cs-uri-stem",
    "cs-protocol",
    "cs-protocol-version",
    "ssl-protocol",
    "sc-status",
    "sc-bytes",
    "sc-content-type",
    "sc-content-len",
    "x-edge-result-type",
    "x-edge-response-result-type",
    "x-edge-detailed-result-type",
    "time-taken",
    "time-to-first-byte",
)
"""What was asked for and how it went, and nothing of who asked."""

PERSONAL_FIELDS = frozenset(
    {
        "c-ip",
        "c-port",
        "c-country",
        "asn",
        "x-forwarded-for",
        "cs(Referer)",
        "cs(User-Agent)",
        "cs(Cookie)",
        "cs-uri-query",
        # Also in the server's own log, beside the address.
        "x-edge-request-id",
    }
)
"""Fields that tell of a person, alone or with another log."""

_NAME = re.compile(r"\S{1,50}")
_KNOWN = {
    *DEFAULT_FIELDS,
    *PERSONAL_FIELDS,
    "cs-bytes",
    "ssl-cipher",
    "fle-status",
    "fle-encrypted-fields",
    "sc-range-start",
    "sc-range-end",
    "timestamp(ms)",
    "origin-fbl",
    "origin-lbl",
}

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The only retentions that CloudWatch Logs has."""


@dataclass(frozen=True, kw_only=True)
class LogDestination:
    """Where access logs go. Made by :meth:`bucket` or :meth:`log_group`.

    :param existing_bucket: None for a new log group.
    :param prefix: The folder of the bucket. Empty for a log group.
    :param retention: Of the log group. Zero for a bucket.
    """

    existing_bucket: s3.IBucket | None
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
        check_types(cls.bucket, {"bucket": bucket, "prefix": prefix})
        # Never empty: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2274
        check_folder("prefix", prefix, like="cloudfront")
        return cls(existing_bucket=bucket, prefix=prefix, retention=timedelta(0))

    @classmethod
    def log_group(cls, *, retention: timedelta = timedelta(days=30)) -> LogDestination:
        """A new log group in CloudWatch Logs, with queries ready to run.

        It stays when the stack goes, until its last line is as old as the retention.

        :param retention: One of the retentions of CloudWatch Logs. Default: 30 days. Cost:
            about $0.50 for each GB taken in, some 1.8 million requests.
        :raises ValueError: when CloudWatch Logs has no such retention.
        """
        check_types(cls.log_group, {"retention": retention})
        if retention not in [timedelta(days=days) for days in RETENTION_DAYS]:
            raise ValueError(
                f"retention must be one of {', '.join(map(str, RETENTION_DAYS))} days, "
                f"such as 30 days, got {retention / timedelta(days=1):g} days"
            )
        return cls(existing_bucket=None, prefix="", retention=retention)


@dataclass(frozen=True, kw_only=True)
class Query:
    """A saved query of CloudWatch Logs Insights."""

    role: str
    title: str
    lines: tuple[str, ...]
    fields: frozenset[str]


QUERIES = (
    Query(
        role="HitRatioByBuild",
        title="Hit ratio by build",
        fields=frozenset({"x-edge-result-type", "cs-uri-stem", "x-host-header"}),
        lines=(
            'filter `x-edge-result-type` in ["Hit", "RefreshHit", "OriginShieldHit", "Miss"]',
            'parse `cs-uri-stem` "/*/*" as build, file',
            'fields strcontains(`x-edge-result-type`, "Hit") * 100 as hit',
            "stats count(*) as requests, avg(hit) as hit_percent by `x-host-header`, build",
            "sort requests desc",
        ),
    ),
    Query(
        role="MissingFiles",
        title="Missing and refused files",
        fields=frozenset({"sc-status", "cs-uri-stem", "x-host-header"}),
        lines=(
            "filter `sc-status` like /^4/",
            "stats count(*) as requests by `x-host-header`, `cs-uri-stem`, `sc-status`",
            "sort requests desc",
            "limit 100",
        ),
    ),
)


_NAME_LIMIT = 60
_FOLDERS = "{DistributionId}/{yyyy}/{MM}/{dd}"


class AccessLogs(Construct):
    """Standard logs (v2) of distributions, one JSON object a request.

    Delivered by CloudWatch Logs, usually within an hour, best effort. JSON always: fields come
    by name, so a changed list shifts no column, and a format cannot be changed in place.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        distributions: Mapping[str, cloudfront.IDistribution],
        destination: LogDestination,
        fields: Sequence[str] = DEFAULT_FIELDS,
    ) -> None:
        """Define sources, one destination and deliveries.

        :param distributions: By role, such as ``{"Static": cdn.static.distribution}``. A role
            becomes part of logical ids.
        :param destination: ``LogDestination.bucket(...)``, delivered free of charge, or
            ``LogDestination.log_group()``, which costs about $0.50 a GB.
        :param fields: Default: what was asked for and how it went; no address, referrer, user
            agent, cookie or query string. Others are a warning.
        :raises ValueError: outside us-east-1, or when a value cannot be right.
        """
        super().__init__(scope, construct_id)
        given = {
            "distributions": distributions,
            "destination": destination,
            "fields": fields,
        }
        check_types(AccessLogs.__init__, given)
        check_global_region("logs", Stack.of(self).region)
        check_roles(distributions)
        _check_fields(fields)
        self._warn_of(fields)
        self.log_group: logs.CfnLogGroup | None = None
        self.bucket_statement: iam.PolicyStatement | None = None
        needed: IDependable | None = None
        if destination.existing_bucket is None:
            self.log_group = self._log_group(destination, fields)
            target = self._destination("LogGroup", "CWL", self.log_group.attr_arn)
        else:
            needed = self._open(destination.existing_bucket, destination.prefix)
            # A token is numbered anew in every synthesis, unlike what it stands for.
            prefix = json.dumps(Stack.of(self).resolve(destination.prefix))
            target = self._destination(
                f"{_identity(destination.existing_bucket)}/{_readable(destination.prefix, prefix)}",
                "S3",
                destination.existing_bucket.arn_for_objects(destination.prefix),
            )
        self.deliveries: dict[str, logs.CfnDelivery] = {}
        for role, distribution in distributions.items():
            needed = self._deliver(role, distribution, target, fields, needed)

    def _warn_of(self, fields: Sequence[str]) -> None:
        personal = [field for field in fields if field in PERSONAL_FIELDS]
        if personal:
            Annotations.of(self).add_warning_v2(
                "dj-cloudfront:personal-data-in-logs",
                f"fields {', '.join(personal)} tell of persons: say so in your privacy "
                "notice, and acknowledge this warning",
            )
        unknown = [field for field in fields if field not in _KNOWN]
        if unknown:
            Annotations.of(self).add_warning_v2(
                "dj-cloudfront:unknown-log-fields",
                f"fields {', '.join(unknown)} are not known to be CloudFront's, which "
                "would refuse them while it deploys",
            )

    def _log_group(
        self, destination: LogDestination, fields: Sequence[str]
    ) -> logs.CfnLogGroup:
        log_group = logs.CfnLogGroup(
            self, "LogGroup", retention_in_days=destination.retention.days
        )
        log_group.apply_removal_policy(RemovalPolicy.RETAIN)
        for query in QUERIES:
            if query.fields <= set(fields):
                logs.CfnQueryDefinition(
                    self,
                    query.role,
                    name=f"{Stack.of(self).stack_name}/{query.title}",
                    query_string="\n| ".join(query.lines),
                    log_group_names=[log_group.ref],
                )
        return log_group

    def _open(self, bucket: s3.IBucket, prefix: str) -> IDependable | None:
        stack = Stack.of(self)
        self.bucket_statement = iam.PolicyStatement.from_json(
            _statement(
                bucket.arn_for_objects(f"{prefix}/*"), stack.account, stack.partition
            )
        )
        result = bucket.add_to_resource_policy(self.bucket_statement)
        if not result.statement_added:
            self._print_statement(bucket, prefix)
        if bucket.encryption_key:
            bucket.encryption_key.add_to_resource_policy(_key_statement(stack.account))
        return result.policy_dependable

    def _print_statement(self, bucket: s3.IBucket, prefix: str) -> None:
        name = _readable(bucket.bucket_name, "<bucket>")
        folder = _readable(prefix, "<prefix>")
        account = _readable(Stack.of(self).account, "<account>")
        statement = _statement(f"arn:aws:s3:::{name}/{folder}/*", account, "aws")
        Annotations.of(self).add_info_v2(
            "dj-cloudfront:log-bucket-policy",
            f"the policy of bucket {name} must have this statement, or no log arrives: "
            + json.dumps(statement),
        )

    def _destination(
        self, identity: str, kind: str, arn: str
    ) -> logs.CfnDeliveryDestination:
        # A changed target is a new destination, made while the old one still has its name.
        return logs.CfnDeliveryDestination(
            self,
            "Destination",
            name=physical_name(self, f"Destination/{identity}", limit=_NAME_LIMIT),
            delivery_destination_type=kind,
            destination_resource_arn=arn,
            output_format="json",
        )

    def _deliver(
        self,
        role: str,
        distribution: cloudfront.IDistribution,
        target: logs.CfnDeliveryDestination,
        fields: Sequence[str],
        needed: IDependable | None,
    ) -> logs.CfnDelivery:
        of_role = Construct(self, role)
        # A distribution has one source, whatever its name, and a source cannot change its
        # distribution: so the name changes with the distribution and with nothing else.
        # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2513
        source = logs.CfnDeliverySource(
            of_role,
            "Source",
            name=f"dj-cloudfront-{distribution.distribution_id}",
            log_type="ACCESS_LOGS",
            resource_arn=distribution.distribution_arn,
        )
        delivery = logs.CfnDelivery(
            of_role,
            "Delivery",
            delivery_source_name=source.ref,
            delivery_destination_arn=target.attr_arn,
            record_fields=list(fields),
            s3_suffix_path=None if self.log_group else _FOLDERS,
        )
        # One at a time: https://github.com/hashicorp/terraform-provider-aws/issues/42194
        if needed is not None:
            delivery.node.add_dependency(needed)
        self.deliveries[role] = delivery
        return delivery


def _check_fields(fields: Sequence[str]) -> None:
    if not fields:
        raise ValueError(
            "fields must have at least one field, such as DEFAULT_FIELDS, got none"
        )
    for field in fields:
        if not isinstance(field, str) or not _NAME.fullmatch(field):
            raise ValueError(
                "fields must be names of up to 50 characters without spaces, such as "
                f"'sc-status', got {truncated_repr(field)}"
            )
    check_distinct("fields", fields)


def _readable(value: str, otherwise: str) -> str:
    return otherwise if is_token(value) else value


def _identity(bucket: s3.IBucket) -> str:
    return _readable(bucket.bucket_name, bucket.node.path)


def _statement(objects: str, account: str, partition: str) -> dict[str, object]:
    source = f"arn:{partition}:logs:{GLOBAL_REGION}:{account}:delivery-source:*"
    return {
        "Sid": "CloudFrontLogs",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": objects,
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": account,
                "s3:x-amz-acl": "bucket-owner-full-control",
            },
            "ArnLike": {"aws:SourceArn": source},
        },
    }


def _key_statement(account: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="CloudFrontLogs",
        principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
        actions=[
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:DescribeKey",
        ],
        resources=["*"],
        conditions={"StringEquals": {"aws:SourceAccount": account}},
    )
