"""What a stack expects of its account, of DNS and of its server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cdn_review.delivery import Delivery, deliveries
from cdn_review.delivery.model import Origin
from cdn_review.delivery.plain import mapping, properties, resources, sequence, text
from cdn_review.packs import Stack
from cdn_review.summary.roles import Roles

_SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(arn:[^}]*?:secret:[^:}]+)([^}]*)\}\}"
)
_BOOTSTRAP = "BootstrapVersion"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record in a hosted zone of Route 53 that the stack makes."""

    zone: str
    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A version of a secret that the stack refers to."""

    arn: str
    version: str


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
        found = resources(self.stack.template, "AWS::Route53::RecordSet").values()
        return [
            Record(
                zone=text(given.get("HostedZoneId")),
                name=text(given.get("Name")).rstrip(".").lower(),
                kind=text(given.get("Type")),
            )
            for given in map(properties, found)
            if isinstance(given.get("HostedZoneId"), str)
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
        found = set()
        for part in _strings(self.stack.template):
            for arn, rest in _SECRET.findall(part):
                # :json-key is preceded by SecretString, then come the stage and the version.
                version = (rest.split(":") + [""] * 5)[4]
                found.add((arn, version))
        return [Secret(arn=arn, version=version) for arn, version in sorted(found)]

    @property
    def topics(self) -> list[str]:
        found = _strings(
            [
                properties(one).get("AlarmActions")
                for one in resources(
                    self.stack.template, "AWS::CloudWatch::Alarm"
                ).values()
            ]
        )
        return sorted({one for one in found if one.startswith("arn:")})

    @property
    def buckets(self) -> list[str]:
        """Names of buckets that have to exist: origins, and places for logs."""
        found: set[str] = set()
        for part in _strings(self.stack.template.get("Resources")):
            named = re.fullmatch(
                r"(?:arn:aws:s3:::)?([a-z0-9.-]{3,63}?)"
                r"(?:\.s3[.-][a-z0-9-]*\.?amazonaws\.com|(?<=:::)(?P<arn>))",
                part,
            )
            found |= {named.group(1)} if named else set()
            arn = re.fullmatch(r"arn:aws:s3:::([a-z0-9.-]{3,63})(?:/.*)?", part)
            found |= {arn.group(1)} if arn else set()
        return sorted(found)

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
            for one in _strings(self.stack.template.get("Rules"))
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
    "AWS::CloudFront::PublicKey": ("PublicKeyConfig", "Name"),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
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


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)
