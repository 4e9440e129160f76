"""What readers call the types of resources, and what it means when one comes or goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cdn_model.distribution import CLOUDFRONT
from cdn_review.change import Topic


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """What is said of the resources of a type.

    :param hint: The property that tells two of them apart.
    :param price: What one more costs, as AWS's price lists say it.
    :param added_note: What follows when one is added.
    :param removed_note: What follows when one is removed.
    :param replaced_note: What follows when one is replaced.
    :param is_group: Whether several of them are one thing to a reader, such as the parts of
        access logs.
    """

    noun: str
    topic: Topic = Topic.OTHER
    plural: str = ""
    hint: str = ""
    price: str = ""
    added_note: str = ""
    removed_note: str = ""
    replaced_note: str = ""
    is_group: bool = False

    @property
    def nouns(self) -> str:
        return self.plural or f"{self.noun}s"


def _policy(noun: str) -> ResourceType:
    return ResourceType(
        noun=f"{noun} policy", plural=f"{noun} policies", topic=Topic.POLICIES
    )


_ACCESS_LOGS = ResourceType(
    noun="access logs",
    plural="access logs",
    is_group=True,
    topic=Topic.MONITORING,
    price="by volume: $0.50 per GB ingested by a log group, $0.023 per GB and month in a bucket",
)
_ALARM_TOPIC = ResourceType(
    noun="alarm topic", plural="alarm topic", topic=Topic.MONITORING, is_group=True
)
_MOVED = "its content does not move"

RESOURCE_TYPES: Mapping[str, ResourceType] = {
    f"{CLOUDFRONT}Distribution": ResourceType(
        noun="distribution", topic=Topic.REPLACEMENT
    ),
    f"{CLOUDFRONT}DistributionTenant": ResourceType(
        noun="distribution tenant", topic=Topic.REPLACEMENT, hint="Name"
    ),
    f"{CLOUDFRONT}CachePolicy": _policy("cache"),
    f"{CLOUDFRONT}OriginRequestPolicy": _policy("origin request"),
    f"{CLOUDFRONT}ResponseHeadersPolicy": _policy("response headers"),
    f"{CLOUDFRONT}PublicKey": ResourceType(noun="public key", topic=Topic.ACCESS),
    f"{CLOUDFRONT}KeyGroup": ResourceType(noun="key group", topic=Topic.ACCESS),
    f"{CLOUDFRONT}TrustStore": ResourceType(noun="trust store", topic=Topic.ACCESS),
    f"{CLOUDFRONT}OriginAccessControl": ResourceType(
        noun="origin access control", topic=Topic.ORIGIN
    ),
    f"{CLOUDFRONT}VpcOrigin": ResourceType(
        noun="VPC origin",
        topic=Topic.ORIGIN,
        added_note="creating it takes up to 15 minutes",
    ),
    f"{CLOUDFRONT}Function": ResourceType(noun="edge function", topic=Topic.DELIVERY),
    f"{CLOUDFRONT}KeyValueStore": ResourceType(
        noun="key value store", topic=Topic.DELIVERY, replaced_note=_MOVED
    ),
    f"{CLOUDFRONT}MonitoringSubscription": ResourceType(
        noun="additional metrics",
        plural="additional metrics",
        topic=Topic.MONITORING,
        price="$2.40 a month for each distribution",
    ),
    f"{CLOUDFRONT}RealtimeLogConfig": ResourceType(
        noun="real-time log", topic=Topic.MONITORING
    ),
    "AWS::S3::Bucket": ResourceType(
        noun="bucket",
        topic=Topic.ORIGIN,
        price="storage and uploads",
        removed_note="the deploy fails while a file is in it",
        replaced_note=_MOVED,
    ),
    "AWS::S3::BucketPolicy": ResourceType(
        noun="bucket policy", topic=Topic.ACCESS, plural="bucket policies"
    ),
    "AWS::CertificateManager::Certificate": ResourceType(
        noun="certificate",
        topic=Topic.DOMAINS,
        added_note="the deploy waits until its validation record is in DNS",
    ),
    "AWS::Route53::RecordSet": ResourceType(
        noun="DNS record",
        topic=Topic.DOMAINS,
        hint="Name",
        removed_note="the name no longer resolves",
    ),
    "AWS::Route53::RecordSetGroup": ResourceType(
        noun="group of DNS records",
        plural="groups of DNS records",
        topic=Topic.DOMAINS,
        removed_note="its names no longer resolve",
    ),
    "AWS::CloudWatch::Alarm": ResourceType(
        noun="alarm",
        topic=Topic.MONITORING,
        hint="MetricName",
        price="$0.10 a month for each",
    ),
    "AWS::CloudWatch::Dashboard": ResourceType(
        noun="dashboard", topic=Topic.MONITORING, price="$3 a month"
    ),
    "AWS::SNS::Topic": _ALARM_TOPIC,
    "AWS::SNS::TopicPolicy": _ALARM_TOPIC,
    "AWS::SNS::Subscription": _ALARM_TOPIC,
    "AWS::Logs::LogGroup": _ACCESS_LOGS,
    "AWS::Logs::Delivery": _ACCESS_LOGS,
    "AWS::Logs::DeliveryDestination": _ACCESS_LOGS,
    "AWS::Logs::DeliverySource": _ACCESS_LOGS,
    "AWS::Logs::QueryDefinition": _ACCESS_LOGS,
    "AWS::SSM::Parameter": ResourceType(
        noun="parameter", topic=Topic.OUTPUTS, hint="Name"
    ),
    "AWS::WAFv2::WebACL": ResourceType(
        noun="web ACL",
        topic=Topic.ACCESS,
        price="about $5 a month, $1 for each rule, $0.60 for a million requests",
        removed_note="it no longer filters requests",
    ),
    "AWS::WAFv2::WebACLAssociation": ResourceType(
        noun="web ACL association", topic=Topic.ACCESS
    ),
}


def type_of(resource_type: object) -> ResourceType:
    """What readers call a type. An unknown one goes by its own name."""
    known = (
        RESOURCE_TYPES.get(resource_type) if isinstance(resource_type, str) else None
    )
    words = re.findall(r"[A-Za-z0-9]+", str(resource_type)[:100])
    name = " ".join(words)[:60] or "of no type"
    return known or ResourceType(
        noun=f"other resource ({name})", plural=f"other resources ({name})"
    )
