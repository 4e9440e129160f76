"""Where CloudFront pulls the files from, as a value, and the record of its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Unpack, cast

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from cdn_model.quotas import FAILOVER_STATUS_CODES
from constructs_lib.domain_names import claim_origins
from constructs_lib.origin_options import (
    IpAddressType,
    OriginOptions,
    OriginSecret,
    check_origin_options,
    warn_of_origin_options,
)
from constructs_lib.ttl import duration
from constructs_lib.validation import (
    check_host_name,
    check_types,
    is_token,
    truncated_repr,
    zone_name,
)
from constructs_lib.vpc_origin import check_vpc, shared_vpc_origin
from dj_cloudfront.contract import ORIGIN_SECRET_HEADER, TREE_HEADER, Tree

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_route53 as route53

_BALANCER = re.compile(r"(.+\.)?elb(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
_S3_REGION = r"[a-z]{2,4}(-[a-z]+)+-[0-9]"
# Names that belong to no Django server, and what they are.
_NO_SERVERS = {
    re.compile(r"(.+\.)?cloudfront\.net"): "a distribution, which is no server",
    re.compile(rf"(.+\.)?s3-website[.-]{_S3_REGION}\.amazonaws\.com"): (
        "a website of S3, which speaks no HTTPS"
    ),
    re.compile(
        rf"(.+\.)?s3([.-](dualstack|accelerate|{_S3_REGION}))*\.amazonaws\.com"
    ): "a bucket, which is given as bucket",
}


@dataclass(frozen=True, kw_only=True)
class DjangoOrigin:
    """The Django server that keeps the files.

    Made by :meth:`server`, :meth:`load_balancer` or :meth:`vpc`. CloudFront asks it by HTTPS
    only, with TLS 1.2, and sends ``domain_name`` as ``Host``, so the name must be on the
    server's certificate, and in ``ALLOWED_HOSTS`` if Django answers for it. One value serves
    all distributions: :meth:`render` makes the origin of each. The other fields are described
    at :class:`OriginOptions`.

    :param domain_name: Such as ``www.example.com``; a token passes.
    :param balancer_dns_name: Of a load balancer on the internet. Default: none.
    :param vpc_endpoint_arn: Of a balancer or an instance in a VPC, for which a VPC origin is
        made. Default: none.
    :param vpc_origin_id: Of a VPC origin that exists. Default: none.
    :param owner_account_id: The account that shares it. Default: your own.
    :param ip_address_type: By which CloudFront asks. Default: IPv4.
    :raises ValueError: when CloudFront would refuse a value.
    """

    domain_name: str
    balancer_dns_name: str | None = None
    vpc_endpoint_arn: str | None = None
    vpc_origin_id: str | None = None
    owner_account_id: str | None = None
    ip_address_type: IpAddressType = IpAddressType.IPV4
    connection_attempts: int = 2
    connection_timeout: timedelta = timedelta(seconds=5)
    read_timeout: timedelta = timedelta(seconds=20)
    keepalive_timeout: timedelta = timedelta(seconds=5)
    response_completion_timeout: timedelta | None = None
    https_port: int = 443
    custom_headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    origin_shield_region: str | None = None
    failover_domain_name: str | None = None
    origin_secret: OriginSecret | None = None

    def __post_init__(self) -> None:
        check_types(type(self), vars(self))
        _check_server_name("domain_name", self.domain_name)
        self._check_balancer()
        self._check_failover()
        check_vpc(
            endpoint_arn=self.vpc_endpoint_arn,
            vpc_origin_id=self.vpc_origin_id,
            owner_account_id=self.owner_account_id,
            https_port=self.https_port,
            ip_address_type=self.ip_address_type,
        )
        check_origin_options(self._options)

    @property
    def _options(self) -> OriginOptions:
        names = OriginOptions.__annotations__
        return cast(OriginOptions, {name: getattr(self, name) for name in names})

    def _check_balancer(self) -> None:
        name = self.domain_name
        if name == self.balancer_dns_name or _BALANCER.fullmatch(name):
            raise ValueError(
                "domain_name must be on the listener's certificate and resolve to the balancer, "
                f"such as 'origin.example.com', got {truncated_repr(name)}: no certificate can "
                "have a balancer's own name, so HTTPS would fail with 502"
            )

    def _check_failover(self) -> None:
        name = self.failover_domain_name
        if name is None:
            return
        _check_server_name("failover_domain_name", name)
        if name == self.domain_name:
            raise ValueError(
                "failover_domain_name must be another server than domain_name, such as "
                f"'www2.example.com', got {truncated_repr(name)} for both"
            )

    @classmethod
    def server(
        cls,
        domain_name: str,
        *,
        ip_address_type: IpAddressType = IpAddressType.IPV4,
        **options: Unpack[OriginOptions],
    ) -> DjangoOrigin:
        """A web server with a name in DNS and a valid certificate for that name.

        :param domain_name: Such as ``www.example.com``; a token passes.
        :param ip_address_type: Default: IPv4.
        :param options: See :class:`OriginOptions`.
        :raises ValueError: when CloudFront would refuse a value.
        """
        return cls(domain_name=domain_name, ip_address_type=ip_address_type, **options)

    @classmethod
    def load_balancer(
        cls,
        balancer: elbv2.ILoadBalancerV2 | str,
        *,
        domain_name: str,
        ip_address_type: IpAddressType = IpAddressType.IPV4,
        **options: Unpack[OriginOptions],
    ) -> DjangoOrigin:
        """Several servers behind a load balancer that is on the internet.

        The balancer's own name cannot be on a certificate, so CloudFront asks by a name that
        is, which :class:`OriginRecord` leads to the balancer, or a record that you make.

        :param balancer: The balancer, or its DNS name.
        :param domain_name: On the certificate of the HTTPS listener; resolves to the balancer.
        :param ip_address_type: Other than IPv4 needs a dual-stack balancer. Default: IPv4.
        :param options: See :class:`OriginOptions`.
        :raises ValueError: when CloudFront would refuse a value.
        """
        check_types(cls.load_balancer, {"balancer": balancer})
        if isinstance(balancer, str):
            if not is_token(balancer):
                check_host_name("balancer", balancer)
            dns_name = balancer
        else:
            dns_name = balancer.load_balancer_dns_name
        return cls(
            domain_name=domain_name,
            balancer_dns_name=dns_name,
            ip_address_type=ip_address_type,
            **options,
        )

    @classmethod
    def vpc(
        cls,
        endpoint: cloudfront.VpcOriginEndpoint | cloudfront.IVpcOrigin | str,
        *,
        domain_name: str,
        ip_address_type: IpAddressType = IpAddressType.IPV4,
        owner_account_id: str | None = None,
        **options: Unpack[OriginOptions],
    ) -> DjangoOrigin:
        """Servers without a public address, in a private subnet.

        A stack has one VPC origin for an endpoint, which has no charge of its own. The security
        group of the endpoint must let CloudFront in, and the VPC needs an internet gateway:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html

        :param endpoint: Such as ``VpcOriginEndpoint.application_load_balancer(alb)``, or the
            ARN of a balancer or an instance, or a VPC origin that exists.
        :param domain_name: On the endpoint's certificate. Nobody looks it up.
        :param ip_address_type: Dual-stack needs such an endpoint. Default: IPv4.
        :param owner_account_id: The account that shares an existing VPC origin with yours:
            https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/sharing-resources.html
            Default: your own.
        :param options: See :class:`OriginOptions`.
        :raises ValueError: when CloudFront would refuse a value.
        """
        check_types(cls.vpc, {"endpoint": endpoint})
        arn = existing = None
        if isinstance(endpoint, str):
            arn = endpoint
        elif isinstance(endpoint, cloudfront.VpcOriginEndpoint):
            arn = endpoint.endpoint_arn
        else:
            existing = endpoint.vpc_origin_id
        return cls(
            domain_name=domain_name,
            vpc_endpoint_arn=arn,
            vpc_origin_id=existing,
            owner_account_id=owner_account_id,
            ip_address_type=ip_address_type,
            **options,
        )

    @property
    def _is_private(self) -> bool:
        return bool(self.vpc_endpoint_arn or self.vpc_origin_id)

    def complete(self, distribution: cloudfront.CfnDistribution, index: int) -> None:
        """Add what the CDK's origins cannot say.

        :param index: Of this origin among those of the distribution.
        """
        if self.owner_account_id is not None:
            # https://github.com/aws/aws-cdk/issues/36935
            distribution.add_property_override(
                f"DistributionConfig.Origins.{index}.VpcOriginConfig.OwnerAccountId",
                self.owner_account_id,
            )

    def render(self, scope: Construct, tree: Tree) -> cloudfront.IOrigin:
        """The CDK's origin for one distribution, which is the scope.

        The origin path narrows and does not confine, because CloudFront sends the raw path on:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
        So the tree goes along in a header, which overwrites one that a viewer sends, and the
        server compares.
        """
        warn_of_origin_options(scope, self._options)
        # Nobody looks up a name inside a VPC.
        first = None if self._is_private else self.domain_name
        claim_origins(scope, filter(None, (first, self.failover_domain_name)))
        primary = self._primary(scope, tree)
        if self.failover_domain_name is None:
            return primary
        return origins.OriginGroup(
            primary_origin=primary,
            fallback_origin=self._on_the_internet(
                self.failover_domain_name, self._shared(scope, tree, "Failover")
            ),
            fallback_status_codes=list(FAILOVER_STATUS_CODES),
        )

    def _primary(self, scope: Construct, tree: Tree) -> cloudfront.IOrigin:
        shared = self._shared(scope, tree)
        if self.vpc_endpoint_arn is not None:
            vpc_origin = shared_vpc_origin(
                scope,
                endpoint_arn=self.vpc_endpoint_arn,
                https_port=self.https_port,
                ip_address_type=self.ip_address_type,
            )
        elif self.vpc_origin_id is not None:
            vpc_origin = cloudfront.VpcOrigin.from_vpc_origin_id(
                scope, "VpcOrigin", self.vpc_origin_id
            )
        else:
            return self._on_the_internet(self.domain_name, shared)
        return origins.VpcOrigin.with_vpc_origin(
            vpc_origin, domain_name=self.domain_name, **shared
        )

    def _on_the_internet(self, name: str, shared: dict[str, Any]) -> cloudfront.IOrigin:
        return origins.HttpOrigin(
            name,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            https_port=None if self.https_port == 443 else self.https_port,
            # Inside a VPC the type is that of the VPC origin, and not of the second server.
            ip_address_type=None if self._is_private else self.ip_address_type.render(),
            **shared,
        )

    def _shared(self, scope: Construct, tree: Tree, role: str = "") -> dict[str, Any]:
        headers = {TREE_HEADER: tree.value}
        if self.origin_secret is not None:
            headers[ORIGIN_SECRET_HEADER] = self.origin_secret.render(scope)
        total = self.response_completion_timeout
        return {
            "origin_id": f"{tree}{role}",
            "origin_path": tree.origin_path,
            "custom_headers": {**headers, **self.custom_headers},
            "connection_attempts": self.connection_attempts,
            "connection_timeout": duration(self.connection_timeout),
            "read_timeout": duration(self.read_timeout),
            "keepalive_timeout": duration(self.keepalive_timeout),
            "response_completion_timeout": None if total is None else duration(total),
            "origin_shield_region": self.origin_shield_region,
        }


def check_origin(origin: object) -> None:
    """An origin, and not the name of one.

    :raises ValueError: otherwise.
    """
    if isinstance(origin, DjangoOrigin):
        return
    raise ValueError(
        "origin must be made by DjangoOrigin, such as "
        f"DjangoOrigin.server('www.example.com'), got {truncated_repr(origin)}"
    )


def _check_server_name(what: str, name: str) -> None:
    if is_token(name):
        return
    check_host_name(what, name)
    for pattern, thing in _NO_SERVERS.items():
        if pattern.fullmatch(name):
            raise ValueError(
                f"{what} must be the name of a Django server, such as 'www.example.com', "
                f"got {truncated_repr(name)}: the name of {thing}"
            )


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
        name, above = origin.domain_name, zone_name("zone", zone)
        if not (is_token(name) or is_token(above) or name.endswith(f".{above}")):
            raise ValueError(
                f"zone must be above the origin's name, such as example.com over "
                f"origin.example.com, got {above!r} and {name!r}"
            )
        from aws_cdk import aws_route53 as route53

        self.record = route53.CnameRecord(
            self,
            "Default",
            zone=zone,
            record_name=f"{origin.domain_name}.",  # absolute: no zone is added
            domain_name=origin.balancer_dns_name,
            ttl=Duration.minutes(5),
        )
