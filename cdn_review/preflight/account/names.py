"""Names that are unique in an account, and taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cdn_review.preflight.account.credentials import stack_resources
from cdn_review.preflight.aws import Aws, code_of, pages
from cdn_review.preflight.result import Result, failed, passed, skipped
from cdn_review.preflight.target import Target

Named = dict[str, set[str]]
_CF = "AWS::CloudFront::"


def check_names(target: Target, aws: Aws) -> Iterator[Result]:
    """A name that something else has makes the deploy fail, in the middle of it."""
    wanted = list(target.named())
    if not wanted:
        yield skipped("names", "the template gives no names")
        return
    own = {physical for _, _, physical in stack_resources(target, aws)}
    taken = 0
    for kind in sorted({kind for kind, _, _ in wanted}):
        names = [name for one, name, _ in wanted if one == kind]
        there = _LISTS[kind](aws, target, names)
        for name in names:
            holders = there.get(name, set())
            if not holders or holders & own or name in own:
                continue
            taken += 1
            what = kind.rpartition("::")[2]
            sentence = (
                f"a {what} of the name {name!r} exists already, outside this stack"
            )
            cure = "delete it if nothing uses it, or give this one another name"
            yield failed("names", sentence, cure)
    if not taken:
        yield passed("names", f"{len(wanted)} names are free or this stack's own")


def _policies(
    operation: str, key: str, inner: str, config: str
) -> Callable[[Aws, Target, list[str]], Named]:
    def listed(aws: Aws, target: Target, names: list[str]) -> Named:
        call = getattr(aws.client("cloudfront"), operation)
        found: Named = {}
        for one in pages(call, key, Type="custom"):
            policy = one[inner]
            found.setdefault(policy[config]["Name"], set()).add(policy["Id"])
        return found

    return listed


def _flat(
    operation: str, key: str, identity: Callable[[Any], tuple[str, str]]
) -> Callable[[Aws, Target, list[str]], Named]:
    def listed(aws: Aws, target: Target, names: list[str]) -> Named:
        call = getattr(aws.client("cloudfront"), operation)
        found: Named = {}
        for one in pages(call, key):
            name, physical = identity(one)
            found.setdefault(name, set()).add(physical)
        return found

    return listed


def _dashboards(aws: Aws, target: Target, names: list[str]) -> Named:
    client = aws.client("cloudwatch", target.region or aws.configured_region)
    listed = client.get_paginator("list_dashboards").paginate()
    return {
        one["DashboardName"]: {one["DashboardName"]}
        for page in listed
        for one in page["DashboardEntries"]
    }


def _log_groups(aws: Aws, target: Target, names: list[str]) -> Named:
    client = aws.client("logs", target.region or aws.configured_region)
    found: Named = {}
    for name in names:
        answer = client.describe_log_groups(logGroupNamePrefix=name)
        found |= {
            one["logGroupName"]: {one["logGroupName"]} for one in answer["logGroups"]
        }
    return found


def _delivery_sources(aws: Aws, target: Target, names: list[str]) -> Named:
    client = aws.client("logs", target.region or aws.configured_region)
    listed = client.get_paginator("describe_delivery_sources").paginate()
    return {
        one["name"]: {one["name"]} for page in listed for one in page["deliverySources"]
    }


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


_LISTS: Mapping[str, Callable[[Aws, Target, list[str]], Named]] = {
    f"{_CF}CachePolicy": _policies(
        "list_cache_policies", "CachePolicyList", "CachePolicy", "CachePolicyConfig"
    ),
    f"{_CF}OriginRequestPolicy": _policies(
        *("list_origin_request_policies", "OriginRequestPolicyList"),
        *("OriginRequestPolicy", "OriginRequestPolicyConfig"),
    ),
    f"{_CF}ResponseHeadersPolicy": _policies(
        *("list_response_headers_policies", "ResponseHeadersPolicyList"),
        *("ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
    ),
    f"{_CF}OriginAccessControl": _flat(
        *("list_origin_access_controls", "OriginAccessControlList"),
        lambda one: (one["Name"], one["Id"]),
    ),
    f"{_CF}Function": _flat(
        *("list_functions", "FunctionList"),
        lambda one: (one["Name"], one["Name"]),
    ),
    f"{_CF}KeyGroup": _flat(
        *("list_key_groups", "KeyGroupList"),
        lambda one: (one["KeyGroup"]["KeyGroupConfig"]["Name"], one["KeyGroup"]["Id"]),
    ),
    f"{_CF}PublicKey": _flat(
        *("list_public_keys", "PublicKeyList"),
        lambda one: (one["Name"], one["Id"]),
    ),
    "AWS::CloudWatch::Dashboard": _dashboards,
    "AWS::Logs::DeliverySource": _delivery_sources,
    "AWS::Logs::LogGroup": _log_groups,
    "AWS::S3::Bucket": _buckets,
}
