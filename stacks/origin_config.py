"""From ``origin`` and ``origin_secret`` of an environment to the construct's value."""

from __future__ import annotations

from constructs_lib import DjangoOrigin
from constructs_lib.origin_options import IpAddressType, OriginOptions, OriginSecret
from constructs_lib.validation import check_host_name
from stacks.config_reader import Section

KEYS = (
    "connection_attempts",
    "connection_timeout_seconds",
    "custom_headers",
    "domain_name",
    "failover_domain_name",
    "https_port",
    "ip_address_type",
    "keepalive_timeout_seconds",
    "load_balancer",
    "origin_shield_region",
    "owner_account_id",
    "read_timeout_seconds",
    "response_completion_timeout_seconds",
    "vpc_endpoint_arn",
    "vpc_origin_id",
)


def read_origin(environment: Section) -> DjangoOrigin:
    """A host name, or an object that says more.

    :raises ValueError: with one sentence that names the JSON path.
    """
    value = environment.get("origin")
    if value is None:
        raise ValueError(
            f"{environment.at('origin')} must be given: the host name of the Django server, "
            "such as 'www.example.com'"
        )
    secret = _secret(environment)
    if not isinstance(value, dict):
        check_host_name(environment.at("origin"), value)
        return DjangoOrigin.server(str(value), origin_secret=secret)
    section = environment.section("origin", keys=KEYS)
    check_host_name(section.at("domain_name"), section.get("domain_name"))
    with section.named(balancer="load_balancer", endpoint="vpc_endpoint_arn"):
        return _origin(section, _options(section, secret))


def _origin(section: Section, options: OriginOptions) -> DjangoOrigin:
    name = str(section.get("domain_name"))
    balancer = section.text(
        "load_balancer", like="mysite-1234567890.eu-west-1.elb.amazonaws.com"
    )
    endpoint = section.text(
        "vpc_endpoint_arn",
        like="arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/1",
    )
    if balancer and endpoint:
        raise ValueError(
            f"{section.at('load_balancer')} and {section.at('vpc_endpoint_arn')} must not "
            "both be given: a balancer in a VPC is the endpoint"
        )
    address = IpAddressType(
        section.choice("ip_address_type", tuple(kind.value for kind in IpAddressType))
    )
    existing = section.text("vpc_origin_id", like="vo_0123456789abcdef")
    section.at_most_one("vpc_origin_id", "vpc_endpoint_arn")
    section.at_most_one("vpc_origin_id", "load_balancer")
    owner = section.text("owner_account_id", like="111122223333")
    if endpoint or existing or owner:
        return DjangoOrigin(
            domain_name=name,
            vpc_endpoint_arn=endpoint,
            vpc_origin_id=existing,
            owner_account_id=owner,
            ip_address_type=address,
            **options,
        )
    if balancer:
        return DjangoOrigin.load_balancer(
            balancer, domain_name=name, ip_address_type=address, **options
        )
    return DjangoOrigin.server(name, ip_address_type=address, **options)


def _options(section: Section, secret: OriginSecret | None) -> OriginOptions:
    default = DjangoOrigin(domain_name="www.example.com")
    completion = section.get("response_completion_timeout_seconds")
    return OriginOptions(
        connection_attempts=section.number(
            "connection_attempts", default=default.connection_attempts
        ),
        connection_timeout=section.seconds(
            "connection_timeout_seconds", default=default.connection_timeout
        ),
        read_timeout=section.seconds(
            "read_timeout_seconds", default=default.read_timeout
        ),
        keepalive_timeout=section.seconds(
            "keepalive_timeout_seconds", default=default.keepalive_timeout
        ),
        response_completion_timeout=(
            None
            if completion is None
            else section.seconds(
                "response_completion_timeout_seconds", default=default.read_timeout
            )
        ),
        https_port=section.number("https_port", default=default.https_port),
        custom_headers=section.mapping("custom_headers", like='{"X-Site": "mysite"}'),
        origin_shield_region=section.text("origin_shield_region", like="eu-west-1"),
        failover_domain_name=section.text(
            "failover_domain_name", like="www2.example.com"
        ),
        origin_secret=secret,
    )


def _secret(environment: Section) -> OriginSecret | None:
    if environment.get("origin_secret") is None:
        return None
    section = environment.section("origin_secret", keys=("arn", "version"))
    values = {}
    for key, like in (
        ("arn", "arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite-a1B2c3"),
        ("version", "3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11"),
    ):
        value = section.text(key, like=like)
        if value is None:
            raise ValueError(f"{section.at(key)} must be given, such as {like!r}")
        values[key] = value
    with environment.named():
        return OriginSecret(**values)
