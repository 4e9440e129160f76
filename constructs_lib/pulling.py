"""What both halves have in common: one distribution that pulls one tree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from aws_cdk import Annotations, Duration, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from constructs_lib.checks import check_distinct, check_host_name
from constructs_lib.cors import Cors
from constructs_lib.naming import policy_name
from constructs_lib.origins import DjangoOrigin
from constructs_lib.tree import Tree
from constructs_lib.ttl import ErrorTtl, Ttl

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


def define_distribution(
    scope: Construct,
    *,
    tree: Tree,
    origin: DjangoOrigin,
    cors: Cors,
    ttl: Ttl,
    error_ttl: ErrorTtl,
    content_security_policy: str | None,
    domain_names: Sequence[str],
    certificate: acm.ICertificate | None,
) -> cloudfront.Distribution:
    """Define the distribution of a tree, and its two policies, in a scope."""
    check_domain_names(scope, domain_names, certificate)
    allowed, cached = _METHODS[cors.methods]
    return cloudfront.Distribution(
        scope,
        "Distribution",
        comment=f"{tree.capitalize()} files of {origin.domain_name}",
        default_behavior=cloudfront.BehaviorOptions(
            origin=origin.render(scope, tree),
            allowed_methods=allowed,
            cached_methods=cached,
            cache_policy=_cache_policy(scope, cors, ttl),
            response_headers_policy=_response_headers_policy(
                scope, cors, content_security_policy
            ),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            compress=True,
        ),
        default_root_object=NO_ROOT_OBJECT,
        error_responses=[
            cloudfront.ErrorResponse(http_status=status, ttl=_duration(value))
            for status, value in error_ttl.by_status().items()
        ],
        http_version=cloudfront.HttpVersion.HTTP2_AND_3,
        enable_ipv6=True,
        price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        domain_names=list(domain_names) or None,
        certificate=certificate,
        minimum_protocol_version=(
            cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if certificate else None
        ),
    )


def check_domain_names(
    scope: Construct,
    domain_names: Sequence[str],
    certificate: acm.ICertificate | None,
) -> None:
    """Refuse aliases that CloudFront would refuse, before anything is defined."""
    for index, name in enumerate(domain_names):
        if not Token.is_unresolved(name):
            check_host_name(f"domain_names[{index}]", name)
    check_distinct("domain_names", domain_names)
    if domain_names and certificate is None:
        raise ValueError(
            "certificate must be given with domain_names, because CloudFront serves an alias "
            f"only with a certificate for it, got domain_names={list(domain_names)!r}"
        )
    if certificate and not domain_names:
        Annotations.of(scope).add_warning_v2(
            "dj-cloudfront:certificate-without-domain-names",
            "certificate has no effect without domain_names",
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
        min_ttl=_duration(ttl.min),
        default_ttl=_duration(ttl.default),
        max_ttl=_duration(ttl.max),
        header_behavior=headers,
        query_string_behavior=cloudfront.CacheQueryStringBehavior.none(),
        cookie_behavior=cloudfront.CacheCookieBehavior.none(),
        enable_accept_encoding_gzip=True,
        enable_accept_encoding_brotli=True,
    )


def _response_headers_policy(
    scope: Construct, cors: Cors, content_security_policy: str | None
) -> cloudfront.ResponseHeadersPolicy:
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "ResponseHeadersPolicy",
        response_headers_policy_name=policy_name(scope, "ResponseHeadersPolicy"),
        cors_behavior=_cors_behavior(cors),
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=Duration.days(365),
                include_subdomains=False,
                preload=False,
                override=True,
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(
                override=True
            ),
            content_security_policy=(
                cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy, override=True
                )
                if content_security_policy
                else None
            ),
        ),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(
                    header="Cross-Origin-Resource-Policy",
                    value="cross-origin",
                    override=True,
                )
            ]
        ),
        remove_headers=["Set-Cookie"],
    )


def _cors_behavior(cors: Cors) -> cloudfront.ResponseHeadersCorsBehavior | None:
    if not cors.allowed_origins:
        return None
    return cloudfront.ResponseHeadersCorsBehavior(
        access_control_allow_credentials=False,
        access_control_allow_headers=["*"],
        access_control_allow_methods=list(cors.methods),
        access_control_allow_origins=list(cors.allowed_origins),
        access_control_expose_headers=["*"],
        origin_override=True,
    )


def _duration(value: timedelta) -> Duration:
    return Duration.seconds(int(value.total_seconds()))
