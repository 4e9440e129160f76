"""The default behavior of a distribution and its policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from aws_cdk import Annotations
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from cdn_model import managed_policies
from constructs_lib.cors import Cors
from constructs_lib.options import Defaults, DistributionOptions, Policies
from constructs_lib.physical_names import physical_name
from constructs_lib.response_headers import ResponseHeaders
from constructs_lib.ttl import Ttl, duration

_METHODS = {
    ("GET", "HEAD"): (
        cloudfront.AllowedMethods.ALLOW_GET_HEAD,
        cloudfront.CachedMethods.CACHE_GET_HEAD,
    ),
    ("GET", "HEAD", "OPTIONS"): (
        cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        cloudfront.CachedMethods.CACHE_GET_HEAD_OPTIONS,
    ),
}


def default_behavior(
    scope: Construct,
    options: DistributionOptions,
    *,
    defaults: Defaults,
    origin: cloudfront.IOrigin,
    cors: Cors,
    key_group: cloudfront.IKeyGroup | None,
) -> cloudfront.BehaviorOptions:
    """How a distribution answers and what it caches, with its policies, in a scope.

    :raises ValueError: when an option has no effect beside an existing policy.
    """
    policies = options.get("policies") or Policies()
    ttl, headers = options.get("ttl"), options.get("headers")
    _check_idle(policies, cors, ttl, headers)
    if key_group is not None and policies.response_headers is not None:
        Annotations.of(scope).add_warning_v2(
            "dj-cloudfront:signed-cache-control",
            "policies.response_headers acts in place of 'Cache-Control: private, max-age=300', "
            "without which other caches may keep what was signed: let it say the same",
        )
    allowed, cached = _METHODS[cors.methods]
    return cloudfront.BehaviorOptions(
        origin=origin,
        allowed_methods=allowed,
        cached_methods=cached,
        cache_policy=policies.cache or _cache_policy(scope, cors, ttl or defaults.ttl),
        origin_request_policy=policies.origin_request,
        response_headers_policy=policies.response_headers
        or _response_headers_policy(scope, cors, headers or defaults.headers),
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        compress=True,
        trusted_key_groups=[key_group] if key_group else None,
    )


def check_host_stays(policies: Policies) -> None:
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
        config = policy_id and managed_policies.config(kind, policy_id)
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


def _check_idle(
    policies: Policies, cors: Cors, ttl: Ttl | None, headers: ResponseHeaders | None
) -> None:
    idle = {
        "ttl": policies.cache is not None and ttl is not None,
        "headers": policies.response_headers is not None and headers is not None,
        "cors": policies.response_headers is not None and cors.is_answered_by_the_edge,
    }
    for name, is_idle in idle.items():
        if is_idle:
            policy = "cache" if name == "ttl" else "response_headers"
            raise ValueError(
                f"{name} must not be given together with policies.{policy}, "
                "which decides in its place"
            )


def _cache_policy(scope: Construct, cors: Cors, ttl: Ttl) -> cloudfront.CachePolicy:
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


def _response_headers_policy(
    scope: Construct, cors: Cors, headers: ResponseHeaders
) -> cloudfront.ResponseHeadersPolicy | None:
    sections = {
        "cors_behavior": cors.render(),
        "security_headers_behavior": headers.render_security(),
        "custom_headers_behavior": headers.render_custom(),
        "remove_headers": list(headers.remove) or None,
        "server_timing_sampling_rate": headers.server_timing,
    }
    if not any(sections.values()):
        # CloudFront refuses an empty policy.
        return None
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "ResponseHeadersPolicy",
        response_headers_policy_name=physical_name(scope, "ResponseHeadersPolicy"),
        **cast(Any, sections),
    )
