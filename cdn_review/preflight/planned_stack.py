"""What a stack expects of its account, of DNS and of its server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cdn_model.distribution import Distribution, distributions
from cdn_model.intrinsics import Resolver
from cdn_model.resource_types import UNIQUE_NAMES
from cdn_model.values import Json, mapping, properties, sequence, text
from cdn_review.snapshot import Stack
from dj_cloudfront.contract import TREE_HEADER, Tree

_RECORD = "AWS::Route53::RecordSet"
_CERTIFICATE = "AWS::CertificateManager::Certificate"


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """A record of Route 53 that the stack makes."""

    logical_id: str
    zone: str
    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that CloudFront asks over the internet, and how it asks.

    :param role: The distribution that asks, for a reader.
    :param is_plain: Whether it is asked without TLS.
    :param tree: What the distribution says in ``X-Cdn-Tree``.
    :param has_secret: Whether it is sent a secret, which is not known here.
    :param cors_at_edge: Whether CloudFront may add the CORS headers.
    """

    role: str
    host: str
    port: int
    is_plain: bool
    path: str
    tree: str
    has_secret: bool
    cors_at_edge: bool


@dataclass(frozen=True)
class PlannedStack:
    """A stack before it is deployed. Values that only a deploy knows are left out."""

    stack: Stack

    @cached_property
    def resources(self) -> Mapping[str, Json]:
        return Resolver(self.stack.template, region=self.stack.region).resources()

    @cached_property
    def distributions(self) -> Mapping[str, Distribution]:
        """By logical id."""
        return distributions(self.resources)

    def of_type(self, resource_type: str) -> dict[str, Json]:
        """Properties by logical id."""
        return {
            name: properties(resource)
            for name, resource in self.resources.items()
            if resource.get("Type") == resource_type
        }

    def aliases(self, logical_id: str) -> list[str]:
        """The names of a distribution that can be seen."""
        config = self.distributions[logical_id].config
        found = map(literal, sequence(config.get("Aliases")))
        return sorted({name.lower() for name in found if name})

    def servers(self) -> Iterator[Server]:
        for name, distribution in self.distributions.items():
            behavior = distribution.default.config
            policy = mapping(behavior.get("ResponseHeadersPolicy"))
            for origin in map(mapping, sequence(behavior.get("Origins"))):
                custom = origin.get("CustomOriginConfig")
                if isinstance(custom, Mapping) and literal(origin.get("DomainName")):
                    # A policy of which only the id is known may have them.
                    cors_at_edge = bool(policy.keys() & {"CorsConfig", "Id"})
                    yield _server(name, origin, custom, cors_at_edge=cors_at_edge)

    @cached_property
    def records(self) -> list[DnsRecord]:
        return [
            DnsRecord(
                logical_id=name,
                zone=zone,
                name=plain_name(literal(given.get("Name"))),
                type=text(given.get("Type")),
            )
            for name, given in self.of_type(_RECORD).items()
            if (zone := literal(given.get("HostedZoneId")))
        ]

    @property
    def zones(self) -> list[str]:
        """The hosted zones of records, and of certificates that a record validates."""
        options = [
            mapping(option)
            for given in self.certificates.values()
            for option in sequence(given.get("DomainValidationOptions"))
        ]
        found = {literal(option.get("HostedZoneId")) for option in options}
        found |= {record.zone for record in self.records}
        return sorted(found - {""})

    @property
    def certificates(self) -> dict[str, Json]:
        """Those that the stack makes."""
        return self.of_type(_CERTIFICATE)

    @property
    def counts(self) -> Counter[str]:
        """How many resources there will be of each type."""
        return Counter(
            text(resource.get("Type")) for resource in self.resources.values()
        )

    def named(self, resource_type: str) -> dict[str, str]:
        """The logical ids of resources by the name that they ask for."""
        (path,) = UNIQUE_NAMES[resource_type]
        found = {}
        for logical_id, value in self.of_type(resource_type).items():
            given: Any = value
            for key in path.split("."):
                given = mapping(given).get(key)
            if name := literal(given):
                found[name] = logical_id
        return found


def _server(name: str, origin: Json, custom: Json, *, cors_at_edge: bool) -> Server:
    sent = map(mapping, sequence(origin.get("CustomHeaders")))
    headers = {
        text(header.get("HeaderName")).lower(): text(header.get("HeaderValue"))
        for header in sent
    }
    tree = headers.get(TREE_HEADER.lower(), "")
    is_plain = custom.get("OriginProtocolPolicy") == "http-only"
    port = custom.get("HTTPPort" if is_plain else "HTTPSPort")
    return Server(
        role=f"{tree} distribution" if tree in [*Tree] else name,
        host=literal(origin["DomainName"]),
        port=port if isinstance(port, int) else 443,
        is_plain=is_plain,
        path=text(origin.get("OriginPath")),
        tree=tree,
        has_secret=any("resolve:secretsm" in value for value in headers.values()),
        cors_at_edge=cors_at_edge,
    )


def literal(value: object) -> str:
    """A value that is known before the deploy, such as a parameter's default; else ''."""
    if isinstance(value, Mapping):
        value = mapping(value.get("Ref")).get("Default")
    return value if isinstance(value, str) and "{{resolve:" not in value else ""


def plain_name(name: object) -> str:
    """A DNS name as people write it; Route 53 writes ``*`` as its code."""
    return str(name).rstrip(".").replace("\\052", "*").lower()


def strings(value: object) -> Iterator[str]:
    """Every string in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from strings(part)
