"""What both halves have in common: one distribution that pulls one tree."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib.buckets import MediaBucket, StaticBucket
from constructs_lib.checks import shown
from constructs_lib.distributions.behavior import default_behavior
from constructs_lib.distributions.domain_names import (
    check_certificate,
    check_domain_names,
    claim_domain_names,
    define_certificate,
    define_records,
)
from constructs_lib.distributions.halves import Half
from constructs_lib.distributions.viewers import Viewers
from constructs_lib.durations import duration
from constructs_lib.media import check_origin_secret
from constructs_lib.origins import DjangoOrigin, Tree
from constructs_lib.policies import Cors, ErrorTtl, Policies, ResponseHeaders, Ttl
from constructs_lib.watching import LegacyLogs

# An uploaded index.html must not become the home page of the media domain, and a name that no
# file has leads to the server's own 404.
NO_ROOT_OBJECT = "dj-cloudfront-has-no-root-object"


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
    bucket: StaticBucket | MediaBucket | None = None,
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
    behavior = default_behavior(
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
    bucket: StaticBucket | MediaBucket | None,
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


def _cors(cors: Cors | None, bucket: StaticBucket | MediaBucket | None) -> Cors:
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
