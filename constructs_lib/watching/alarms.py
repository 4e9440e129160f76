"""CloudFront's metrics where they carry data, and the alarms on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.checks import shown
from constructs_lib.watching.rules import REGION

SERVER_ERRORS_PERCENT = 5

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where on an alarm rings; None where there is none."""

    requests_per_five_minutes: int | None = None
    lowest_hit_rate_percent: float | None = None
    slowest_origin: timedelta | None = None

    def __post_init__(self) -> None:
        requests = self.requests_per_five_minutes
        if requests is not None and (type(requests) is not int or requests < 1):
            raise ValueError(
                "requests_per_five_minutes must be a whole number from 1, such as 100000, "
                f"got {shown(requests)}"
            )
        percent = self.lowest_hit_rate_percent
        if percent is not None and not 0 < percent <= 100:
            raise ValueError(
                "lowest_hit_rate_percent must be above 0 and at most 100, such as 80, "
                f"got {shown(percent)}"
            )
        slowest = self.slowest_origin
        if slowest is not None and slowest < timedelta(milliseconds=1):
            raise ValueError(
                "slowest_origin must be at least a millisecond, such as "
                f"timedelta(seconds=2), got {shown(slowest)}"
            )

    @property
    def needs_additional_metrics(self) -> bool:
        """Whether a limit is on a metric that costs."""
        paid = (self.lowest_hit_rate_percent, self.slowest_origin)
        return any(limit is not None for limit in paid)


@dataclass(frozen=True, kw_only=True)
class _Watch:
    role: str
    metric: str
    statistic: str
    threshold: float
    what: str
    cure: str
    comparison: cloudwatch.ComparisonOperator = _AT_LEAST
    periods: int = 3


def metric(
    distribution: cloudfront.IDistribution,
    name: str,
    statistic: str,
    *,
    label: str | None = None,
) -> cloudwatch.Metric:
    """A metric of a distribution, with the dimensions and the region that carry data.

    The CDK's own ``distribution.metric_*()`` has neither, so an alarm on it never rings:
    https://github.com/aws/aws-cdk/issues/19245

    :param label: On a graph. Default: CloudWatch's own.
    """
    return cloudwatch.Metric(
        namespace="AWS/CloudFront",
        metric_name=name,
        dimensions_map={
            "DistributionId": distribution.distribution_id,
            "Region": "Global",
        },
        region=REGION,
        statistic=statistic,
        period=Duration.minutes(5),
        label=label,
    )


def define_alarms(
    scope: Construct,
    *,
    role: str,
    distribution: cloudfront.IDistribution,
    limits: Limits,
    topic: sns.ITopic | None,
) -> list[cloudwatch.Alarm]:
    """Define the alarms of one distribution in a scope. They also tell when it is over."""
    return [
        _define(scope, watch, role=role, distribution=distribution, topic=topic)
        for watch in _watches(limits)
    ]


def _define(
    scope: Construct,
    watch: _Watch,
    *,
    role: str,
    distribution: cloudfront.IDistribution,
    topic: sns.ITopic | None,
) -> cloudwatch.Alarm:
    alarm = cloudwatch.Alarm(
        scope,
        watch.role,
        metric=metric(distribution, watch.metric, watch.statistic),
        threshold=watch.threshold,
        comparison_operator=watch.comparison,
        evaluation_periods=watch.periods,
        datapoints_to_alarm=watch.periods,
        # No request, no data: a quiet night is no alarm.
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=(
            f"{role} files, distribution {distribution.distribution_id}: "
            f"{watch.what} for {watch.periods * 5} minutes. {watch.cure}"
        ),
    )
    if topic is not None:
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarm.add_ok_action(actions.SnsAction(topic))
    return alarm


def _watches(limits: Limits) -> Iterator[_Watch]:
    yield _SERVER_ERRORS
    if limits.requests_per_five_minutes is not None:
        yield _requests(limits.requests_per_five_minutes)
    if limits.lowest_hit_rate_percent is not None:
        yield _hit_rate(limits.lowest_hit_rate_percent)
    if limits.slowest_origin is not None:
        yield _origin_latency(limits.slowest_origin / timedelta(milliseconds=1))


_SERVER_ERRORS = _Watch(
    role="ServerErrors",
    metric="5xxErrorRate",
    statistic=cloudwatch.Stats.AVERAGE,
    threshold=SERVER_ERRORS_PERCENT,
    what=f"{SERVER_ERRORS_PERCENT} % or more of the requests failed with a 5xx",
    cure="Ask the Django server for one of the files directly, then read its error log: "
    "502 and 504 mean that CloudFront cannot reach it or trust its certificate, other "
    "codes are its own. Files that are in the cache are still served.",
)


def _requests(number: int) -> _Watch:
    return _Watch(
        role="Requests",
        metric="Requests",
        statistic=cloudwatch.Stats.SUM,
        threshold=number,
        what=f"{number} or more requests in each five minutes",
        cure="This costs money. Look in CloudFront's reports which file is popular and who "
        "asks. Expected: raise requests_per_five_minutes. An attack: a web ACL with a rate "
        "rule.",
    )


def _hit_rate(percent: float) -> _Watch:
    return _Watch(
        role="HitRate",
        metric="CacheHitRate",
        statistic=cloudwatch.Stats.AVERAGE,
        threshold=percent,
        comparison=_BELOW,
        # A new build misses everywhere at first.
        periods=12,
        what=f"less than {percent:g} % came from the cache",
        cure="Look at Cache-Control of the files: static ones need a long max-age, and URLs "
        "must not have query strings or builds that change with each request.",
    )


def _origin_latency(milliseconds: float) -> _Watch:
    return _Watch(
        role="OriginLatency",
        metric="OriginLatency",
        statistic=cloudwatch.Stats.percentile(90),
        threshold=milliseconds,
        what=f"one in ten answers of the server took {milliseconds:g} ms or longer",
        cure="Look at the load, the disk and the network of the Django server. Files that "
        "are in the cache are not slower.",
    )
