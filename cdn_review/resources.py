"""What readers call the types of resources, and what it means when one comes or goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cdn_model.distribution import CLOUDFRONT
from cdn_review.change import Topic


@dataclass(frozen=True)
class ResourceType:
    """What is said of the resources of a type.

    :param plural: Default: the noun with an ``s``.
    :param hint: The property that tells two of them apart.
    :param price: What one more costs, as AWS's price lists say it.
    :param added: What follows when one is added, likewise of the others.
    :param is_group: Whether several of them are one thing to a reader, such as the parts of
        access logs.
    """

    noun: str
    topic: Topic = Topic.OTHER
    plural: str = ""
    hint: str = ""
    price: str = ""
    added: str = ""
    removed: str = ""
    replaced: str = ""
    is_group: bool = False

    @property
    def nouns(self) -> str:
        return self.plural or re.sub("ys$", "ies", f"{self.noun}s")


_ACCESS_LOGS = ResourceType(
    "access logs",
    Topic.MONITORING,
    "access logs",
    price="by volume: $0.50 per GB ingested by a log group, $0.023 per GB and month in a bucket",
    is_group=True,
)
_TOPIC = ResourceType("SNS topic", Topic.MONITORING, "SNS topic", is_group=True)
_MOVED = "the content does not move"
_NO_DNS = "visitors no longer find the server by DNS"
_CLOUDFRONT_TYPES = {
    "Distribution": ResourceType("distribution", Topic.REPLACEMENT),
    "DistributionTenant": ResourceType(
        "distribution tenant", Topic.REPLACEMENT, hint="Name"
    ),
    "CachePolicy": ResourceType("cache policy", Topic.POLICIES),
    "OriginRequestPolicy": ResourceType("origin request policy", Topic.POLICIES),
    "ResponseHeadersPolicy": ResourceType("response headers policy", Topic.POLICIES),
    "PublicKey": ResourceType("public key", Topic.ACCESS),
    "KeyGroup": ResourceType("key group", Topic.ACCESS),
    "TrustStore": ResourceType("trust store", Topic.ACCESS),
    "OriginAccessControl": ResourceType("origin access control", Topic.ORIGIN),
    "VpcOrigin": ResourceType(
        "VPC origin", Topic.ORIGIN, added="that takes up to 15 minutes"
    ),
    "Function": ResourceType("edge function", Topic.DELIVERY),
    "KeyValueStore": ResourceType("key value store", Topic.DELIVERY, replaced=_MOVED),
    "MonitoringSubscription": ResourceType(
        "additional metrics",
        Topic.MONITORING,
        "additional metrics",
        price="$2.40 a month for each distribution",
    ),
    "RealtimeLogConfig": ResourceType("real-time log", Topic.MONITORING),
}
_TYPES: Mapping[str, ResourceType] = {
    **{f"{CLOUDFRONT}{name}": known for name, known in _CLOUDFRONT_TYPES.items()},
    **dict.fromkeys(("AWS::SNS::Topic", "AWS::SNS::TopicPolicy"), _TOPIC),
    "AWS::SNS::Subscription": _TOPIC,
    **dict.fromkeys(("AWS::Logs::LogGroup", "AWS::Logs::Delivery"), _ACCESS_LOGS),
    "AWS::Logs::DeliveryDestination": _ACCESS_LOGS,
    "AWS::Logs::DeliverySource": _ACCESS_LOGS,
    "AWS::Logs::QueryDefinition": _ACCESS_LOGS,
    "AWS::S3::Bucket": ResourceType(
        "bucket",
        Topic.ORIGIN,
        price="storage and uploads",
        removed="the deploy fails while files are left",
        replaced=_MOVED,
    ),
    "AWS::S3::BucketPolicy": ResourceType("bucket policy", Topic.ACCESS),
    "AWS::CertificateManager::Certificate": ResourceType(
        "certificate",
        Topic.DOMAINS,
        added="the deploy waits for a validation record in DNS",
    ),
    "AWS::Route53::RecordSet": ResourceType(
        "DNS record", Topic.DOMAINS, hint="Name", removed=_NO_DNS
    ),
    "AWS::Route53::RecordSetGroup": ResourceType(
        "group of DNS records", Topic.DOMAINS, "groups of DNS records", removed=_NO_DNS
    ),
    "AWS::CloudWatch::Alarm": ResourceType(
        "alarm", Topic.MONITORING, hint="MetricName", price="$0.10 a month for each"
    ),
    "AWS::CloudWatch::Dashboard": ResourceType(
        "dashboard", Topic.MONITORING, price="$3 a month"
    ),
    "AWS::SSM::Parameter": ResourceType("parameter", Topic.OUTPUTS, hint="Name"),
    "AWS::WAFv2::WebACL": ResourceType(
        "web ACL",
        Topic.ACCESS,
        price="about $5 a month, $1 for each rule, $0.60 for a million requests",
        removed="requests are no longer filtered",
    ),
    "AWS::WAFv2::WebACLAssociation": ResourceType("web ACL association", Topic.ACCESS),
}


@lru_cache(maxsize=1024)
def type_of(resource_type: object) -> ResourceType:
    """What readers call a type. Others go by their own names."""
    if known := _TYPES.get(str(resource_type)):
        return known
    words = re.findall(r"[A-Za-z0-9]+", str(resource_type)[:100])
    name = " ".join(words)[:60] or "of no type"
    return ResourceType(f"other resource ({name})", plural=f"other resources ({name})")
