"""The name in DNS under which CloudFront finds a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from constructs import Construct

from constructs_lib.origin import DjangoOrigin, check_origin
from constructs_lib.validation import check_types, is_token, zone_name

if TYPE_CHECKING:
    from aws_cdk import aws_route53 as route53


class OriginRecord(Construct):
    """The record that leads from an origin's name to its load balancer."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        zone: route53.IHostedZone,
    ) -> None:
        """Define a CNAME with a life of five minutes.

        :param origin: Made by :meth:`DjangoOrigin.load_balancer`.
        :param zone: The public zone of the origin's name, above it.
        :raises ValueError: when the origin has no balancer or its name is not in the zone.
        """
        super().__init__(scope, construct_id)
        check_origin(origin)
        check_types(OriginRecord.__init__, {"zone": zone})
        if origin.balancer_dns_name is None:
            raise ValueError(
                "origin must be a load balancer, such as "
                "DjangoOrigin.load_balancer(alb, domain_name='origin.example.com'), "
                f"got one without a balancer, {origin.domain_name!r}"
            )
        _check_zone(origin.domain_name, zone_name("zone", zone))
        from aws_cdk import aws_route53 as route53

        self.record = route53.CnameRecord(
            self,
            "Default",
            zone=zone,
            record_name=f"{origin.domain_name}.",  # absolute: no zone is added
            domain_name=origin.balancer_dns_name,
            ttl=Duration.minutes(5),
        )


def _check_zone(domain_name: str, zone: str) -> None:
    if is_token(domain_name) or is_token(zone):
        return
    if not domain_name.endswith(f".{zone}"):
        raise ValueError(
            f"zone must be above the origin's name, such as example.com over "
            f"origin.example.com, got {zone!r} and {domain_name!r}"
        )
