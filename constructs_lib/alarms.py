"""Alarms on CloudFront's metrics, and whom they notify."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import jsii
from aws_cdk import Annotations, Aspects, Duration, IAspect, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct, IConstruct

from cdn_model.quotas import GLOBAL_REGION
from constructs_lib.validation import check_types, is_token, truncated_repr

SERVER_ERRORS_PERCENT = 5

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """An alarm on one metric of a distribution.

    :param role: Its construct id.
    :param threshold: From where on it rings, in the unit of the metric.
    :param what: What has happened then, for the description.
    :param hint: What to do, for the description.
    :param periods: How many periods of five minutes in a row. Default: 3.
    """

    role: str
    metric: str
    statistic: str
    threshold: float
    what: str
    hint: str
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
        region=GLOBAL_REGION,
        statistic=statistic,
        period=Duration.minutes(5),
        label=label,
    )


def define_alarms(
    scope: Construct,
    *,
    role: str,
    distribution: cloudfront.IDistribution,
    specs: Sequence[AlarmSpec],
    topic: sns.ITopic | None,
) -> list[cloudwatch.Alarm]:
    """Define the alarms of one distribution in a scope. They also tell when it is over."""
    alarms = [
        cloudwatch.Alarm(
            scope,
            spec.role,
            metric=metric(distribution, spec.metric, spec.statistic),
            threshold=spec.threshold,
            comparison_operator=spec.comparison,
            evaluation_periods=spec.periods,
            datapoints_to_alarm=spec.periods,
            # No request, no data: a quiet night is no alarm.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=(
                f"{role} files, distribution {distribution.distribution_id}: "
                f"{spec.what} for {spec.periods * 5} minutes. {spec.hint}"
            ),
        )
        for spec in specs
    ]
    if topic is not None:
        for alarm in alarms:
            alarm.add_alarm_action(actions.SnsAction(topic))
            alarm.add_ok_action(actions.SnsAction(topic))
    return alarms


def alarm_specs(
    *,
    requests_per_five_minutes: int | None,
    lowest_hit_rate_percent: float | None,
    slowest_origin: timedelta | None,
) -> list[AlarmSpec]:
    """The alarms of each distribution: on server errors, and those with a limit.

    :raises ValueError: when a limit cannot be right.
    """
    specs = [_SERVER_ERRORS]
    if requests_per_five_minutes is not None:
        specs.append(_requests(requests_per_five_minutes))
    if lowest_hit_rate_percent is not None:
        specs.append(_hit_rate(lowest_hit_rate_percent))
    if slowest_origin is not None:
        specs.append(_origin_latency(slowest_origin))
    return specs


_SERVER_ERRORS = AlarmSpec(
    role="ServerErrors",
    metric="5xxErrorRate",
    statistic=cloudwatch.Stats.AVERAGE,
    threshold=SERVER_ERRORS_PERCENT,
    what=f"{SERVER_ERRORS_PERCENT} % or more of the requests failed with a 5xx",
    hint="Ask the Django server for one of the files directly, then read its error log: "
    "502 and 504 mean that CloudFront cannot reach it or trust its certificate, other "
    "codes are its own. Files that are in the cache are still served.",
)


def _requests(number: int) -> AlarmSpec:
    if number < 1:
        raise ValueError(
            "requests_per_five_minutes must be a whole number from 1, such as 100000, "
            f"got {truncated_repr(number)}"
        )
    return AlarmSpec(
        role="Requests",
        metric="Requests",
        statistic=cloudwatch.Stats.SUM,
        threshold=number,
        what=f"{number} or more requests in each five minutes",
        hint="This costs money. Look in CloudFront's reports which file is popular and who "
        "asks. Expected: raise requests_per_five_minutes. An attack: a web ACL with a rate "
        "rule.",
    )


def _hit_rate(percent: float) -> AlarmSpec:
    if not 0 < percent <= 100:
        raise ValueError(
            "lowest_hit_rate_percent must be above 0 and at most 100, such as 80, "
            f"got {truncated_repr(percent)}"
        )
    return AlarmSpec(
        role="HitRate",
        metric="CacheHitRate",
        statistic=cloudwatch.Stats.AVERAGE,
        threshold=percent,
        comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        # A new build misses everywhere at first.
        periods=12,
        what=f"less than {percent:g} % came from the cache",
        hint="Look at Cache-Control of the files: static ones need a long max-age, and URLs "
        "must not have query strings or builds that change with each request.",
    )


def _origin_latency(slowest: timedelta) -> AlarmSpec:
    milliseconds = slowest / timedelta(milliseconds=1)
    if milliseconds < 1:
        raise ValueError(
            "slowest_origin must be at least a millisecond, such as "
            f"timedelta(seconds=2), got {truncated_repr(slowest)}"
        )
    return AlarmSpec(
        role="OriginLatency",
        metric="OriginLatency",
        statistic=cloudwatch.Stats.percentile(90),
        threshold=milliseconds,
        what=f"one in ten answers of the server took {milliseconds:g} ms or longer",
        hint="Look at the load, the disk and the network of the Django server. Files that "
        "are in the cache are not slower.",
    )


@dataclass(frozen=True, kw_only=True)
class Notify:
    """Whom an alarm tells. Made by :meth:`topic` or :meth:`email`.

    :param existing_topic: None for a new topic.
    :param address: The subscriber of the new topic. None for an existing one.
    """

    existing_topic: sns.ITopic | None
    address: str | None

    @classmethod
    def topic(cls, topic: sns.ITopic) -> Notify:
        """A topic that exists: of this app, or by ARN.

        A policy that the app gives it gets a statement for alarms; one of a topic by ARN must
        let ``cloudwatch.amazonaws.com`` publish, which synthesis says. If it is encrypted, the
        key must be your own and let the same in: alarms cannot use ``alias/aws/sns``
        (https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns).

        :param topic: In us-east-1, because an alarm reaches topics of its own region only.
        :raises ValueError: when it is in another region.
        """
        check_types(cls.topic, {"topic": topic})
        region = topic.env.region
        if not is_token(region) and region != GLOBAL_REGION:
            raise ValueError(
                f"topic must be in {GLOBAL_REGION!r} like the alarms, such as "
                f"'arn:aws:sns:{GLOBAL_REGION}:111122223333:alarms', got one in {region!r}"
            )
        return cls(existing_topic=topic, address=None)

    @classmethod
    def email(cls, address: str) -> Notify:
        """A new topic with one subscriber, who must confirm by the link in AWS's first mail.

        :param address: Such as ``ops@example.com``; a token passes. It stands in the template,
            so take a role's address, not a person's. Cost: 1,000 mails a month are free.
        :raises ValueError: when it is no address.
        """
        check_types(cls.email, {"address": address})
        if not is_token(address) and not re.fullmatch(
            r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", address
        ):
            raise ValueError(
                f"email must be one address such as 'ops@example.com', got {truncated_repr(address)}"
            )
        return cls(existing_topic=None, address=address)

    def render(self, scope: Construct) -> sns.ITopic:
        """The topic to publish to; defines it in a scope when there is none yet."""
        if isinstance(self.existing_topic, sns.Topic):
            Aspects.of(self.existing_topic).add(_LetAlarmsIn(Stack.of(scope)))
            return self.existing_topic
        if self.existing_topic is not None:
            _say_statement(scope, self.existing_topic)
            return self.existing_topic
        topic = sns.Topic(scope, "Topic", enforce_ssl=True)
        topic.add_to_resource_policy(_let_alarms_publish(Stack.of(scope), topic))
        sns.Subscription(
            scope,
            "Subscription",
            topic=topic,
            protocol=sns.SubscriptionProtocol.EMAIL,
            endpoint=str(self.address),
        )
        return topic


@jsii.implements(IAspect)
class _LetAlarmsIn:
    """Completes the policy of a topic, whenever the app has given it one."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, sns.TopicPolicy):
            topic = node.node.scope
            assert isinstance(topic, sns.Topic)
            node.document.add_statements(_let_alarms_publish(self._stack, topic))


def _say_statement(scope: Construct, topic: sns.ITopic) -> None:
    stack = Stack.of(scope)
    statement = _let_alarms_publish(stack, topic).to_statement_json()
    Annotations.of(scope).add_info_v2(
        "dj-cloudfront:alarm-topic-policy",
        f"the policy of topic {topic.topic_arn} must let alarms publish, as SNS's own does, or "
        "by this statement: " + json.dumps(stack.resolve(statement)),
    )


def _let_alarms_publish(stack: Stack, topic: sns.ITopic) -> iam.PolicyStatement:
    # Any policy of ours replaces SNS's own, which lets the account's alarms in.
    alarms = f"arn:{stack.partition}:cloudwatch:{stack.region}:{stack.account}:alarm:*"
    return iam.PolicyStatement(
        sid="LetAlarmsPublish",
        actions=["sns:Publish"],
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        resources=[topic.topic_arn],
        conditions={
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {"aws:SourceArn": alarms},
        },
    )
