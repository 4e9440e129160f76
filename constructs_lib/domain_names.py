"""The names of a distribution in DNS: aliases, their certificate, their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aws_cdk import Annotations, Stack
from constructs import Construct, IConstruct

from cdn_model.quotas import (
    CERTIFICATE_NAME_LENGTH,
    CERTIFICATE_NAMES,
    GLOBAL_REGION,
)
from constructs_lib.validation import (
    check_account,
    check_distinct,
    check_host_name,
    is_token,
    truncated_repr,
    zone_name,
)

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_cloudfront as cloudfront
    from aws_cdk import aws_route53 as route53

# By app, the distribution of each alias, and one of those that ask an origin by its name.
_OWNERS: WeakKeyDictionary[IConstruct, dict[str, str]] = WeakKeyDictionary()
_ASKING: WeakKeyDictionary[IConstruct, dict[str, str]] = WeakKeyDictionary()


def check_domain_names(
    domain_names: Sequence[str], hosted_zone: route53.IHostedZone | None
) -> None:
    """Refuse aliases that CloudFront would refuse, before anything is defined.

    :raises ValueError: with a sentence that names the argument.
    """
    if is_token(list(domain_names)):
        raise ValueError(
            "domain_names must be a list that is known when the template is made, such as "
            "['static.example.com'], got a token: give its members one by one"
        )
    for index, name in enumerate(domain_names):
        if not is_token(name):
            _check_alias(f"domain_names[{index}]", name, is_first=index == 0)
            _check_within(f"domain_names[{index}]", name, hosted_zone)
    check_distinct("domain_names", domain_names)


@contextmanager
def claims(scope: Construct) -> Iterator[None]:
    """What is claimed in a scope or below is free again when its construct fails."""
    path = scope.node.path
    try:
        yield
    except Exception:
        for claimed in (_OWNERS, _ASKING):
            found = claimed.get(scope.node.root, {})
            for name, owner in list(found.items()):
                if f"{owner}/".startswith(f"{path}/"):
                    del found[name]
        raise


def claim_origins(scope: Construct, host_names: Iterable[str]) -> None:
    """Ask origins by names in DNS, none of which is an alias of a distribution of the app.

    :raises ValueError: otherwise, because CloudFront would ask itself. Tokens pass.
    """
    asking = _ASKING.setdefault(scope.node.root, {})
    for name in host_names:
        if not is_token(name):
            asking.setdefault(name, scope.node.path)
            _check_not_itself(scope, name)


def claim_domain_names(scope: Construct, domain_names: Sequence[str]) -> None:
    """Take aliases for the distribution in a scope, and none that another one of the app has.

    :raises ValueError: otherwise, or when one is the name of an origin. Tokens pass.
    """
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
        _check_not_itself(scope, name)


def _check_not_itself(scope: Construct, name: str) -> None:
    alias_in = _OWNERS.get(scope.node.root, {}).get(name)
    origin_in = _ASKING.get(scope.node.root, {}).get(name)
    if alias_in is not None and origin_in is not None:
        raise ValueError(
            "domain_names must not have the name of an origin, because CloudFront would "
            f"ask itself, got {truncated_repr(name)} as an alias in {alias_in} and "
            f"as an origin in {origin_in}"
        )


def check_certificate(
    scope: Construct,
    domain_names: Sequence[str],
    *,
    certificate: acm.ICertificate | None,
    hosted_zone: route53.IHostedZone | None,
) -> None:
    """Aliases and certificates go together.

    :raises ValueError: when aliases have none, or one of another account. A certificate
        without aliases is a warning.
    """
    if domain_names and certificate is None and hosted_zone is None:
        raise ValueError(
            "certificate or hosted_zone must be given with domain_names, because CloudFront "
            "serves an alias only with a certificate for it, got "
            f"domain_names={truncated_repr(list(domain_names))}"
        )
    if certificate:
        account = Stack.of(scope).account
        check_account("certificate", certificate.certificate_arn, account)
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

    :raises ValueError: outside us-east-1, where CloudFront would not find it, or when the
        first name is longer than a certificate's may be.
    """
    region = Stack.of(scope).region
    if not is_token(region) and region != GLOBAL_REGION:
        raise ValueError(
            "certificate must be given outside us-east-1, because CloudFront reads "
            f"certificates there only, got a stack in {region!r}"
        )
    first = domain_names[0]
    if not is_token(first) and len(first) > CERTIFICATE_NAME_LENGTH:
        raise ValueError(
            f"domain_names[0] must have at most {CERTIFICATE_NAME_LENGTH} characters, which "
            "is what a certificate's first name has room for, such as 'static.example.com' "
            f"before the others, got {truncated_repr(first)}"
        )
    if len(domain_names) > CERTIFICATE_NAMES:
        Annotations.of(scope).add_warning_v2(
            "dj-cloudfront:names-over-quota",
            f"{len(domain_names)} names in one certificate need a raised quota: ACM refuses "
            f"more than {CERTIFICATE_NAMES} otherwise",
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
    """Alias records of each name: A, AAAA, and HTTPS, by which browsers begin with HTTP/3.

    Queries for them are free of charge.
    """
    from aws_cdk import aws_route53 as route53
    from aws_cdk import aws_route53_targets as targets

    target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution))
    records = Construct(scope, "Records")
    for index, name in enumerate(domain_names):
        # By name, so that a name added or removed leaves the others' records alone.
        of_name = Construct(records, f"Token{index}" if is_token(name) else name)
        route53.ARecord(
            of_name, "Ipv4", zone=hosted_zone, record_name=f"{name}.", target=target
        )
        route53.AaaaRecord(
            of_name, "Ipv6", zone=hosted_zone, record_name=f"{name}.", target=target
        )
        route53.HttpsRecord(
            of_name, "Https", zone=hosted_zone, record_name=f"{name}.", target=target
        )


def _check_alias(what: str, name: str, *, is_first: bool) -> None:
    if isinstance(name, str) and name.endswith(".cloudfront.net"):
        raise ValueError(
            f"{what} must be a name in a domain of yours, such as 'static.example.com', "
            f"got {truncated_repr(name)}, which CloudFront gives out itself"
        )
    if not isinstance(name, str) or not name.startswith("*."):
        return check_host_name(what, name)
    check_host_name(what, name.removeprefix("*."))
    if is_first:
        raise ValueError(
            f"{what} must be a name that can stand in URLs, such as "
            f"'static{name[1:]}' before {name!r}, got {truncated_repr(name)}"
        )
    return None


def _check_within(
    what: str, name: str, hosted_zone: route53.IHostedZone | None
) -> None:
    if hosted_zone is None:
        return
    zone = zone_name("hosted_zone", hosted_zone)
    if is_token(zone) or name == zone or name.endswith(f".{zone}"):
        return
    raise ValueError(
        f"{what} must be within the hosted zone, such as 'static.{zone}', got {truncated_repr(name)}"
    )
