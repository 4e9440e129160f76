"""What both halves have in common: one distribution that pulls one tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib.checks import shown
from constructs_lib.cors import Cors
from constructs_lib.durations import duration
from constructs_lib.headers import ResponseHeaders
from constructs_lib.media import MediaBucket, check_origin_secret
from constructs_lib.names import (
    check_certificate,
    check_domain_names,
    claim_domain_names,
    define_certificate,
    define_records,
)
from constructs_lib.naming import policy_name
from constructs_lib.origins import DjangoOrigin
from constructs_lib.policies import Policies
from constructs_lib.tree import Tree
from constructs_lib.ttl import ErrorTtl, Ttl
from constructs_lib.viewers import Viewers
from constructs_lib.watching import LegacyLogs

# An uploaded index.html must not become the home page of the media domain, and a name that no
# file has leads to the server's own 404.
NO_ROOT_OBJECT = "dj-cloudfront-has-no-root-object"

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


@dataclass(frozen=True, kw_only=True)
class Half:
    """What tells the two halves apart."""

    tree: Tree
    ttl: Ttl
    headers: ResponseHeaders


def define_distribution(
    scope: Construct,
    half: Half,
    *,
    origin: DjangoOrigin,
    cors: Cors | None,
    domain_names: Sequence[str],
    certificate: acm.ICertificate | None,
    hosted_zone: route53.IHostedZone | None,
    dns_records: bool,
    ttl: Ttl | None,
    error_ttl: ErrorTtl | None,
    headers: ResponseHeaders | None,
    viewers: Viewers | None,
    policies: Policies | None,
    legacy_logs: LegacyLogs | None,
    bucket: MediaBucket | None = None,
    key_group: cloudfront.IKeyGroup | None = None,
) -> cloudfront.Distribution:
    """Define the distribution of a half, and what belongs to it, in a scope."""
    if not isinstance(origin, DjangoOrigin):
        raise ValueError(
            "origin must be made by DjangoOrigin, such as "
            f"DjangoOrigin.server('www.example.com'), got {shown(origin)}"
        )
    check_domain_names("domain_names", domain_names, hosted_zone)
    check_certificate(
        scope, domain_names, certificate=certificate, hosted_zone=hosted_zone
    )
    claim_domain_names(scope, domain_names)
    behavior = _behavior(
        scope,
        half,
        origin=_origin(scope, half.tree, origin, bucket, key_group),
        cors=_cors(cors, bucket),
        ttl=ttl,
        headers=headers,
        policies=policies or Policies(),
        key_group=key_group,
    )
    if domain_names and hosted_zone and not certificate:
        certificate = define_certificate(scope, domain_names, hosted_zone)
    distribution = _distribution(
        scope,
        comment=f"{half.tree.capitalize()} files of {origin.domain_name}",
        behavior=behavior,
        error_ttl=error_ttl or ErrorTtl(),
        viewers=viewers or Viewers(),
        domain_names=domain_names,
        certificate=certificate,
        legacy_logs=legacy_logs,
        role=half.tree.capitalize(),
    )
    if hosted_zone and dns_records:
        define_records(scope, domain_names, hosted_zone, distribution)
    return distribution


def _origin(
    scope: Construct,
    tree: Tree,
    origin: DjangoOrigin,
    bucket: MediaBucket | None,
    key_group: cloudfront.IKeyGroup | None,
) -> cloudfront.IOrigin:
    if key_group is not None:
        check_origin_secret(origin.origin_secret)
    if bucket is None:
        return origin.render(scope, tree)
    if origin.failover_domain_name is not None:
        raise ValueError(
            "bucket must not be given with an origin that has failover_domain_name, because "
            "CloudFront asks two origins at most, "
            f"got {origin.failover_domain_name!r} as a third"
        )
    return bucket.render_origin(origin.render(scope, tree))


def _cors(cors: Cors | None, bucket: MediaBucket | None) -> Cors:
    if bucket is None:
        return cors or Cors.forward()
    if cors is not None and cors != bucket.cors:
        raise ValueError(
            "cors must be that of the bucket or be left out, "
            f"got {cors!r} and {bucket.cors!r}"
        )
    return bucket.cors


def _distribution(
    scope: Construct,
    *,
    comment: str,
    behavior: cloudfront.BehaviorOptions,
    error_ttl: ErrorTtl,
    viewers: Viewers,
    domain_names: Sequence[str],
    certificate: acm.ICertificate | None,
    legacy_logs: LegacyLogs | None,
    role: str,
) -> cloudfront.Distribution:
    return cloudfront.Distribution(
        scope,
        "Distribution",
        comment=comment,
        default_behavior=behavior,
        default_root_object=NO_ROOT_OBJECT,
        error_responses=[
            cloudfront.ErrorResponse(http_status=status, ttl=duration(value))
            for status, value in error_ttl.by_status().items()
        ],
        http_version=cloudfront.HttpVersion.HTTP2_AND_3,
        enable_ipv6=True,
        price_class=viewers.render_price_class(),
        geo_restriction=viewers.render_countries(),
        web_acl_id=viewers.web_acl_arn,
        domain_names=list(domain_names) or None,
        certificate=certificate,
        minimum_protocol_version=viewers.render_tls() if certificate else None,
        enable_logging=True if legacy_logs else None,
        log_bucket=legacy_logs.render(scope) if legacy_logs else None,
        log_file_prefix=legacy_logs.file_prefix(role) if legacy_logs else None,
        log_includes_cookies=False if legacy_logs else None,
    )


def _behavior(
    scope: Construct,
    half: Half,
    *,
    origin: cloudfront.IOrigin,
    cors: Cors,
    ttl: Ttl | None,
    headers: ResponseHeaders | None,
    policies: Policies,
    key_group: cloudfront.IKeyGroup | None,
) -> cloudfront.BehaviorOptions:
    _check_idle(policies, cors, ttl, headers)
    allowed, cached = _METHODS[cors.methods]
    return cloudfront.BehaviorOptions(
        origin=origin,
        allowed_methods=allowed,
        cached_methods=cached,
        cache_policy=policies.cache or _cache_policy(scope, cors, ttl or half.ttl),
        origin_request_policy=policies.origin_request,
        response_headers_policy=policies.response_headers
        or _response_headers_policy(scope, cors, headers or half.headers),
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        compress=True,
        trusted_key_groups=[key_group] if key_group else None,
    )


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
        cache_policy_name=policy_name(scope, "CachePolicy"),
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
) -> cloudfront.ResponseHeadersPolicy:
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "ResponseHeadersPolicy",
        response_headers_policy_name=policy_name(scope, "ResponseHeadersPolicy"),
        cors_behavior=cors.render(),
        security_headers_behavior=headers.render_security(),
        custom_headers_behavior=headers.render_custom(),
        remove_headers=list(headers.remove) or None,
    )
