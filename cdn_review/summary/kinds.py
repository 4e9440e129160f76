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
    :param gone: What it means when one goes.
    :param is_whole: Whether several of them are one thing to a reader.
    """

    noun: str
    topic: Topic = Topic.OTHER
    plural: str = ""
    hint: str = ""
    price: str = ""
    begun: str = ""
    gone: str = ""
    is_whole: bool = False
    renamed_by: tuple[str, ...] = ()

    @property
    def nouns(self) -> str:
        return self.plural or f"{self.noun}s"


_LOGS = Kind(
    noun="access log",
    is_whole=True,
    topic=Topic.WATCHING,
    price="by volume: $0.50 a GB taken in by a log group, $0.023 a GB and month in a bucket",
)
_ALARM_TOPIC = Kind(
    noun="alarm topic", plural="alarm topic", topic=Topic.WATCHING, is_whole=True
)
_PRICE_OF_ALARM = "$0.10 a month for each"

KINDS: Mapping[str, Kind] = {
    f"{CDN}Distribution": Kind(noun="distribution", topic=Topic.REPLACEMENT),
    f"{CDN}CachePolicy": Kind(
        noun="cache policy", topic=Topic.POLICIES, plural="cache policies"
    ),
    f"{CDN}OriginRequestPolicy": Kind(
        noun="origin request policy",
        topic=Topic.POLICIES,
        plural="origin request policies",
    ),
    f"{CDN}ResponseHeadersPolicy": Kind(
        noun="response headers policy",
        topic=Topic.POLICIES,
        plural="response headers policies",
    ),
    f"{CDN}PublicKey": Kind(noun="signing key", topic=Topic.ACCESS),
    f"{CDN}KeyGroup": Kind(noun="key group", topic=Topic.ACCESS),
    f"{CDN}OriginAccessControl": Kind(noun="origin access control", topic=Topic.ORIGIN),
    f"{CDN}VpcOrigin": Kind(noun="VPC origin", topic=Topic.ORIGIN),
    f"{CDN}Function": Kind(
        noun="edge function", topic=Topic.DELIVERY, renamed_by=("Name",)
    ),
    f"{CDN}KeyValueStore": Kind(
        noun="key value store", topic=Topic.DELIVERY, renamed_by=("Name",)
    ),
    f"{CDN}MonitoringSubscription": Kind(
        noun="additional metrics",
        plural="additional metrics",
        topic=Topic.WATCHING,
        price="$2.40 a month for each distribution",
    ),
    f"{CDN}RealtimeLogConfig": Kind(
        noun="real-time log", topic=Topic.WATCHING, renamed_by=("Name",)
    ),
    "AWS::S3::Bucket": Kind(
        noun="bucket",
        topic=Topic.ORIGIN,
        price="storage and uploads",
        gone="what is in it does not move",
        renamed_by=("BucketName",),
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
    ),
    "AWS::CloudWatch::Alarm": Kind(
        noun="alarm", topic=Topic.WATCHING, hint="MetricName", price=_PRICE_OF_ALARM
    ),
    "AWS::CloudWatch::Dashboard": Kind(
        noun="dashboard", topic=Topic.WATCHING, price="$3 a month"
    ),
    "AWS::SNS::Topic": _ALARM_TOPIC,
    "AWS::SNS::TopicPolicy": _ALARM_TOPIC,
    "AWS::SNS::Subscription": _ALARM_TOPIC,
    "AWS::Logs::LogGroup": _LOGS,
    "AWS::Logs::Delivery": _LOGS,
    "AWS::Logs::DeliveryDestination": _LOGS,
    "AWS::Logs::DeliverySource": _LOGS,
    "AWS::Logs::QueryDefinition": _LOGS,
    "AWS::SSM::Parameter": Kind(
        noun="parameter", topic=Topic.OUTPUTS, hint="Name", renamed_by=("Name",)
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
