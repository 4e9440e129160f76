"""A dashboard and alarms for the distributions of a CDN."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from cdn_model.quotas import GLOBAL_REGION
from constructs_lib.alarms import (
    SERVER_ERRORS_PERCENT,
    Notify,
    alarm_specs,
    define_alarms,
    metric,
)
from constructs_lib.validation import check_global_region, check_roles, check_types

_WIDTH = 24


class CdnMonitoring(Construct):
    """A dashboard and alarms for the distributions of a CDN.

    On metrics that CloudFront sends to us-east-1 free of charge, unless additional ones are
    asked for. Cost: $0.10 a month for each alarm and $3 for the dashboard; ten alarms and three
    dashboards of an account are free. docs/watching.md has the sources; recheck the prices.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        distributions: Mapping[str, cloudfront.IDistribution],
        notify: Notify | None,
        requests_per_five_minutes: int | None = None,
        additional_metrics: bool = False,
        lowest_hit_rate_percent: float | None = None,
        slowest_origin: timedelta | None = None,
        dashboard: bool = True,
    ) -> None:
        """Define the dashboard and the alarms.

        Each distribution has an alarm when at least 5 % of its requests fail with a 5xx for 15
        minutes.

        :param distributions: By role, such as ``{"Static": cdn.static.distribution}``. A role
            becomes part of logical ids.
        :param notify: Whom the alarms tell. None: they only show on the dashboard.
        :param requests_per_five_minutes: Rings when a distribution has as many for 15 minutes,
            before the bill does. Default: no such alarm. Cost: $0.10 a month each.
        :param additional_metrics: Have CloudFront send eight more metrics, among them hit rate
            and origin latency, which then show on the dashboard. Default: no. Cost: $2.40 a
            month for each distribution.
        :param lowest_hit_rate_percent: Rings when less comes from the cache for an hour. Needs
            ``additional_metrics``. Default: no such alarm. Cost: $0.10 a month each.
        :param slowest_origin: Rings when one in ten answers of the server takes as long for 15
            minutes. Needs ``additional_metrics``. Default: no such alarm. Cost: the same.
        :param dashboard: Default: yes. Cost: $3 a month.
        :raises ValueError: outside us-east-1, or when a value cannot be right.
        """
        super().__init__(scope, construct_id)
        given = {
            "distributions": distributions,
            "notify": notify,
            "requests_per_five_minutes": requests_per_five_minutes,
            "additional_metrics": additional_metrics,
            "lowest_hit_rate_percent": lowest_hit_rate_percent,
            "slowest_origin": slowest_origin,
            "dashboard": dashboard,
        }
        check_types(CdnMonitoring.__init__, given)
        check_global_region("monitoring", Stack.of(self).region)
        check_roles(distributions)
        specs = alarm_specs(
            requests_per_five_minutes=requests_per_five_minutes,
            lowest_hit_rate_percent=lowest_hit_rate_percent,
            slowest_origin=slowest_origin,
        )
        if notify is None and not dashboard:
            raise ValueError(
                "notify must be given without a dashboard, such as "
                "Notify.email('ops@example.com'), got None: nobody would see the alarms"
            )
        is_paid = lowest_hit_rate_percent is not None or slowest_origin is not None
        if is_paid and not additional_metrics:
            raise ValueError(
                "additional_metrics must be True with lowest_hit_rate_percent or "
                "slowest_origin, because CloudFront sends these metrics for a price only, "
                "got False"
            )
        self.topic = notify.render(self) if notify else None
        self.alarms: dict[str, list[cloudwatch.Alarm]] = {}
        for role, distribution in distributions.items():
            of_role = Construct(self, role)
            if additional_metrics:
                _subscribe(of_role, distribution)
            self.alarms[role] = define_alarms(
                of_role,
                role=role,
                distribution=distribution,
                specs=specs,
                topic=self.topic,
            )
        self.dashboard = (
            self._dashboard(distributions, additional_metrics) if dashboard else None
        )

    def _dashboard(
        self,
        distributions: Mapping[str, cloudfront.IDistribution],
        additional_metrics: bool,
    ) -> cloudwatch.Dashboard:
        dashboard = cloudwatch.Dashboard(self, "Dashboard")
        dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(
                title="Alarms",
                alarms=[alarm for alarms in self.alarms.values() for alarm in alarms],
                width=_WIDTH,
                height=3,
            )
        )
        for role, distribution in distributions.items():
            dashboard.add_widgets(
                _traffic(role, distribution), _errors(role, distribution)
            )
            if additional_metrics:
                dashboard.add_widgets(
                    _hit_rate(role, distribution), _latency(role, distribution)
                )
        return dashboard


def _subscribe(scope: Construct, distribution: cloudfront.IDistribution) -> None:
    cloudfront.CfnMonitoringSubscription(
        scope,
        "AdditionalMetrics",
        distribution_id=distribution.distribution_id,
        monitoring_subscription={
            "realtimeMetricsSubscriptionConfig": {
                "realtimeMetricsSubscriptionStatus": "Enabled"
            }
        },
    )


def _graph(
    title: str, left: list[cloudwatch.IMetric], **options: Any
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title, region=GLOBAL_REGION, width=_WIDTH // 2, left=left, **options
    )


def _axis(unit: str, highest: int | None = None) -> cloudwatch.YAxisProps:
    return cloudwatch.YAxisProps(label=unit, min=0, max=highest, show_units=False)


def _traffic(role: str, distribution: cloudfront.IDistribution) -> cloudwatch.IWidget:
    return _graph(
        f"{role}: requests and bytes",
        [metric(distribution, "Requests", cloudwatch.Stats.SUM)],
        right=[metric(distribution, "BytesDownloaded", cloudwatch.Stats.SUM)],
    )


def _errors(role: str, distribution: cloudfront.IDistribution) -> cloudwatch.IWidget:
    return _graph(
        f"{role}: errors",
        [
            metric(distribution, name, cloudwatch.Stats.AVERAGE)
            for name in ("4xxErrorRate", "5xxErrorRate")
        ],
        left_y_axis=_axis("%"),
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=SERVER_ERRORS_PERCENT, label="alarm on 5xx"
            )
        ],
    )


def _hit_rate(role: str, distribution: cloudfront.IDistribution) -> cloudwatch.IWidget:
    return _graph(
        f"{role}: from the cache",
        [metric(distribution, "CacheHitRate", cloudwatch.Stats.AVERAGE)],
        left_y_axis=_axis("%", 100),
    )


def _latency(role: str, distribution: cloudfront.IDistribution) -> cloudwatch.IWidget:
    statistics = {"half of the misses": 50, "nine in ten": 90}
    return _graph(
        f"{role}: time until the server answers",
        [
            metric(
                distribution,
                "OriginLatency",
                cloudwatch.Stats.percentile(percent),
                label=label,
            )
            for label, percent in statistics.items()
        ],
        left_y_axis=_axis("ms"),
    )
