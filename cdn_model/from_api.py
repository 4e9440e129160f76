"""Distributions as CloudFront's API has them: what is deployed, in the shape of a template's.

Each of these calls needs the IAM permission of its name, such as
``cloudfront:GetDistributionConfig``, and is made once for each resource that is used:

- ``GetDistributionConfig``
- ``GetCachePolicy``, ``GetOriginRequestPolicy`` and ``GetResponseHeadersPolicy``, but not for
  AWS's own policies, which ``managed_policies.json`` has
- ``GetOriginAccessControl``
- ``GetKeyGroup`` and ``GetPublicKey``
- ``DescribeFunction`` and ``GetFunction``, of the ``LIVE`` stage

The code of Lambda@Edge is not CloudFront's to give: the ARN of a version, whose code never
changes, stands for it. A template has the code itself there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from cdn_model import managed_policies
from cdn_model.distribution import CLOUDFRONT, Distribution, Find, from_config
from cdn_model.values import Json

_CALLS: Mapping[str, str] = {
    "CachePolicy": "get_cache_policy",
    "KeyGroup": "get_key_group",
    "OriginAccessControl": "get_origin_access_control",
    "OriginRequestPolicy": "get_origin_request_policy",
    "PublicKey": "get_public_key",
    "ResponseHeadersPolicy": "get_response_headers_policy",
}


def distribution(client: object, distribution_id: str) -> Distribution:
    """One deployed distribution. See ``distributions``."""
    return distributions(client, [distribution_id])[distribution_id]


def distributions(
    client: object, distribution_ids: Iterable[str]
) -> dict[str, Distribution]:
    """Deployed distributions, by their ids.

    :param client: ``boto3.client("cloudfront")``, or whatever has its methods. What it
        raises, such as ``ClientError`` for a missing permission, is passed on.
    """
    find = finder(client)
    ask = _asking(client)
    return {
        each: from_config(
            ask("get_distribution_config", Id=each)["DistributionConfig"], find
        )
        for each in distribution_ids
    }


def finder(client: object) -> Find:
    """What configurations refer to, for ``from_config``: each is asked for once."""
    ask = _asking(client)

    @cache
    def found(kind: str, name: str) -> Json | None:
        if kind == "Function":
            return _function(ask, name)
        if kind not in _CALLS or managed_policies.config(kind, name) is not None:
            return None
        answer: Json = ask(_CALLS[kind], Id=name)[kind]
        return answer

    def find(resource_type: str, value: object) -> Json | None:
        if not isinstance(value, str) or not resource_type.startswith(CLOUDFRONT):
            return None
        return found(resource_type.removeprefix(CLOUDFRONT), value)

    return find


def _asking(client: object) -> Callable[..., Json]:
    def ask(method: str, **arguments: str) -> Json:
        answer: Json = getattr(client, method)(**arguments)
        return answer

    return ask


def _function(ask: Callable[..., Json], arn: str) -> Json:
    """Viewers get what is published, which may be older than what is being written."""
    name = arn.rpartition("/")[2]
    summary = ask("describe_function", Name=name, Stage="LIVE")["FunctionSummary"]
    code: Any = ask("get_function", Name=name, Stage="LIVE")["FunctionCode"]
    content: bytes = code.read() if hasattr(code, "read") else code
    return {
        "FunctionCode": content.decode("utf-8", "replace"),
        "FunctionConfig": summary["FunctionConfig"],
    }
