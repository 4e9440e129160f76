"""The names of a distribution in DNS: aliases, their certificate, their records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aws_cdk import Annotations, Stack
from constructs import Construct, IConstruct

from cdn_model.quotas import GLOBAL_REGION
from constructs_lib.validation import (
    check_distinct,
    check_host_name,
    check_list,
    is_token,
    truncated_repr,
)

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_cloudfront as cloudfront
    from aws_cdk import aws_route53 as route53

# The distribution of each alias, by app.
_OWNERS: WeakKeyDictionary[IConstruct, dict[str, str]] = WeakKeyDictionary()


def check_domain_names(
    what: str, domain_names: Sequence[str], hosted_zone: route53.IHostedZone | None
) -> None:
    """Refuse aliases that CloudFront would refuse, before anything is defined.

    :raises ValueError: with a sentence that names the argument.
    """
    check_list(what, domain_names, like="static.example.com")
    if is_token(list(domain_names)):
        raise ValueError(
            f"{what} must be a list that is known when the template is made, such as "
            "['static.example.com'], got a token: give its members one by one"
        )
    for index, name in enumerate(domain_names):
        if not is_token(name):
            check_host_name(f"{what}[{index}]", name)
            _check_within(f"{what}[{index}]", name, hosted_zone)
    check_distinct(what, domain_names)


def claim_domain_names(scope: Construct, domain_names: Sequence[str]) -> None:
    """Take aliases for the distribution in a scope, and none that another one of the app has.

    :raises ValueError: otherwise. Tokens pass.
    """
    if not domain_names:
        return
    owners = _OWNERS.setdefault(scope.node.root, {})
    for name in domain_names:
        if is_token(name):
            continue
        owner = owners.setdefault(name, scope.node.path)
        if owner != scope.node.path:
            raise ValueError(
                "domain_names must belong to one distribution, because CloudFront refuses "
                f"a name that another one has, got {truncated_repr(name)} in {scope.node.path} and "
                f"in {owner}"
            )


def check_certificate(
    scope: Construct,
    domain_names: Sequence[str],
    *,
    certificate: acm.ICertificate | None,
    hosted_zone: route53.IHostedZone | None,
) -> None:
    """Aliases and certificates go together.

    :raises ValueError: when aliases have none; the other way round is a warning.
    """
    if domain_names and certificate is None and hosted_zone is None:
        raise ValueError(
            "certificate or hosted_zone must be given with domain_names, because CloudFront "
            "serves an alias only with a certificate for it, got "
            f"domain_names={truncated_repr(list(domain_names))}"
        )
    if certificate and not domain_names:
        Annotations.of(scope).add_warning_v2(
            "dj-cloudfront:certificate-without-domain-names",
            "certificate serves no name without domain_names; an alias can be moved here",
        )


def define_certificate(
    scope: Construct, domain_names: Sequence[str], hosted_zone: route53.IHostedZone
) -> acm.Certificate:
    """A certificate for aliases, validated by records in their zone. Free of charge.

    The deploy waits until the records are seen, so the zone must be the one that the domain's
    registrar points at. Keep the records: renewals look at them.

    :raises ValueError: outside us-east-1, where CloudFront would not find it.
    """
    region = Stack.of(scope).region
    if not is_token(region) and region != GLOBAL_REGION:
        raise ValueError(
            "certificate must be given outside us-east-1, because CloudFront reads "
            f"certificates there only, got a stack in {region!r}"
        )
    from aws_cdk import aws_certificatemanager as acm

    return acm.Certificate(
        scope,
        "Certificate",
        domain_name=domain_names[0],
        subject_alternative_names=list(domain_names[1:]) or None,
        validation=acm.CertificateValidation.from_dns(hosted_zone),
    )


def define_records(
    scope: Construct,
    domain_names: Sequence[str],
    hosted_zone: route53.IHostedZone,
    distribution: cloudfront.IDistribution,
) -> None:
    """A and AAAA alias records of each name. Queries for them are free of charge."""
    from aws_cdk import aws_route53 as route53
    from aws_cdk import aws_route53_targets as targets

    target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution))
    records = Construct(scope, "Records")
    for name in domain_names:
        # By name, so that a name added or removed leaves the others' records alone.
        of_name = Construct(records, name)
        route53.ARecord(
            of_name, "Ipv4", zone=hosted_zone, record_name=f"{name}.", target=target
        )
        route53.AaaaRecord(
            of_name, "Ipv6", zone=hosted_zone, record_name=f"{name}.", target=target
        )


def _check_within(
    what: str, name: str, hosted_zone: route53.IHostedZone | None
) -> None:
    if hosted_zone is None or is_token(hosted_zone.zone_name):
        return
    zone = hosted_zone.zone_name.rstrip(".")
    if name == zone or name.endswith(f".{zone}"):
        return
    raise ValueError(
        f"{what} must be within the hosted zone, such as 'static.{zone}', got {truncated_repr(name)}"
    )
