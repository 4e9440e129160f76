"""The policies of a distribution: those that exist already, and those of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from cdn_model.policies import managed_policy
from constructs_lib.cors import Cors
from constructs_lib.physical_names import physical_name
from constructs_lib.response_headers import ResponseHeaders
from constructs_lib.ttl import Ttl, duration
from constructs_lib.validation import check_types


@dataclass(frozen=True, kw_only=True)
class Policies:
    """Existing or managed policies. An account has room for 20 of each kind by default.

    :param cache: Its key and TTLs act in place of ``cors`` and ``ttl``. Default: a policy of
        the distribution's own.
    :param origin_request: What reaches the server beside the cache key. Default: nothing.
    :param response_headers: Its headers and CORS act in place of ``headers`` and of an edge
        that answers CORS. Default: a policy of the distribution's own.
    """

    cache: cloudfront.ICachePolicy | None = None
    origin_request: cloudfront.IOriginRequestPolicy | None = None
    response_headers: cloudfront.IResponseHeadersPolicy | None = None

    def __post_init__(self) -> None:
        check_types(type(self), vars(self), "policies.")


def check_host_not_forwarded(policies: Policies) -> None:
    """No managed policy that sends the viewer's ``Host`` on, for which S3 has no bucket.

    :raises ValueError: otherwise. What a policy of yours sends on, its id does not say.
    """
    cache, request = policies.cache, policies.origin_request
    ids = {
        "cache": ("CachePolicy", cache and cache.cache_policy_id),
        "origin_request": (
            "OriginRequestPolicy",
            request and request.origin_request_policy_id,
        ),
    }
    for name, (kind, policy_id) in ids.items():
        config = policy_id and managed_policy(kind, policy_id)
        if config and _forwards_host(config):
            raise ValueError(
                f"policies.{name} must not send Host on together with bucket, because S3 "
                "refuses a signed request for another host, so that every file comes from "
                f"the server, got {policy_id!r}"
            )


def _forwards_host(config: Mapping[str, Any]) -> bool:
    in_key = config.get("ParametersInCacheKeyAndForwardedToOrigin", config)
    headers = in_key.get("HeadersConfig", {})
    if headers.get("HeaderBehavior") == "whitelist":
        return "Host" in headers["Headers"]
    return str(headers.get("HeaderBehavior")).startswith("allViewer")


def check_unused_options(
    policies: Policies, cors: Cors, ttl: Ttl | None, headers: ResponseHeaders | None
) -> None:
    """No option beside an existing policy that decides in its place.

    :raises ValueError: otherwise.
    """
    unused = {
        "ttl": policies.cache is not None and ttl is not None,
        "headers": policies.response_headers is not None and headers is not None,
        "cors": policies.response_headers is not None and cors.is_answered_by_the_edge,
    }
    for name, is_unused in unused.items():
        if is_unused:
            policy = "cache" if name == "ttl" else "response_headers"
            raise ValueError(
                f"{name} must not be given together with policies.{policy}, "
                "which decides in its place"
            )


def define_cache_policy(
    scope: Construct, cors: Cors, ttl: Ttl
) -> cloudfront.CachePolicy:
    """The cache policy of a distribution, which is the scope."""
    assert ttl.max is not None, "or the CDK's own maximum would act"
    headers = (
        cloudfront.CacheHeaderBehavior.allow_list(*cors.key_headers)
        if cors.key_headers
        else cloudfront.CacheHeaderBehavior.none()
    )
    return cloudfront.CachePolicy(
        scope,
        "CachePolicy",
        cache_policy_name=physical_name(scope, "CachePolicy"),
        min_ttl=duration(ttl.min),
        default_ttl=duration(ttl.default),
        max_ttl=duration(ttl.max),
        header_behavior=headers,
        query_string_behavior=cloudfront.CacheQueryStringBehavior.none(),
        cookie_behavior=cloudfront.CacheCookieBehavior.none(),
        enable_accept_encoding_gzip=True,
        enable_accept_encoding_brotli=True,
    )


def define_response_headers_policy(
    scope: Construct, cors: Cors, headers: ResponseHeaders
) -> cloudfront.ResponseHeadersPolicy | None:
    """The response headers policy of a distribution, or None when it would be empty."""
    sections = {
        "cors_behavior": cors.render(),
        "security_headers_behavior": headers.render_security(),
        "custom_headers_behavior": headers.render_custom(),
        "remove_headers": list(headers.remove) or None,
        "server_timing_sampling_rate": headers.server_timing,
    }
    if not any(sections.values()):
        return None
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "ResponseHeadersPolicy",
        response_headers_policy_name=physical_name(scope, "ResponseHeadersPolicy"),
        **cast(Any, sections),
    )
