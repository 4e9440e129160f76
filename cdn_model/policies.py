"""Policies: AWS's own by their ids, CloudFront's defaults, and settings from before them.

``managed_policies.json`` has AWS's own, which no template holds, as the documentation lists
them:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cdn_model.values import Json, filled, mapping, sequence

CACHE_POLICY_DEFAULTS: Json = {
    "DefaultTTL": 86400,
    "MaxTTL": 31536000,
    "MinTTL": 0,
    "ParametersInCacheKeyAndForwardedToOrigin": {
        "CookiesConfig": {"CookieBehavior": "none"},
        "EnableAcceptEncodingBrotli": False,
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    },
}
ORIGIN_REQUEST_POLICY_DEFAULTS: Json = {
    "CookiesConfig": {"CookieBehavior": "none"},
    "HeadersConfig": {"HeaderBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
# Of sections that a policy has; those that it lacks add no header.
RESPONSE_HEADERS_POLICY_DEFAULTS: Json = {
    "CorsConfig": {"AccessControlAllowCredentials": False, "OriginOverride": False},
    "SecurityHeadersConfig": {
        "StrictTransportSecurity": {"IncludeSubdomains": False, "Preload": False},
        "XSSProtection": {"ModeBlock": False},
    },
}
POLICY_KINDS = ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy")


def managed_policy(kind: str, policy_id: str) -> dict[str, Any] | None:
    """The configuration of a managed policy; ``None`` for any other id.

    :param kind: ``CachePolicy``, ``OriginRequestPolicy`` or ``ResponseHeadersPolicy``.
    """
    policy = _managed_policies().get(kind, {}).get(policy_id)
    return None if policy is None else dict(policy["Config"])


@cache
def _managed_policies() -> dict[str, dict[str, Any]]:
    path = Path(__file__).with_name("managed_policies.json")
    policies: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return policies


def with_policy_defaults(kind: str, config: Json) -> dict[str, Any]:
    """The configuration of a policy with CloudFront's defaults."""
    if kind == "CachePolicy":
        return filled(config, CACHE_POLICY_DEFAULTS)
    if kind == "OriginRequestPolicy":
        return filled(config, ORIGIN_REQUEST_POLICY_DEFAULTS)
    sections = filled(config, RESPONSE_HEADERS_POLICY_DEFAULTS, only_present=True)
    if mapping(sections.get("ServerTimingHeadersConfig")).get("Enabled") is False:
        del sections["ServerTimingHeadersConfig"]
    return sections


def replace_forwarded_values(behavior: dict[str, Any]) -> None:
    """Settings from before there were policies become the policy of the same effect.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ForwardedValues.html
    """
    if behavior.get("CachePolicyId") not in (None, ""):
        return
    given = behavior.pop("ForwardedValues", None)
    values = dict(mapping(given))
    if given is not None and not isinstance(given, dict):
        behavior["ForwardedValues"] = given
    ttls = {
        key: behavior.pop(key)
        for key in ("DefaultTTL", "MaxTTL", "MinTTL")
        if behavior.get(key) is not None
    }
    query = values.pop("QueryString", False)
    key = {
        "HeadersConfig": _headers(sequence(values.pop("Headers", None))),
        "QueryStringsConfig": _query_strings(
            query, values.pop("QueryStringCacheKeys", None)
        ),
        "CookiesConfig": _cookies(mapping(values.pop("Cookies", None))),
        "EnableAcceptEncodingGzip": behavior.get("Compress", False),
        **values,
    }
    policy = {**ttls, "ParametersInCacheKeyAndForwardedToOrigin": key}
    behavior["CachePolicy"] = filled(policy, CACHE_POLICY_DEFAULTS)
    if query is True and "OriginRequestPolicyId" not in behavior:
        # More query strings could be sent than were kept apart.
        forwarded = {"QueryStringsConfig": {"QueryStringBehavior": "all"}}
        behavior["OriginRequestPolicy"] = filled(
            forwarded, ORIGIN_REQUEST_POLICY_DEFAULTS
        )


def _headers(names: list[Any]) -> Json:
    if "*" in names:
        return {"HeaderBehavior": "all"}
    if names:
        return {"HeaderBehavior": "whitelist", "Headers": names}
    return {"HeaderBehavior": "none"}


def _query_strings(query: object, keys: object) -> Json:
    if query not in (True, False):
        return {"QueryStringBehavior": query}
    if query and keys:
        return {"QueryStringBehavior": "whitelist", "QueryStrings": keys}
    return {"QueryStringBehavior": "all" if query else "none"}


def _cookies(given: Json) -> Json:
    rest = {key: part for key, part in given.items() if key != "Forward"}
    if "WhitelistedNames" in rest:
        rest["Cookies"] = rest.pop("WhitelistedNames")
    return {"CookieBehavior": given.get("Forward") or "none", **rest}
