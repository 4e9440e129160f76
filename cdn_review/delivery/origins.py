"""Origins and groups of them, by the id that behaviors name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdn_review.delivery.model import Origin, Rest
from cdn_review.delivery.plain import (
    Json,
    flag,
    mapping,
    names,
    number,
    properties,
    reference,
    sequence,
    text,
    texts,
    unknown,
)

_KNOWN = frozenset(
    {
        *("ConnectionAttempts", "ConnectionTimeout", "CustomOriginConfig"),
        *("DomainName", "Id", "OriginAccessControlId", "OriginCustomHeaders"),
        *("OriginPath", "OriginShield", "ResponseCompletionTimeout"),
        *("S3OriginConfig", "VpcOriginConfig"),
    }
)
_KNOWN_OF_SERVER = frozenset(
    {
        *("HTTPPort", "HTTPSPort", "IpAddressType", "OriginKeepaliveTimeout"),
        *("OriginMtlsConfig", "OriginProtocolPolicy", "OriginReadTimeout"),
        "OriginSSLProtocols",
    }
)
_KNOWN_OF_NETWORK = frozenset(
    {"VpcOriginId", "OriginKeepaliveTimeout", "OriginReadTimeout"}
)
_KNOWN_OF_BUCKET = frozenset({"OriginAccessIdentity"})
_KNOWN_OF_SHIELD = frozenset({"Enabled", "OriginShieldRegion"})


@dataclass(frozen=True)
class Origins:
    """All origins of a distribution."""

    origins: Mapping[str, Origin]
    groups: Mapping[str, tuple[tuple[str, ...], frozenset[str]]]

    @classmethod
    def of(cls, config: Json, resources: Mapping[str, Json]) -> Origins:
        found = [mapping(one) for one in sequence(config.get("Origins"))]
        groups = [mapping(one) for one in sequence(config.get("OriginGroups"))]
        return cls(
            {text(one.get("Id")): _origin(one, resources) for one in found},
            {text(one.get("Id")): _group(one) for one in groups},
        )

    def behind(self, target: object) -> tuple[tuple[Origin, ...], frozenset[str]]:
        """The origins of a behavior, the first one first, and on what the next is asked.

        Ids have no meaning of their own: they change with the place of a construct.
        """
        wanted = text(target)
        members, codes = self.groups.get(wanted, ((wanted,), frozenset()))
        return tuple(self.origins.get(one, Origin()) for one in members), codes


def _group(group: Json) -> tuple[tuple[str, ...], frozenset[str]]:
    criteria = mapping(group.get("FailoverCriteria"))
    members = sequence(group.get("Members"))
    return (
        tuple(text(mapping(one).get("OriginId")) for one in members),
        frozenset(texts(criteria.get("StatusCodes"))),
    )


def _origin(origin: Json, resources: Mapping[str, Json]) -> Origin:
    custom = mapping(origin.get("CustomOriginConfig"))
    private = mapping(origin.get("VpcOriginConfig"))
    shield = mapping(origin.get("OriginShield"))
    times = private or custom
    return Origin(
        domain_name=text(origin.get("DomainName")),
        path=text(origin.get("OriginPath")),
        kind=_kind(origin),
        protocol=text(custom.get("OriginProtocolPolicy")),
        port=_port(custom),
        tls=names(custom.get("OriginSSLProtocols")),
        address_type=text(custom.get("IpAddressType")) or "ipv4",
        read_timeout=number(times.get("OriginReadTimeout"), 30),
        keepalive_timeout=number(times.get("OriginKeepaliveTimeout"), 5),
        completion_timeout=number(origin.get("ResponseCompletionTimeout")),
        attempts=number(origin.get("ConnectionAttempts"), 3),
        connection_timeout=number(origin.get("ConnectionTimeout"), 10),
        shield=text(shield.get("OriginShieldRegion"))
        if flag(shield.get("Enabled"))
        else "",
        access_control=_access_control(origin, resources),
        network=text(private.get("VpcOriginId")),
        client_certificate=text(
            mapping(custom.get("OriginMtlsConfig")).get("ClientCertificateArn")
        ),
        headers={
            text(mapping(one).get("HeaderName")).lower(): text(
                mapping(one).get("HeaderValue")
            )
            for one in sequence(origin.get("OriginCustomHeaders"))
        },
        rest=_rest(origin),
    )


def _rest(origin: Json) -> Rest:
    return (
        *unknown(origin, _KNOWN),
        *unknown(origin.get("CustomOriginConfig"), _KNOWN_OF_SERVER),
        *unknown(origin.get("VpcOriginConfig"), _KNOWN_OF_NETWORK),
        *unknown(origin.get("S3OriginConfig"), _KNOWN_OF_BUCKET),
        *unknown(origin.get("OriginShield"), _KNOWN_OF_SHIELD),
    )


def _kind(origin: Json) -> str:
    if origin.get("VpcOriginConfig") is not None:
        return "private network"
    return "bucket" if origin.get("S3OriginConfig") is not None else "server"


def _port(custom: Json) -> int | str | None:
    if text(custom.get("OriginProtocolPolicy")) == "http-only":
        return number(custom.get("HTTPPort"), 80)
    return number(custom.get("HTTPSPort"), 443)


def _access_control(origin: Json, resources: Mapping[str, Json]) -> str:
    """How CloudFront proves to a bucket who asks; nothing if it does not."""
    control = origin.get("OriginAccessControlId")
    if control:
        config = mapping(
            properties(resources.get(reference(control) or "")).get(
                "OriginAccessControlConfig"
            )
        )
        is_off = text(config.get("SigningBehavior")) == "never"
        return "" if is_off else text(control)
    identity = mapping(origin.get("S3OriginConfig")).get("OriginAccessIdentity")
    return text(identity)
