"""The constructs of an environment that lack an input, by their path within its stack."""

from __future__ import annotations

from datetime import timedelta

from stacks.configuration import Environment
from stacks.configuration.bucket import Bucket

_AUDITORS_RETENTION = timedelta(days=365)
_LOG_GROUP = "Logs/LogGroup"


def without_names(environment: Environment) -> tuple[str, ...]:
    names = environment.domain_names
    return _paths(*(half for half in _distributions(environment) if not names[half]))


def without_legacy_logs(environment: Environment) -> tuple[str, ...]:
    return () if environment.legacy_logs else _paths(*_distributions(environment))


def without_web_acl(environment: Environment) -> tuple[str, ...]:
    given = environment.viewers.web_acl_arn
    return () if given else _paths(*_distributions(environment))


def without_countries(environment: Environment) -> tuple[str, ...]:
    viewers = environment.viewers
    given = viewers.allowed_countries or viewers.denied_countries
    return () if given else _paths(*_distributions(environment))


def without_failover(environment: Environment) -> tuple[str, ...]:
    if environment.origin.failover_domain_name:
        return ()
    # A bucket has the server behind it.
    backed = _buckets(environment)
    return _paths(*(half for half in _distributions(environment) if half not in backed))


def own_log_group(environment: Environment) -> tuple[str, ...]:
    logs = environment.logs
    return (_LOG_GROUP,) if logs and logs.retention is not None else ()


def short_lived_log_group(environment: Environment) -> tuple[str, ...]:
    logs = environment.logs
    kept = logs.retention if logs else None
    return () if kept is None or kept >= _AUDITORS_RETENTION else (_LOG_GROUP,)


def own_topic(environment: Environment) -> tuple[str, ...]:
    return ("Monitoring/Topic",) if _mails(environment) else ()


def own_subscription(environment: Environment) -> tuple[str, ...]:
    return ("Monitoring/Subscription",) if _mails(environment) else ()


def own_buckets(environment: Environment) -> tuple[str, ...]:
    return tuple(
        f"{half.capitalize()}Bucket/Bucket"
        for half, bucket in _buckets(environment).items()
        if bucket.name is None
    )


def _buckets(environment: Environment) -> dict[str, Bucket]:
    buckets = {
        "static": environment.static_bucket,
        "media": environment.media_bucket,
    }
    return {half: bucket for half, bucket in buckets.items() if bucket is not None}


def _mails(environment: Environment) -> bool:
    return (
        environment.monitoring is not None and environment.monitoring.email is not None
    )


def _distributions(environment: Environment) -> tuple[str, ...]:
    return (
        ("static", "media", "private") if environment.private else ("static", "media")
    )


def _paths(*halves: str) -> tuple[str, ...]:
    return tuple(f"Cdn/{half.capitalize()}/Distribution" for half in halves)
