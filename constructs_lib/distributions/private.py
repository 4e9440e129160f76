"""Media for some eyes only, as a tree of its own."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib.distributions.halves import PRIVATE
from constructs_lib.distributions.pulling import define_distribution
from constructs_lib.distributions.viewers import Viewers
from constructs_lib.media import MediaSigning, SigningKeys
from constructs_lib.origins import DjangoOrigin
from constructs_lib.policies import Cors, ErrorTtl, Policies, ResponseHeaders, Ttl
from constructs_lib.watching import LegacyLogs


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
