"""What an account has of each type whose names are unique: physical ids by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cdn_review.preflight.aws import Aws, code_of, pages
from cdn_review.preflight.target import Target

Named = dict[str, set[str]]
Lister = Callable[[Aws, Target, list[str]], Named]
_CF = "AWS::CloudFront::"


def _policies(operation: str, key: str, inner: str) -> Lister:
    def listed(aws: Aws, target: Target, names: list[str]) -> Named:
        call = getattr(aws.client("cloudfront"), operation)
        found = [one[inner] for one in pages(call, key, Type="custom")]
        return _by_name((one[f"{inner}Config"]["Name"], one["Id"]) for one in found)

    return listed


def _flat(
    operation: str, key: str, identity: Callable[[Any], tuple[str, str]]
) -> Lister:
    def listed(aws: Aws, target: Target, names: list[str]) -> Named:
        call = getattr(aws.client("cloudfront"), operation)
        return _by_name(map(identity, pages(call, key)))

    return listed


def _paginated(service: str, operation: str, key: str, name: str) -> Lister:
    """A service of the stack's region, where the name is the physical id."""

    def listed(aws: Aws, target: Target, names: list[str]) -> Named:
        client = aws.client(service, target.region or aws.configured_region)
        answers = client.get_paginator(operation).paginate()
        return _by_name((one[name], one[name]) for page in answers for one in page[key])

    return listed


def _by_name(found: Iterator[tuple[str, str]]) -> Named:
    named: Named = {}
    for name, physical in found:
        named.setdefault(name, set()).add(physical)
    return named


def _alarms(aws: Aws, target: Target, names: list[str]) -> Named:
    client = aws.client("cloudwatch", target.region or aws.configured_region)
    found: Named = {}
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    for start in range(0, len(names), 100):
        answer = client.describe_alarms(
            AlarmNames=names[start : start + 100],
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        alarms = (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ()))
        found |= {one["AlarmName"]: {one["AlarmName"]} for one in alarms}
    return found


def _log_groups(aws: Aws, target: Target, names: list[str]) -> Named:
    client = aws.client("logs", target.region or aws.configured_region)
    found: Named = {}
    for name in names:
        answer = client.describe_log_groups(logGroupNamePrefix=name)
        found |= {
            one["logGroupName"]: {one["logGroupName"]} for one in answer["logGroups"]
        }
    return found


def _buckets(aws: Aws, target: Target, names: list[str]) -> Named:
    """Names of buckets are unique in all of AWS: a 403 is a bucket of somebody else."""
    client = aws.client("s3", target.region or aws.configured_region)
    found: Named = {}
    for name in names:
        try:
            client.head_bucket(Bucket=name)
        except aws.refused as error:
            if code_of(error) in ("404", "NoSuchBucket"):
                continue
        found[name] = {name}
    return found


LISTS: Mapping[str, Lister] = {
    f"{_CF}CachePolicy": _policies(
        "list_cache_policies", "CachePolicyList", "CachePolicy"
    ),
    f"{_CF}OriginRequestPolicy": _policies(
        "list_origin_request_policies", "OriginRequestPolicyList", "OriginRequestPolicy"
    ),
    f"{_CF}ResponseHeadersPolicy": _policies(
        *("list_response_headers_policies", "ResponseHeadersPolicyList"),
        "ResponseHeadersPolicy",
    ),
    f"{_CF}OriginAccessControl": _flat(
        *("list_origin_access_controls", "OriginAccessControlList"),
        lambda one: (one["Name"], one["Id"]),
    ),
    # CloudFormation knows a function by its ARN, what else has a name here by its id.
    f"{_CF}Function": _flat(
        *("list_functions", "FunctionList"),
        lambda one: (one["Name"], one["FunctionMetadata"]["FunctionARN"]),
    ),
    f"{_CF}KeyGroup": _flat(
        *("list_key_groups", "KeyGroupList"),
        lambda one: (one["KeyGroup"]["KeyGroupConfig"]["Name"], one["KeyGroup"]["Id"]),
    ),
    f"{_CF}KeyValueStore": _flat(
        *("list_key_value_stores", "KeyValueStoreList"),
        lambda one: (one["Name"], one["Name"]),
    ),
    f"{_CF}PublicKey": _flat(
        *("list_public_keys", "PublicKeyList"),
        lambda one: (one["Name"], one["Id"]),
    ),
    f"{_CF}VpcOrigin": _flat(
        *("list_vpc_origins", "VpcOriginList"),
        lambda one: (one["Name"], one["Id"]),
    ),
    "AWS::CloudWatch::Alarm": _alarms,
    "AWS::CloudWatch::Dashboard": _paginated(
        "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"
    ),
    "AWS::Logs::DeliveryDestination": _paginated(
        *("logs", "describe_delivery_destinations", "deliveryDestinations"), "name"
    ),
    "AWS::Logs::DeliverySource": _paginated(
        "logs", "describe_delivery_sources", "deliverySources", "name"
    ),
    "AWS::Logs::LogGroup": _log_groups,
    "AWS::S3::Bucket": _buckets,
}
