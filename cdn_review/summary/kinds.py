"""Types of resources by what readers call them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cdn_review.summary.change import Topic

CDN = "AWS::CloudFront::"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is said of the resources of a type.

    :param hint: The property that tells two of them apart.
    :param price: What one more costs, as the documentation says it.
    :param begun: What it means when one comes.
    :param gone: What it means when one goes.
    :param lost: What it means when one is made anew.
    :param is_whole: Whether several of them are one thing to a reader.
    :param renamed_by: Properties that cannot change: another value makes it anew.
    :param named_by: Where the names are of which an account has no two alike.
    """

    noun: str
    topic: Topic = Topic.OTHER
    plural: str = ""
    hint: str = ""
    price: str = ""
    begun: str = ""
    gone: str = ""
    lost: str = ""
    is_whole: bool = False
    renamed_by: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()

    @property
    def nouns(self) -> str:
        return self.plural or f"{self.noun}s"


def _logs(named_by: str = "") -> Kind:
    return Kind(
        noun="access log",
        is_whole=True,
        topic=Topic.WATCHING,
        price="by volume: $0.50 a GB taken in by a log group, $0.023 a GB and month in a bucket",
        named_by=(named_by,) if named_by else (),
    )


def _alarm_topic(named_by: str = "") -> Kind:
    return Kind(
        noun="alarm topic",
        plural="alarm topic",
        topic=Topic.WATCHING,
        is_whole=True,
        named_by=(named_by,) if named_by else (),
    )


def _policy(kind: str, noun: str) -> Kind:
    return Kind(
        noun=f"{noun} policy",
        topic=Topic.POLICIES,
        plural=f"{noun} policies",
        named_by=(f"{kind}Config.Name",),
    )


KINDS: Mapping[str, Kind] = {
    f"{CDN}Distribution": Kind(noun="distribution", topic=Topic.REPLACEMENT),
    f"{CDN}CachePolicy": _policy("CachePolicy", "cache"),
    f"{CDN}OriginRequestPolicy": _policy("OriginRequestPolicy", "origin request"),
    f"{CDN}ResponseHeadersPolicy": _policy("ResponseHeadersPolicy", "response headers"),
    f"{CDN}PublicKey": Kind(
        noun="signing key", topic=Topic.ACCESS, named_by=("PublicKeyConfig.Name",)
    ),
    f"{CDN}KeyGroup": Kind(
        noun="key group", topic=Topic.ACCESS, named_by=("KeyGroupConfig.Name",)
    ),
    f"{CDN}OriginAccessControl": Kind(
        noun="origin access control",
        topic=Topic.ORIGIN,
        named_by=("OriginAccessControlConfig.Name",),
    ),
    f"{CDN}VpcOrigin": Kind(
        noun="VPC origin",
        topic=Topic.ORIGIN,
        begun="making one takes up to 15 minutes",
        named_by=("VpcOriginEndpointConfig.Name",),
    ),
    f"{CDN}Function": Kind(
        noun="edge function",
        topic=Topic.DELIVERY,
        renamed_by=("Name",),
        named_by=("Name",),
    ),
    f"{CDN}KeyValueStore": Kind(
        noun="key value store",
        topic=Topic.DELIVERY,
        lost="what is in it does not move",
        renamed_by=("Name",),
        named_by=("Name",),
    ),
    f"{CDN}MonitoringSubscription": Kind(
        noun="additional metrics",
        plural="additional metrics",
        topic=Topic.WATCHING,
        price="$2.40 a month for each distribution",
        named_by=("DistributionId",),
    ),
    f"{CDN}RealtimeLogConfig": Kind(
        noun="real-time log",
        topic=Topic.WATCHING,
        renamed_by=("Name",),
        named_by=("Name",),
    ),
    "AWS::S3::Bucket": Kind(
        noun="bucket",
        topic=Topic.ORIGIN,
        price="storage and uploads",
        gone="the deploy fails while a file is in it",
        lost="what is in it does not move",
        renamed_by=("BucketName",),
        named_by=("BucketName",),
    ),
    "AWS::S3::BucketPolicy": Kind(
        noun="bucket policy", topic=Topic.ACCESS, plural="bucket policies"
    ),
    "AWS::CertificateManager::Certificate": Kind(
        noun="certificate",
        topic=Topic.DOMAINS,
        begun="the deploy waits until DNS has its validation record",
        renamed_by=("DomainName", "SubjectAlternativeNames", "ValidationMethod"),
    ),
    "AWS::Route53::RecordSet": Kind(
        noun="DNS record",
        topic=Topic.DOMAINS,
        hint="Name",
        gone="the name leads nowhere then",
        named_by=("Name", "Type", "SetIdentifier", "HostedZoneId", "HostedZoneName"),
    ),
    "AWS::CloudWatch::Alarm": Kind(
        noun="alarm",
        topic=Topic.WATCHING,
        hint="MetricName",
        price="$0.10 a month for each",
        named_by=("AlarmName",),
    ),
    "AWS::CloudWatch::Dashboard": Kind(
        noun="dashboard",
        topic=Topic.WATCHING,
        price="$3 a month",
        named_by=("DashboardName",),
    ),
    "AWS::SNS::Topic": _alarm_topic("TopicName"),
    "AWS::SNS::TopicPolicy": _alarm_topic(),
    "AWS::SNS::Subscription": _alarm_topic(),
    "AWS::Logs::LogGroup": _logs("LogGroupName"),
    "AWS::Logs::Delivery": _logs(),
    "AWS::Logs::DeliveryDestination": _logs("Name"),
    "AWS::Logs::DeliverySource": _logs("Name"),
    "AWS::Logs::QueryDefinition": _logs(),
    "AWS::SSM::Parameter": Kind(
        noun="parameter",
        topic=Topic.OUTPUTS,
        hint="Name",
        renamed_by=("Name",),
        named_by=("Name",),
    ),
    "AWS::WAFv2::WebACL": Kind(
        noun="web ACL",
        topic=Topic.ACCESS,
        price="about $5 a month, $1 for each rule, $0.60 for a million requests",
        gone="requests are no longer filtered by it",
        renamed_by=("Name", "Scope"),
        named_by=("Name", "Scope"),
    ),
}


def kind_of(resource_type: object) -> Kind:
    """The kind of a type. An unknown one goes by its own name."""
    known = KINDS.get(resource_type) if isinstance(resource_type, str) else None
    words = words_of(resource_type)
    other = Kind(noun=f"other resource ({words})", plural=f"other resources ({words})")
    return known or other


def words_of(resource_type: object) -> str:
    """``AWS Foo Bar`` for ``AWS::Foo::Bar``."""
    found = re.findall(r"[A-Za-z0-9]+", str(resource_type)[:100])
    return " ".join(found)[:60] or "of no type"
