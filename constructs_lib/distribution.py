"""The distributions: each pulls one tree of files and is usable alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib.access_logs import LegacyLogs
from constructs_lib.behavior import Policies, default_behavior
from constructs_lib.bucket import MediaBucket, StaticBucket, check_kind
from constructs_lib.cors import Cors
from constructs_lib.domain_names import (
    check_certificate,
    check_domain_names,
    claim_domain_names,
    define_certificate,
    define_records,
)
from constructs_lib.options import (
    MEDIA,
    PRIVATE,
    SIGNED_HEADERS,
    STATIC,
    DistributionDefaults,
)
from constructs_lib.origin import DjangoOrigin
from constructs_lib.origin_headers import Tree
from constructs_lib.response_headers import ResponseHeaders
from constructs_lib.signing import MediaSigning, SigningKeys, check_origin_secret
from constructs_lib.ttl import ErrorTtl, Ttl, duration
from constructs_lib.validation import truncated_repr
from constructs_lib.viewers import Viewers

# An uploaded index.html must not become the home page of the media domain, and a name that no
# file has leads to the server's own 404.
NO_ROOT_OBJECT = "dj-cloudfront-has-no-root-object"


def define_distribution(
    scope: Construct,
    defaults: DistributionDefaults,
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
    """Define a distribution over one tree, and what belongs to it, in a scope."""
    if not isinstance(origin, DjangoOrigin):
        raise ValueError(
            "origin must be made by DjangoOrigin, such as "
            f"DjangoOrigin.server('www.example.com'), got {truncated_repr(origin)}"
        )
    check_domain_names("domain_names", domain_names, hosted_zone)
    check_certificate(
        scope, domain_names, certificate=certificate, hosted_zone=hosted_zone
    )
    claim_domain_names(scope, domain_names)
    behavior = default_behavior(
        scope,
        defaults,
        origin=_origin(scope, defaults.tree, origin, bucket, key_group),
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
        comment=f"{defaults.tree.capitalize()} files of {origin.domain_name}",
        behavior=behavior,
        error_ttl=error_ttl or ErrorTtl(),
        viewers=viewers or Viewers(),
        domain_names=domain_names,
        certificate=certificate,
        legacy_logs=legacy_logs,
        role=defaults.tree.capitalize(),
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


class StaticDistribution(Construct):
    """One distribution over the static files of a Django server.

    ``https://<domain_name>/<build>/css/site.css`` is the server's
    ``/static/<build>/css/site.css``. Every build has its own folder, so nothing is ever
    invalidated.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        cors: Cors | None = None,
        domain_names: Sequence[str] = (),
        certificate: acm.ICertificate | None = None,
        hosted_zone: route53.IHostedZone | None = None,
        dns_records: bool = True,
        ttl: Ttl | None = None,
        error_ttl: ErrorTtl | None = None,
        headers: ResponseHeaders | None = None,
        viewers: Viewers | None = None,
        policies: Policies | None = None,
        legacy_logs: LegacyLogs | None = None,
        bucket: StaticBucket | None = None,
    ) -> None:
        """Define the distribution.

        :param origin: The server that has the files.
        :param cors: Who answers CORS. Default: ``Cors.forward()``.
        :param domain_names: Aliases, the first of which goes into URLs. Default: none, so that
            URLs have CloudFront's own name.
        :param certificate: For the aliases, from us-east-1. Default: one made for them when
            a hosted zone is given, else CloudFront's own.
        :param hosted_zone: The zone of the aliases, for their records and certificate.
            Default: none; you make the records.
        :param dns_records: False holds the records back, until the switch. Default: made when
            a hosted zone is given.
        :param ttl: Default: 0, 1 day, 365 days. The long life of a build's files comes from
            the server's ``Cache-Control``.
        :param error_ttl: Default: 0 s for 403 and 404, 5 s for 500, 502, 503 and 504.
        :param headers: What the edge adds and takes away. Default: HSTS, nosniff,
            ``Cross-Origin-Resource-Policy``; no ``Set-Cookie``.
        :param viewers: Who may ask and how. Default: everybody, from the cheapest locations.
        :param policies: Existing policies in place of own ones. Default: none.
        :param legacy_logs: A bucket for CloudFront's legacy logs, which hold addresses,
            referrers and query strings. Default: none.
        :param bucket: Asked before the server; its ``cors`` acts. Default: none, the server
            alone.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        check_kind(bucket, StaticBucket)
        self.distribution = define_distribution(
            self,
            STATIC,
            origin=origin,
            cors=cors,
            domain_names=domain_names,
            certificate=certificate,
            hosted_zone=hosted_zone,
            dns_records=dns_records,
            ttl=ttl,
            error_ttl=error_ttl,
            headers=headers,
            viewers=viewers,
            policies=policies,
            legacy_logs=legacy_logs,
            bucket=bucket,
        )
        self.distribution_id = self.distribution.distribution_id
        self.dns_target = self.distribution.distribution_domain_name
        self.domain_name = domain_names[0] if domain_names else self.dns_target


class MediaDistribution(Construct):
    """One distribution over the uploaded files of a Django server.

    ``https://<domain_name>/uploads/a1b2.png`` is the server's ``/media/uploads/a1b2.png``.
    Names must be unique, since a file that changes under its name stays old at the edge.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        cors: Cors | None = None,
        domain_names: Sequence[str] = (),
        certificate: acm.ICertificate | None = None,
        hosted_zone: route53.IHostedZone | None = None,
        dns_records: bool = True,
        ttl: Ttl | None = None,
        error_ttl: ErrorTtl | None = None,
        headers: ResponseHeaders | None = None,
        viewers: Viewers | None = None,
        policies: Policies | None = None,
        legacy_logs: LegacyLogs | None = None,
        bucket: MediaBucket | None = None,
        signing_keys: SigningKeys | None = None,
    ) -> None:
        """Define the distribution.

        :param origin: The server that has the files.
        :param cors: Who answers CORS. Default: ``Cors.forward()``.
        :param domain_names: Aliases, the first of which goes into URLs. Default: none, so that
            URLs have CloudFront's own name.
        :param certificate: For the aliases, from us-east-1. Default: one made for them when
            a hosted zone is given, else CloudFront's own.
        :param hosted_zone: The zone of the aliases, for their records and certificate.
            Default: none; you make the records.
        :param dns_records: False holds the records back, until the switch. Default: made when
            a hosted zone is given.
        :param ttl: Default: 0, 1 day, 7 days.
        :param error_ttl: Default: 0 s for 403 and 404, 5 s for 500, 502, 503 and 504.
        :param headers: What the edge adds and takes away. Default: as for static files, and a
            ``Content-Security-Policy`` under which an upload can do nothing; with signing keys
            ``Cache-Control: private, no-cache`` too.
        :param viewers: Who may ask and how. Default: everybody, from the cheapest locations.
        :param policies: Existing policies in place of own ones. Default: none.
        :param legacy_logs: A bucket for CloudFront's legacy logs, which hold addresses,
            referrers and query strings. Default: none.
        :param bucket: Asked before the server; its ``cors`` acts. Default: none, the server
            alone.
        :param signing_keys: Make all of media private, for signed URLs and cookies; need
            ``origin.origin_secret``. Default: none, public.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        check_kind(bucket, MediaBucket)
        self.signing = (
            MediaSigning(self, "Signing", keys=signing_keys) if signing_keys else None
        )
        self.distribution = define_distribution(
            self,
            replace(MEDIA, headers=SIGNED_HEADERS) if signing_keys else MEDIA,
            origin=origin,
            cors=cors,
            domain_names=domain_names,
            certificate=certificate,
            hosted_zone=hosted_zone,
            dns_records=dns_records,
            ttl=ttl,
            error_ttl=error_ttl,
            headers=headers,
            viewers=viewers,
            policies=policies,
            legacy_logs=legacy_logs,
            bucket=bucket,
            key_group=self.signing.key_group if self.signing else None,
        )
        self.distribution_id = self.distribution.distribution_id
        self.dns_target = self.distribution.distribution_domain_name
        self.domain_name = domain_names[0] if domain_names else self.dns_target


class PrivateMediaDistribution(Construct):
    """One distribution over the files that need a signed URL or signed cookies.

    ``https://<domain_name>/contracts/a1b2.pdf`` is the server's ``/private/contracts/a1b2.pdf``,
    which the server gives to holders of the origin secret only. A distribution and not a
    behavior: the path pattern of a behavior is no access control (docs/private-media.md).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        signing_keys: SigningKeys,
        cors: Cors | None = None,
        domain_names: Sequence[str] = (),
        certificate: acm.ICertificate | None = None,
        hosted_zone: route53.IHostedZone | None = None,
        dns_records: bool = True,
        ttl: Ttl | None = None,
        error_ttl: ErrorTtl | None = None,
        headers: ResponseHeaders | None = None,
        viewers: Viewers | None = None,
        policies: Policies | None = None,
        legacy_logs: LegacyLogs | None = None,
    ) -> None:
        """Define the distribution.

        :param origin: The server that has the files, with an ``origin_secret``.
        :param signing_keys: The public keys, and which of them signs.
        :param cors: Who answers CORS. Default: ``Cors.forward()``.
        :param domain_names: Aliases, the first of which goes into URLs. Default: none.
        :param certificate: For the aliases, from us-east-1. Default: one made for them when
            a hosted zone is given, else CloudFront's own.
        :param hosted_zone: The zone of the aliases, for their records and certificate.
            Default: none; you make the records.
        :param dns_records: False holds the records back, until the switch. Default: made when
            a hosted zone is given.
        :param ttl: Default: 0, 1 day, 7 days.
        :param error_ttl: Default: 0 s for 403 and 404, 5 s for 500, 502, 503 and 504.
        :param headers: What the edge adds and takes away. Default: as for media, and
            ``Cache-Control: private, no-cache``, which headers of yours have to repeat.
        :param viewers: Who may ask and how. Default: everybody, from the cheapest locations.
        :param policies: Existing policies in place of own ones. Default: none.
        :param legacy_logs: A bucket for CloudFront's legacy logs, which hold addresses,
            referrers and query strings. Default: none.
        :raises ValueError: without an origin secret, or when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        self.signing = MediaSigning(self, "Signing", keys=signing_keys)
        self.distribution = define_distribution(
            self,
            PRIVATE,
            origin=origin,
            cors=cors,
            domain_names=domain_names,
            certificate=certificate,
            hosted_zone=hosted_zone,
            dns_records=dns_records,
            ttl=ttl,
            error_ttl=error_ttl,
            headers=headers,
            viewers=viewers,
            policies=policies,
            legacy_logs=legacy_logs,
            key_group=self.signing.key_group,
        )
        self.distribution_id = self.distribution.distribution_id
        self.dns_target = self.distribution.distribution_domain_name
        self.domain_name = domain_names[0] if domain_names else self.dns_target
