"""Whether names are free in the account, and its quotas suffice.

CloudFormation looks for taken names itself where the name identifies the resource, as for
buckets and alarms. AWS makes up the ids of the types here, or leaves the types out of that
validation. CloudFormation only warns about quotas.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from cdn_model.quotas import PER_ACCOUNT
from cdn_model.resource_types import UNIQUE_NAMES
from cdn_review.preflight.account import region_of, stack_resources
from cdn_review.preflight.clients import Aws, Clients, pages
from cdn_review.preflight.planned_stack import PlannedStack
from dj_cloudfront.findings import Finding, failed, passed, warned

_List = Callable[[Aws], set[tuple[str, str]]]
_LOG_GROUP = "AWS::Logs::LogGroup"
_NEAR = 0.9


class _LimitedType(NamedTuple):
    """A type of resource that an account has a limited number of."""

    name: str
    operation: str

    @property
    def quota(self) -> int:
        return PER_ACCOUNT[self.name]

    @property
    def noun(self) -> str:
        return self.operation.removeprefix("list_").replace("_", " ")

    @property
    def type(self) -> str:
        return f"AWS::CloudFront::{self.name}"

    def listed(self, aws: Aws) -> set[tuple[str, str]]:
        """Names and physical ids of what the account has."""
        call = getattr(aws.client("cloudfront"), self.operation)
        # Lists of policies hold AWS's own too.
        given = {"Type": "custom"} if self.name.endswith("Policy") else {}
        return {
            self._identity(item) for item in pages(call, f"{self.name}List", **given)
        }

    def _identity(self, item: Any) -> tuple[str, str]:
        item = item.get(self.name, item)
        name = item.get("Name") or item.get(f"{self.name}Config", {}).get("Name", "")
        return name, item.get("Id") or item["FunctionMetadata"]["FunctionARN"]


_LIMITED_TYPES = (
    _LimitedType("CachePolicy", "list_cache_policies"),
    _LimitedType("Distribution", "list_distributions"),
    _LimitedType("Function", "list_functions"),
    _LimitedType("KeyGroup", "list_key_groups"),
    _LimitedType("OriginAccessControl", "list_origin_access_controls"),
    _LimitedType("OriginRequestPolicy", "list_origin_request_policies"),
    _LimitedType("PublicKey", "list_public_keys"),
    _LimitedType("ResponseHeadersPolicy", "list_response_headers_policies"),
    _LimitedType("VpcOrigin", "list_vpc_origins"),
)


def check_names(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """A name that something else has fails the deploy in the middle."""
    wanted: dict[str, tuple[dict[str, str], _List]] = {
        kind.type: (names, kind.listed)
        for kind in _LIMITED_TYPES
        if kind.type in UNIQUE_NAMES and (names := planned.named(kind.type))
    }
    if log_groups := planned.named(_LOG_GROUP):
        wanted[_LOG_GROUP] = (log_groups, partial(_log_groups, planned, log_groups))
    if not wanted:
        return
    own = {
        (kind, physical): logical
        for kind, logical, physical in stack_resources(planned, clients)
    }
    is_free = True
    for kind, (names, listed) in wanted.items():
        found = listed(clients.aws)
        for name, logical in names.items():
            owners = {own.get((kind, id_)) for held, id_ in found if held == name}
            if owners - {logical}:
                is_free = False
                yield _taken(kind.rpartition("::")[2], name, is_own=None not in owners)
    if is_free:
        total = sum(len(names) for names, _ in wanted.values())
        yield passed("names", f"{total} names are free, or this stack's own")


def _log_groups(
    planned: PlannedStack, names: Iterable[str], aws: Aws
) -> set[tuple[str, str]]:
    call = aws.client("logs", region_of(planned, aws)).describe_log_groups
    found = [
        group for name in names for group in call(logGroupNamePrefix=name)["logGroups"]
    ]
    return {(group["logGroupName"], group["logGroupName"]) for group in found}


def _taken(what: str, name: str, *, is_own: bool) -> Finding:
    if is_own:
        # CloudFormation makes new resources before it deletes old ones.
        message = f"this stack has the {what} {name!r} under another logical id"
        hint = "keep the logical id, or give this one another name"
        return failed("names", message, hint)
    message = f"the {what} {name!r} exists already, outside this stack"
    hint = "delete it if nothing uses it, or give this one another name"
    return failed("names", message, hint)


def check_quota(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """For each type that the stack makes: what there will be, and what is allowed."""
    wanted = planned.counts
    kinds = [kind for kind in _LIMITED_TYPES if wanted[kind.type]]
    if not kinds:
        return
    own = Counter(kind for kind, _, _ in stack_resources(planned, clients))
    granted = _granted(clients.aws)
    for kind in kinds:
        after = len(kind.listed(clients.aws)) - own[kind.type] + wanted[kind.type]
        most = granted.get(kind.noun, kind.quota)
        message = f"{after} of {most} {kind.noun} after the deploy"
        hint = (
            f"raise the quota of CloudFront for {kind.noun}, delete unused ones, or share "
            "existing ones, as with policy_ids in cdk.json"
        )
        if after > most:
            yield failed("quota", message, hint)
        elif after > most * _NEAR:
            yield warned("quota", message, hint)
        else:
            yield passed("quota", message)


def _granted(aws: Aws) -> dict[str, int]:
    """The account's quotas by noun; none where Service Quotas may not be asked."""
    client = aws.client("service-quotas")
    listed = client.get_paginator("list_service_quotas").paginate(
        ServiceCode="cloudfront"
    )
    try:
        quotas = [quota for page in listed for quota in page["Quotas"]]
    except aws.refused:
        return {}
    # Not the staging distributions, of which an account has fewer.
    name = re.compile(r"(?:web )?([a-z ]+) per (?:aws )?account")
    return {
        found[1]: int(quota["Value"])
        for quota in quotas
        if (found := name.fullmatch(str(quota.get("QuotaName", "")).strip().lower()))
    }
