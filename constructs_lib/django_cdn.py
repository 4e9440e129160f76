"""The pair: what most sites want."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_certificatemanager as acm
from constructs import Construct

from constructs_lib.checks import check_distinct
from constructs_lib.cors import Cors
from constructs_lib.distributions import (
    MEDIA_TTL,
    STATIC_TTL,
    MediaDistribution,
    StaticDistribution,
)
from constructs_lib.origins import DjangoOrigin
from constructs_lib.ttl import ErrorTtl, Ttl


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
        static_domain_names: Sequence[str] = (),
        media_domain_names: Sequence[str] = (),
        static_ttl: Ttl = STATIC_TTL,
        media_ttl: Ttl = MEDIA_TTL,
        static_error_ttl: ErrorTtl | None = None,
        media_error_ttl: ErrorTtl | None = None,
    ) -> None:
        """Define both distributions.

        :param origin: The server that has the files.
        :param cors: Who answers CORS, for both. Default: ``Cors.forward()``.
        :param certificate: For the aliases of both, from us-east-1. Default: CloudFront's own.
        :param static_domain_names: Default: none, CloudFront's own name.
        :param media_domain_names: Default: none, CloudFront's own name.
        :param static_ttl: Default: 0, 1 day, 365 days.
        :param media_ttl: Default: 0, 1 day, 7 days.
        :param static_error_ttl: Default: 0 s for 403 and 404, 5 s for 500, 502, 503 and 504.
        :param media_error_ttl: Default: the same.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        # An alias belongs to one distribution in all of CloudFront.
        check_distinct(
            "static_domain_names and media_domain_names",
            (*static_domain_names, *media_domain_names),
        )
        # A half without aliases needs no certificate; with none at all, both say so.
        unused = not (static_domain_names or media_domain_names)
        self.static = StaticDistribution(
            self,
            "Static",
            origin=origin,
            cors=cors,
            domain_names=static_domain_names,
            certificate=certificate if static_domain_names or unused else None,
            ttl=static_ttl,
            error_ttl=static_error_ttl,
        )
        self.media = MediaDistribution(
            self,
            "Media",
            origin=origin,
            cors=cors,
            domain_names=media_domain_names,
            certificate=certificate if media_domain_names or unused else None,
            ttl=media_ttl,
            error_ttl=media_error_ttl,
        )
