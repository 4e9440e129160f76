"""Whom an alarm tells, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aws_cdk import Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.checks import shown
from constructs_lib.watching.rules import REGION


@dataclass(frozen=True, kw_only=True)
class Notify:
    """Whom an alarm tells. Made by :meth:`topic` or :meth:`email`."""

    given: sns.ITopic | None
    address: str | None

    @classmethod
    def topic(cls, topic: sns.ITopic) -> Notify:
        """A topic that exists: of this app, or by ARN.

        Its policy must let ``cloudwatch.amazonaws.com`` publish. If it is encrypted, the key
        must be your own and let the same in: alarms cannot use ``alias/aws/sns``
        (https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns).

        :param topic: In us-east-1, because an alarm reaches topics of its own region only.
        :raises ValueError: when it is in another region.
        """
        region = topic.env.region
        if not Token.is_unresolved(region) and region != REGION:
            raise ValueError(
                f"topic must be in {REGION!r} like the alarms, such as "
                f"'arn:aws:sns:{REGION}:111122223333:alarms', got one in {region!r}"
            )
        return cls(given=topic, address=None)

    @classmethod
    def email(cls, address: str) -> Notify:
        """A new topic with one subscriber, who must confirm by the link in AWS's first mail.

        :param address: Such as ``ops@example.com``; a token passes. It stands in the template,
            so take a role's address, not a person's. Cost: 1,000 mails a month are free.
        :raises ValueError: when it is no address.
        """
        if not Token.is_unresolved(address) and not re.fullmatch(
            r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", address
        ):
            raise ValueError(
                f"email must be one address such as 'ops@example.com', got {shown(address)}"
            )
        return cls(given=None, address=address)

    def render(self, scope: Construct) -> sns.ITopic:
        """The topic to publish to; defines it in a scope when there is none yet."""
        if self.given is not None:
            return self.given
        topic = sns.Topic(scope, "Topic", enforce_ssl=True)
        topic.add_to_resource_policy(_let_alarms_publish(topic))
        sns.Subscription(
            scope,
            "Subscription",
            topic=topic,
            protocol=sns.SubscriptionProtocol.EMAIL,
            endpoint=str(self.address),
        )
        return topic


def _let_alarms_publish(topic: sns.Topic) -> iam.PolicyStatement:
    # Any policy of ours replaces SNS's own, which lets the account's alarms in.
    stack = Stack.of(topic)
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
