"""The two halves, each usable alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib.buckets import MediaBucket, StaticBucket, check_kind
from constructs_lib.distributions.halves import MEDIA, SIGNED_HEADERS, STATIC
from constructs_lib.distributions.pulling import define_distribution
from constructs_lib.distributions.viewers import Viewers
from constructs_lib.media import MediaSigning, SigningKeys
from constructs_lib.origins import DjangoOrigin
from constructs_lib.policies import Cors, ErrorTtl, Policies, ResponseHeaders, Ttl
from constructs_lib.watching import LegacyLogs


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
