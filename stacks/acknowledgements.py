"""Findings of security scanners that may stand, each while an input is absent.

The only place where any is acknowledged. Scanners are no dependency: their rules are named by
id. What each judges, and how they run: docs/security-checks.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import aws_cdk as cdk
from constructs import IConstruct

from stacks.distribution_config import BucketConfig
from stacks.environment import Environment

Where = Callable[[Environment], tuple[str, ...]]
"""The constructs that lack an input, by their path within the stack."""

_AUDITORS_RETENTION = timedelta(days=365)
_LOG_GROUP = "Logs/LogGroup"


def _without(*names: str) -> Where:
    """The distributions without any of these options."""

    def where(environment: Environment) -> tuple[str, ...]:
        return tuple(
            f"Cdn/{tree.capitalize()}/Distribution"
            for tree, given in environment.distributions.items()
            if not any(given.get(name) for name in names)
        )

    return where


def _without_failover(environment: Environment) -> tuple[str, ...]:
    # A bucket has the server behind it.
    has_second = environment.origin.failover_domain_name
    return () if has_second else _without("bucket")(environment)


def _own_log_group(environment: Environment) -> tuple[str, ...]:
    logs = environment.logs
    return (_LOG_GROUP,) if logs and logs.retention is not None else ()


def _short_lived_log_group(environment: Environment) -> tuple[str, ...]:
    kept = environment.logs.retention if environment.logs else None
    return () if kept is None or kept >= _AUDITORS_RETENTION else (_LOG_GROUP,)


def _of_email(path: str) -> Where:
    """What an address for alarms brings."""

    def where(environment: Environment) -> tuple[str, ...]:
        monitoring = environment.monitoring
        return (path,) if monitoring and monitoring.email is not None else ()

    return where


def _own_buckets(environment: Environment) -> tuple[str, ...]:
    buckets = {
        tree: given.get("bucket") for tree, given in environment.distributions.items()
    }
    return tuple(
        f"{tree.capitalize()}Bucket/Bucket"
        for tree, bucket in buckets.items()
        if isinstance(bucket, BucketConfig) and bucket.name is None
    )


# Of cdk-nag: https://github.com/cdklabs/cdk-nag/blob/main/RULES.md
_PACKS = ("HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321")


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """Rules that may stay broken while an input is absent.

    :param key: What to set in an environment of cdk.json, or in a distribution, so that they are met.
    :param reason: Why they may stand broken without it, and the cure.
    :param rules: Ids as the CDK's validation plugins report them, prefix and all.
    :param checkov: Ids of checkov, which reads templates and no acknowledgements of the CDK.
    :param where: The constructs without the input, by their path within the stack.
    """

    key: str
    reason: str
    rules: tuple[str, ...]
    checkov: tuple[str, ...] = ()
    where: Where


def acknowledge(stack: cdk.Stack, environment: Environment) -> None:
    """Tell the plugins that an app may have. No template changes, and no plugin is needed."""
    if not hasattr(cdk, "Acknowledgment"):
        # An older aws-cdk-lib has plugins that take none.
        return
    by_path: dict[str, list[cdk.Acknowledgment]] = defaultdict(list)
    for acknowledgement in ACKNOWLEDGEMENTS:
        for path in acknowledgement.where(environment):
            by_path[path].extend(
                cdk.Acknowledgment(id=rule, reason=acknowledgement.reason)
                for rule in acknowledgement.rules
            )
    for path, acknowledged in by_path.items():
        cdk.Validations.of(_find(stack, path)).acknowledge(*acknowledged)


def _find(scope: IConstruct, path: str) -> IConstruct:
    for construct_id in path.split("/"):
        scope = scope.node.find_child(construct_id)
    return scope


def _solutions(*names: str) -> tuple[str, ...]:
    return tuple(f"AwsSolutions::AwsSolutions-{name}" for name in names)


def _packs(name: str, packs: tuple[str, ...] = _PACKS) -> tuple[str, ...]:
    return tuple(f"{pack}::{pack}-{name}" for pack in packs)


def _control_tower(*names: str) -> tuple[str, ...]:
    return tuple(f"cdk-validator-cfnguard::{name}_check" for name in names)


ACKNOWLEDGEMENTS = (
    Acknowledgement(
        key="domain_names",
        reason=(
            "Without a name of its own the distribution has CloudFront's certificate, with "
            "which the oldest protocol cannot be chosen: AWS sets TLSv1 whatever the template "
            "says. HTTPS is enforced, and browsers negotiate TLS 1.2 or 1.3. Set domain_names "
            "with certificate_arn or hosted_zone to refuse anything older than TLS 1.2."
        ),
        rules=(
            *_solutions("CFR4"),
            *_control_tower(
                "cloudfront_custom_ssl_certificate",
                "cloudfront_security_policy",
                "cloudfront_sni_enabled",
            ),
        ),
        checkov=("CKV_AWS_174",),
        where=_without("domain_names"),
    ),
    Acknowledgement(
        key="legacy_logs",
        reason=(
            "These rules see CloudFront's legacy logs only, which always hold addresses, "
            "referrers and query strings of visitors, so they are off until somebody has "
            "decided how long to keep them. Standard logs (v2) without personal data are the "
            "key logs. Set legacy_logs with a bucket where an auditor asks for the former; "
            "it costs the storage."
        ),
        rules=(*_solutions("CFR3"), *_control_tower("cloudfront_access_logs_enabled")),
        checkov=("CKV_AWS_86",),
        where=_without("legacy_logs"),
    ),
    Acknowledgement(
        key="web_acl_arn",
        reason=(
            "Files are only read here: GET, HEAD and OPTIONS, and by the policies of this "
            "project neither a cookie nor a query string reaches the server. There is no form "
            "and no login to attack, and AWS Shield Standard is included. Whoever answers for "
            "the account's bill sets web_acl_arn for rate limits or bot rules: about $5 a "
            "month, $1 for each rule and $0.60 for a million requests."
        ),
        rules=_solutions("CFR2"),
        checkov=("CKV_AWS_68",),
        where=_without("web_acl_arn"),
    ),
    Acknowledgement(
        key="allowed_countries",
        reason=(
            "The site may be read everywhere, so its files have to be. A list of countries "
            "is a matter of licences or law, not of protection. Set allowed_countries or "
            "denied_countries where one applies; it costs nothing."
        ),
        rules=_solutions("CFR1"),
        where=_without("allowed_countries", "denied_countries"),
    ),
    Acknowledgement(
        key="origin.failover_domain_name",
        reason=(
            "One server, or several behind one balancer, has the files, and there is no "
            "second place to ask. What is cached is still served while it is down. Set "
            "origin.failover_domain_name to a second server with the same files."
        ),
        rules=_control_tower("cloudfront_origin_failover_enabled"),
        where=_without_failover,
    ),
    Acknowledgement(
        key="logs.bucket",
        reason=(
            "CloudWatch Logs encrypts every log group at rest with a key of AWS's. A key of "
            "your own costs $1 a month and guards lines that hold no personal data unless "
            "logs.fields asks for it. Set logs.bucket to a bucket with a key of your own."
        ),
        rules=(
            *_packs("CloudWatchLogGroupEncrypted"),
            *_control_tower("cloudwatch_log_group_encrypted"),
        ),
        checkov=("CKV_AWS_158",),
        where=_own_log_group,
    ),
    Acknowledgement(
        key="logs.log_group_days",
        reason=(
            "Nothing here needs a year of logs, and logs that are not needed are best not "
            "kept. Set logs.log_group_days to 365 or more where an auditor asks for it."
        ),
        rules=_control_tower("cloudwatch_log_group_retention_period"),
        where=_short_lived_log_group,
    ),
    Acknowledgement(
        key="monitoring.topic_arn",
        reason=(
            "The topic carries the texts of alarms, takes them by TLS and from alarms of the "
            "account only. AWS's key for SNS shuts alarms out, and a key of your own costs "
            "$1 a month. Set monitoring.topic_arn to a topic with a key of your own."
        ),
        rules=_packs("SNSEncryptedKMS"),
        checkov=("CKV_AWS_26",),
        where=_of_email("Monitoring/Topic"),
    ),
    Acknowledgement(
        key="monitoring.topic_arn",
        reason=(
            "SNS repeats a mail for hours, and an alarm shows in CloudWatch whether its mail "
            "arrives or not; a queue of lost mails would need an alarm of its own. Set "
            "monitoring.topic_arn to a topic whose subscriptions have one."
        ),
        rules=_packs("SNSRedrivePolicy", ("Serverless",)),
        where=_of_email("Monitoring/Subscription"),
    ),
    Acknowledgement(
        key="bucket.name",
        reason=(
            "Nobody but the account and one distribution can read the bucket, and that "
            "distribution has logs of its own. Who writes is seen by CloudTrail's data events "
            "if they are on. Set bucket.name to a bucket with access logs."
        ),
        rules=(
            *_solutions("S1"),
            *_packs("S3BucketLoggingEnabled"),
            *_control_tower("s3_bucket_logging_enabled"),
        ),
        checkov=("CKV_AWS_18",),
        where=_own_buckets,
    ),
    Acknowledgement(
        key="bucket.name",
        reason=(
            "S3 keeps objects in at least three zones, and versions keep what was overwritten "
            "or deleted for a month. A replica in another region doubles the cost. Set "
            "bucket.name to a bucket that is replicated."
        ),
        rules=_packs("S3BucketReplicationEnabled"),
        where=_own_buckets,
    ),
    Acknowledgement(
        key="bucket.name",
        reason=(
            "Objects are encrypted at rest with keys of S3's. They are files that the site "
            "shows, and a key of your own costs $1 a month and every request. Set "
            "bucket.name to a bucket with one."
        ),
        rules=(
            *_packs(
                "S3DefaultEncryptionKMS",
                ("HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321"),
            ),
            *_control_tower("s3_bucket_default_encryption_kms"),
        ),
        where=_own_buckets,
    ),
    Acknowledgement(
        key="bucket.name",
        reason=(
            "An upload has to go when its owner or a court asks, and a build when it is no "
            "longer used, which a lock forbids; versions guard against mistakes. Set "
            "bucket.name to a bucket with a lock."
        ),
        rules=(
            *_packs("S3BucketDefaultLockEnabled", ("NIST.800.53.R4",)),
            *_control_tower("s3_bucket_object_lock_enabled"),
        ),
        where=_own_buckets,
    ),
    Acknowledgement(
        key="bucket.name",
        reason=(
            "Django or a release writes the objects and knows of each; nobody waits for a "
            "notification. Set bucket.name to a bucket that sends them."
        ),
        rules=_control_tower("s3_event_notifications_enabled"),
        where=_own_buckets,
    ),
)
