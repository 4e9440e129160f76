"""The pair: what most sites want."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib.access_logs import LegacyLogs
from constructs_lib.behavior import Policies
from constructs_lib.bucket import MediaBucket, StaticBucket, check_apart
from constructs_lib.cors import Cors
from constructs_lib.distribution import (
    MediaDistribution,
    PrivateMediaDistribution,
    StaticDistribution,
)
from constructs_lib.domain_names import check_domain_names, define_certificate
from constructs_lib.origin import DjangoOrigin
from constructs_lib.response_headers import ResponseHeaders
from constructs_lib.signing import SigningKeys
from constructs_lib.ttl import ErrorTtl, Ttl
from constructs_lib.validation import check_distinct, check_list, truncated_repr
from constructs_lib.viewers import Viewers


class DjangoCdn(Construct):
    """Two distributions in front of one Django server, for its static and media files."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        cors: Cors | None = None,
        certificate: acm.ICertificate | None = None,
        hosted_zone: route53.IHostedZone | None = None,
        dns_records: bool = True,
        viewers: Viewers | None = None,
        legacy_logs: LegacyLogs | None = None,
        static_domain_names: Sequence[str] = (),
        static_ttl: Ttl | None = None,
        static_error_ttl: ErrorTtl | None = None,
        static_headers: ResponseHeaders | None = None,
        static_policies: Policies | None = None,
        static_bucket: StaticBucket | None = None,
        media_domain_names: Sequence[str] = (),
        media_ttl: Ttl | None = None,
        media_error_ttl: ErrorTtl | None = None,
        media_headers: ResponseHeaders | None = None,
        media_policies: Policies | None = None,
        media_bucket: MediaBucket | None = None,
        media_signing_keys: SigningKeys | None = None,
        private_domain_names: Sequence[str] = (),
        private_ttl: Ttl | None = None,
        private_error_ttl: ErrorTtl | None = None,
        private_headers: ResponseHeaders | None = None,
        private_policies: Policies | None = None,
        private_signing_keys: SigningKeys | None = None,
    ) -> None:
        """Define the distributions. What begins with a distribution's name is for it alone.

        :param origin: The server that has the files.
        :param cors: Who answers CORS, for both. Default: ``Cors.forward()``.
        :param certificate: For the aliases of both, from us-east-1. Default: one made for all
            of them when a hosted zone is given, else CloudFront's own.
        :param hosted_zone: The zone of the aliases, for their records and certificate.
            Default: none; you make the records.
        :param dns_records: False holds the records back, until the switch. Default: made when
            a hosted zone is given.
        :param viewers: Who may ask and how. Default: everybody, from the cheapest locations.
        :param legacy_logs: A bucket for CloudFront's legacy logs, which hold addresses,
            referrers and query strings. Default: none.
        :param static_domain_names: Default: none, CloudFront's own name.
        :param static_ttl: Default: 0, 1 day, 365 days.
        :param static_error_ttl: Default: 0 s for 403 and 404, 5 s for 500, 502, 503 and 504.
        :param static_headers: Default: HSTS, nosniff, ``Cross-Origin-Resource-Policy``; no
            ``Set-Cookie``.
        :param static_policies: Existing policies in place of own ones. Default: none.
        :param static_bucket: Asked before the server; its ``cors`` acts for static files. Default:
            none.
        :param media_domain_names: Default: none, CloudFront's own name.
        :param media_ttl: Default: 0, 1 day, 7 days.
        :param media_error_ttl: Default: as for static files.
        :param media_headers: Default: as for static files, and a ``Content-Security-Policy``
            under which an upload can do nothing.
        :param media_policies: Existing policies in place of own ones. Default: none.
        :param media_bucket: Asked before the server; its ``cors`` acts for media. Default: none.
        :param media_signing_keys: Make all of media private. Default: none, public.
        :param private_domain_names: Default: none, CloudFront's own name.
        :param private_ttl: Default: 0, 1 day, 7 days.
        :param private_error_ttl: Default: as for static files.
        :param private_headers: Default: as for media, and ``Cache-Control: private, no-cache``.
        :param private_policies: Existing policies in place of own ones. Default: none.
        :param private_signing_keys: Add a third distribution, over the server's ``/private``,
            for signed URLs and cookies; need ``origin.origin_secret``. Default: none.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        check_list(
            "static_domain_names", static_domain_names, like="static.example.com"
        )
        check_list("media_domain_names", media_domain_names, like="media.example.com")
        check_list(
            "private_domain_names", private_domain_names, like="private.example.com"
        )
        if private_domain_names and private_signing_keys is None:
            raise ValueError(
                "private_signing_keys must be given with private_domain_names, because "
                "without keys there is no third distribution, got "
                f"{truncated_repr(list(private_domain_names))}"
            )
        domain_names = (
            *static_domain_names,
            *media_domain_names,
            *private_domain_names,
        )
        check_apart(static_bucket, media_bucket)
        # An alias belongs to one distribution in all of CloudFront.
        check_distinct("domain names of all distributions", domain_names)
        check_domain_names("static_domain_names", static_domain_names, hosted_zone)
        check_domain_names("media_domain_names", media_domain_names, hosted_zone)
        check_domain_names("private_domain_names", private_domain_names, hosted_zone)
        if domain_names and hosted_zone and not certificate:
            certificate = define_certificate(self, domain_names, hosted_zone)
        # A distribution without aliases needs no certificate; with none at all, both say so.
        unused = not domain_names
        self.static = StaticDistribution(
            self,
            "Static",
            origin=origin,
            cors=None if static_bucket else cors,
            domain_names=static_domain_names,
            certificate=certificate if static_domain_names or unused else None,
            hosted_zone=hosted_zone,
            dns_records=dns_records,
            ttl=static_ttl,
            error_ttl=static_error_ttl,
            headers=static_headers,
            viewers=viewers,
            policies=static_policies,
            legacy_logs=legacy_logs,
            bucket=static_bucket,
        )
        self.media = MediaDistribution(
            self,
            "Media",
            origin=origin,
            cors=None if media_bucket else cors,
            domain_names=media_domain_names,
            certificate=certificate if media_domain_names or unused else None,
            hosted_zone=hosted_zone,
            dns_records=dns_records,
            ttl=media_ttl,
            error_ttl=media_error_ttl,
            headers=media_headers,
            viewers=viewers,
            policies=media_policies,
            legacy_logs=legacy_logs,
            bucket=media_bucket,
            signing_keys=media_signing_keys,
        )
        self.private: PrivateMediaDistribution | None = None
        if private_signing_keys is None:
            return
        self.private = PrivateMediaDistribution(
            self,
            "Private",
            origin=origin,
            signing_keys=private_signing_keys,
            cors=cors,
            domain_names=private_domain_names,
            certificate=certificate if private_domain_names else None,
            hosted_zone=hosted_zone,
            dns_records=dns_records,
            ttl=private_ttl,
            error_ttl=private_error_ttl,
            headers=private_headers,
            viewers=viewers,
            policies=private_policies,
            legacy_logs=legacy_logs,
        )
