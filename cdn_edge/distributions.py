"""From the API's configurations to what the edge serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cdn_edge.configuration import (
    Behavior,
    Configuration,
    Distribution,
    ErrorRule,
    Origin,
)
from cdn_edge.policies import cache_policy, origin_request_policy, response_headers
from cdn_model import distribution as model
from cdn_model.values import Json, mapping, sequence, text


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The API's answers.

    :param distributions: Each with its ``Id``, ``DomainName`` and ``DistributionConfig``.
    :param resources: What they refer to, by kind and id, such as ``CachePolicy``.
    """

    distributions: Sequence[Json]
    resources: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def find(self, resource_type: str, value: object) -> Json | None:
        kind = resource_type.removeprefix(model.CLOUDFRONT)
        return self.resources.get(kind, {}).get(str(value))


def parse(deployed: Deployed) -> Configuration:
    """One distribution that cannot be understood does not take the others down."""
    distributions, broken = [], []
    for given in deployed.distributions:
        try:
            distributions.append(_distribution(given, deployed))
        except (LookupError, ValueError, TypeError) as error:
            broken.append(f"{given.get('DomainName')} is not served: {error}")
    return Configuration(distributions=tuple(distributions), broken=tuple(broken))


def _distribution(given: Json, deployed: Deployed) -> Distribution:
    read = model.from_config(given.get("DistributionConfig"), deployed.find)
    config = read.config
    return Distribution(
        id=text(given.get("Id")),
        domain_name=text(given.get("DomainName")).lower(),
        aliases=tuple(text(one).lower() for one in sequence(config.get("Aliases"))),
        enabled=bool(config["Enabled"]),
        default_root_object=text(config.get("DefaultRootObject")).lstrip("/"),
        behaviors=tuple(_behavior(one) for one in read.behaviors),
        errors={
            int(one["ErrorCode"]): _error_rule(one)
            for one in sequence(config.get("CustomErrorResponses"))
        },
        unmodelled=tuple(_unmodelled(read)),
    )


def _behavior(given: model.Behavior) -> Behavior:
    config = given.config
    return Behavior(
        pattern=given.path_pattern,
        origins=tuple(_origin(one) for one in config["Origins"]),
        allowed_methods=frozenset({"GET", "HEAD", *config["AllowedMethods"]}),
        cached_methods=frozenset({"GET", "HEAD", *config["CachedMethods"]}),
        cache=cache_policy(_policy(config, "CachePolicy")),
        origin_request=origin_request_policy(_policy(config, "OriginRequestPolicy")),
        response_headers=response_headers(_policy(config, "ResponseHeadersPolicy")),
        signed=_signed(config),
    )


def _policy(behavior: Json, kind: str) -> Json:
    policy = mapping(behavior.get(kind))
    if policy.keys() == {"Id"}:
        raise LookupError(
            f"{kind}Id must be the id of a deployed policy, got {policy['Id']!r}"
        )
    return policy


def _origin(given: Json) -> Origin:
    # A bucket has no timeouts of its own.
    timeouts = (
        given.get("CustomOriginConfig")
        or given.get("VpcOriginConfig")
        or model.CUSTOM_ORIGIN_DEFAULTS
    )
    return Origin(
        domain_name=text(given["DomainName"]).lower(),
        path=text(given["OriginPath"]),
        headers=tuple(
            (text(one["HeaderName"]), text(one.get("HeaderValue")))
            for one in sequence(given.get("CustomHeaders"))
        ),
        connection_attempts=int(given["ConnectionAttempts"]),
        connection_timeout=int(given["ConnectionTimeout"]),
        read_timeout=int(timeouts["OriginReadTimeout"]),
    )


def _error_rule(given: Json) -> ErrorRule:
    return ErrorRule(
        ttl=int(given["ErrorCachingMinTTL"]),
        page=text(given.get("ResponsePagePath")),
        status=int(given.get("ResponseCode") or 0) or None,
    )


def _signed(behavior: Json) -> bool:
    return bool(behavior.get("TrustedKeyGroups") or behavior.get("TrustedSigners"))


def _unmodelled(read: model.Distribution) -> Iterator[str]:
    config = read.config
    behaviors = [one.config for one in read.behaviors]
    origins = [origin for behavior in behaviors for origin in behavior["Origins"]]
    geo = config["Restrictions"]["GeoRestriction"]
    in_use = {
        "web ACL": bool(config.get("WebACLId")),
        "geo restriction": geo["RestrictionType"] != "none",
        "origin groups (the first member answers)": any(
            "OriginGroup" in one for one in behaviors
        ),
        "HTTP/3": text(config["HttpVersion"]).endswith("3"),
        "access logs": "Bucket" in mapping(config.get("Logging")),
        "origin shield": any(one["OriginShield"]["Enabled"] for one in origins),
        "S3 origins and signed origin requests": any(
            "S3OriginConfig" in one or "OriginAccessControl" in one for one in origins
        ),
        "VPC origins": any("VpcOriginConfig" in one for one in origins),
        "compression at the edge": any(one["Compress"] for one in behaviors),
        "functions": any("FunctionAssociations" in one for one in behaviors),
        "Lambda@Edge": any("LambdaFunctionAssociations" in one for one in behaviors),
        "signed URLs (their behaviors answer 403)": any(map(_signed, behaviors)),
        "field-level encryption": any(
            one.get("FieldLevelEncryptionId") for one in behaviors
        ),
        "real-time logs": any(one.get("RealtimeLogConfigArn") for one in behaviors),
        "Server-Timing": any(
            "ServerTimingHeadersConfig" in mapping(one.get("ResponseHeadersPolicy"))
            for one in behaviors
        ),
    }
    yield from (name for name, used in in_use.items() if used)
