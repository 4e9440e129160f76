"""Types of resources: what cannot be changed in place, and which names an account has once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cdn_model.values import Json, filled

UNIQUE_NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig.Name",),
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::KeyGroup": ("KeyGroupConfig.Name",),
    "AWS::CloudFront::KeyValueStore": ("Name",),
    "AWS::CloudFront::MonitoringSubscription": ("DistributionId",),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig.Name",),
    "AWS::CloudFront::OriginRequestPolicy": ("OriginRequestPolicyConfig.Name",),
    "AWS::CloudFront::PublicKey": ("PublicKeyConfig.Name",),
    "AWS::CloudFront::RealtimeLogConfig": ("Name",),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig.Name",),
    "AWS::CloudFront::VpcOrigin": ("VpcOriginEndpointConfig.Name",),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::Logs::DeliveryDestination": ("Name",),
    "AWS::Logs::DeliverySource": ("Name",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Route53::RecordSet": (
        *("Name", "Type", "SetIdentifier", "HostedZoneId", "HostedZoneName"),
    ),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::WAFv2::WebACL": ("Name", "Scope"),
}
"""Where the names are of which an account, or a hosted zone, has no two alike."""


@cache
def immutable_properties() -> Mapping[str, frozenset[str]]:
    """Properties whose change replaces the resource, by type.

    ``immutable_properties.json`` has what the CDK CLI knows of CloudFormation's resource
    specification, for the types that serve a site. A type that is not in it is unknown.
    """
    path = Path(__file__).with_name("immutable_properties.json")
    data: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    return {resource_type: frozenset(names) for resource_type, names in data.items()}


DEFAULTS: Mapping[str, Json] = {
    "AWS::CloudFront::ConnectionFunction": {"AutoPublish": False},
    "AWS::CloudFront::ConnectionGroup": {"Enabled": True, "Ipv6Enabled": True},
    "AWS::CloudFront::DistributionTenant": {"Enabled": True},
    "AWS::CloudFront::VpcOrigin": {
        "VpcOriginEndpointConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "IpAddressType": "ipv4",
            "OriginProtocolPolicy": "match-viewer",
        }
    },
    "AWS::CloudWatch::Alarm": {"ActionsEnabled": True, "TreatMissingData": "missing"},
    "AWS::Logs::LogGroup": {"LogGroupClass": "STANDARD"},
}
"""What CloudFormation takes for a missing property of types beside distributions and policies."""


def with_defaults(resource_type: str, properties: Json) -> Json:
    """The properties of a resource, with defaults for those that are missing."""
    return filled(properties, DEFAULTS.get(resource_type, {}))
