"""What a stack expects of its account, of DNS and of its server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cdn_review.delivery import Delivery, deliveries
from cdn_review.delivery.model import Origin
from cdn_review.delivery.plain import mapping, properties, resources, sequence, text
from cdn_review.packs import Stack
from cdn_review.preflight.references import (
    Bucket,
    Secret,
    buckets_of,
    endpoints_of,
    secrets_of,
    strings,
)
from cdn_review.summary.roles import Roles

_BOOTSTRAP = "BootstrapVersion"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record in a hosted zone of Route 53 that the stack makes.

    :param identity: Its logical id.
    """

    zone: str
    name: str
    kind: str
    identity: str


@dataclass(frozen=True)
class Target:
    """A stack before it is deployed. Values that only AWS knows are left out."""

    stack: Stack

    @property
    def name(self) -> str:
        return self.stack.name

    @property
    def region(self) -> str:
        return self.stack.region

    @cached_property
    def distributions(self) -> Mapping[str, Delivery]:
        """By role."""
        roles = Roles.of(self.stack.template).by_id
        return {
            roles[one]: found for one, found in deliveries(self.stack.template).items()
        }

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """Logical ids of distributions by role."""
        roles = Roles.of(self.stack.template).by_id
        return {roles[one]: one for one in deliveries(self.stack.template)}

    @property
    def aliases(self) -> list[str]:
        return sorted({a for one in self.distributions.values() for a in one.aliases})

    @property
    def certificates(self) -> Mapping[str, list[str]]:
        """The aliases that each existing certificate has to cover."""
        found: dict[str, set[str]] = {}
        for one in self.distributions.values():
            if one.certificate.startswith("arn:"):
                found.setdefault(one.certificate, set()).update(one.aliases)
        return {arn: sorted(names) for arn, names in found.items()}

    @property
    def web_acls(self) -> list[str]:
        found = {one.web_acl for one in self.distributions.values()}
        return sorted(one for one in found if one.startswith("arn:"))

    @property
    def servers(self) -> list[tuple[str, Origin, Delivery]]:
        """The servers that are asked over the internet: role, origin, distribution."""
        return [
            (role, origin, found)
            for role, found in self.distributions.items()
            for origin in found.default.origins
            if origin.kind == "server" and "{" not in origin.domain_name
        ]

    @cached_property
    def records(self) -> list[Record]:
        found = resources(self.stack.template, "AWS::Route53::RecordSet")
        return [
            Record(
                zone=text(given.get("HostedZoneId")),
                name=text(given.get("Name")).rstrip(".").lower(),
                kind=text(given.get("Type")),
                identity=identity,
            )
            for identity, one in found.items()
            if (given := properties(one)) and isinstance(given.get("HostedZoneId"), str)
        ]

    @property
    def zones(self) -> list[str]:
        """Of records, and of certificates that are validated by one."""
        found = {record.zone for record in self.records}
        for one in resources(
            self.stack.template, "AWS::CertificateManager::Certificate"
        ).values():
            for option in sequence(properties(one).get("DomainValidationOptions")):
                zone = mapping(option).get("HostedZoneId")
                found |= {zone} if isinstance(zone, str) else set()
        return sorted(found)

    @property
    def secrets(self) -> list[Secret]:
        return secrets_of(self.stack.template)

    @property
    def topics(self) -> list[str]:
        found = strings(
            [
                properties(one).get("AlarmActions")
                for one in resources(
                    self.stack.template, "AWS::CloudWatch::Alarm"
                ).values()
            ]
        )
        return sorted({one for one in found if one.startswith("arn:")})

    @property
    def buckets(self) -> list[Bucket]:
        return buckets_of(self.stack.template)

    @property
    def endpoints(self) -> list[str]:
        return endpoints_of(self.stack.template)

    @property
    def counts(self) -> Counter[str]:
        """How many resources there will be of each type."""
        found = resources(self.stack.template).values()
        return Counter(text(one.get("Type")) for one in found)

    @property
    def bootstrap(self) -> tuple[str, int] | None:
        """The parameter that says what was bootstrapped, and what is needed at least."""
        parameters = mapping(self.stack.template.get("Parameters"))
        name = text(mapping(parameters.get(_BOOTSTRAP)).get("Default"))
        if not name:
            return None
        refused = [
            int(one)
            for one in strings(self.stack.template.get("Rules"))
            if one.isascii() and one.isdigit() and len(one) < 4
        ]
        return name, max(refused, default=0) + 1

    def named(self) -> Iterator[tuple[str, str, str]]:
        """Resources with a name of their own: type, name, logical id."""
        for identity, one in resources(self.stack.template).items():
            name = _own_name(text(one.get("Type")), properties(one))
            if name:
                yield text(one.get("Type")), name, identity


# Where a type has the name that is unique in an account.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig", "Name"),
    "AWS::CloudFront::OriginRequestPolicy": ("OriginRequestPolicyConfig", "Name"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig", "Name"),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig", "Name"),
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::KeyGroup": ("KeyGroupConfig", "Name"),
    "AWS::CloudFront::KeyValueStore": ("Name",),
    "AWS::CloudFront::PublicKey": ("PublicKeyConfig", "Name"),
    "AWS::CloudFront::VpcOrigin": ("VpcOriginEndpointConfig", "Name"),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::Logs::DeliveryDestination": ("Name",),
    "AWS::Logs::DeliverySource": ("Name",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
}


def _own_name(kind: str, given: Mapping[str, Any]) -> str:
    path = _NAMES.get(kind, ())
    value: Any = given
    for key in path:
        value = mapping(value).get(key)
    return value if path and isinstance(value, str) else ""
