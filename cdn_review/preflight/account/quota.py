"""How much room the account has left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from cdn_review.preflight.account.credentials import stack_resources
from cdn_review.preflight.aws import Aws, is_denied, pages
from cdn_review.preflight.result import Result, failed, passed, warned
from cdn_review.preflight.target import Target

_NEAR = 0.9


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A kind that an account may have a number of.

    The numbers are the defaults of
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
    """

    type: str
    noun: str
    operation: str
    key: str
    usual: int
    custom: bool = True


_KINDS = (
    _Kind(
        type="AWS::CloudFront::CachePolicy",
        noun="cache policies",
        operation="list_cache_policies",
        key="CachePolicyList",
        usual=20,
    ),
    _Kind(
        type="AWS::CloudFront::ResponseHeadersPolicy",
        noun="response headers policies",
        operation="list_response_headers_policies",
        key="ResponseHeadersPolicyList",
        usual=20,
    ),
    _Kind(
        type="AWS::CloudFront::OriginRequestPolicy",
        noun="origin request policies",
        operation="list_origin_request_policies",
        key="OriginRequestPolicyList",
        usual=20,
    ),
    _Kind(
        type="AWS::CloudFront::KeyGroup",
        noun="key groups",
        operation="list_key_groups",
        key="KeyGroupList",
        usual=10,
        custom=False,
    ),
    _Kind(
        type="AWS::CloudFront::OriginAccessControl",
        noun="origin access controls",
        operation="list_origin_access_controls",
        key="OriginAccessControlList",
        usual=100,
        custom=False,
    ),
    _Kind(
        type="AWS::CloudFront::Distribution",
        noun="distributions",
        operation="list_distributions",
        key="DistributionList",
        usual=500,
        custom=False,
    ),
)


def check_quota(target: Target, aws: Aws) -> Iterator[Result]:
    """For each kind that the stack makes: what there is, what is to come, what may be."""
    wanted = target.counts
    kinds = [kind for kind in _KINDS if wanted[kind.type]]
    if not kinds:
        yield passed("quota", "nothing of what is counted is made")
        return
    own = Counter(kind for kind, _, _ in stack_resources(target, aws))
    granted = _granted(aws)
    for kind in kinds:
        only_own = {"Type": "custom"} if kind.custom else {}
        call = getattr(aws.client("cloudfront"), kind.operation)
        there = sum(1 for _ in pages(call, kind.key, **only_own))
        after = there - own[kind.type] + wanted[kind.type]
        yield _judged(kind, after, granted.get(kind.noun, kind.usual))


def _judged(kind: _Kind, after: int, most: int) -> Result:
    sentence = f"{after} of {most} {kind.noun} after the deploy"
    cure = (
        f"raise the quota of CloudFront for {kind.noun}, delete unused ones, or share "
        "existing ones, as with policy_ids in cdk.json"
    )
    if after > most:
        return failed("quota", sentence, cure)
    if after > most * _NEAR:
        return warned("quota", sentence, cure)
    return passed("quota", sentence)


def _granted(aws: Aws) -> dict[str, int]:
    """What the account was granted, where Service Quotas can be asked."""
    client = aws.client("service-quotas")
    try:
        listed = client.get_paginator("list_service_quotas").paginate(
            ServiceCode="cloudfront"
        )
        listed_quotas = [one for page in listed for one in page["Quotas"]]
    except aws.refused as error:
        if not is_denied(error) and "400" not in str(error):
            raise
        return {}
    # Not the staging distributions, of which an account has fewer.
    name = re.compile(r"(?:web )?([a-z ]+) per (?:aws )?account")
    named = {
        found[1]: int(quota["Value"])
        for quota in listed_quotas
        if (found := name.fullmatch(str(quota.get("QuotaName", "")).strip().lower()))
    }
    return {kind.noun: named[kind.noun] for kind in _KINDS if kind.noun in named}
