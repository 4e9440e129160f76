"""From the API's distribution configs to a configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cdn_edge.configuration import (
    DEFAULT_ERROR_TTL,
    Behavior,
    CachePolicy,
    Configuration,
    Distribution,
    ErrorRule,
    Origin,
)
from cdn_edge.policies import (
    cache_policy,
    origin_request,
    response_headers,
    ttls,
)
from cdn_edge.raw import Raw

Dicts = Mapping[str, Mapping[str, object]]
Policy = TypeVar("Policy")


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The API's answers: distributions with their whole config, policy configs by id."""

    distributions: Sequence[Mapping[str, object]]
    cache_policies: Dicts = field(default_factory=dict)
    origin_request_policies: Dicts = field(default_factory=dict)
    response_headers_policies: Dicts = field(default_factory=dict)


def parse(deployed: Deployed) -> Configuration:
    """One distribution that cannot be understood does not take the others down."""
    distributions, broken = [], []
    for given in deployed.distributions:
        try:
            distributions.append(_distribution(Raw(given), deployed))
        except (LookupError, ValueError) as error:
            broken.append(f"{given.get('DomainName')} is not served: {error}")
    return Configuration(distributions=tuple(distributions), broken=tuple(broken))


def _distribution(given: Raw, deployed: Deployed) -> Distribution:
    config = given.section("DistributionConfig")
    default = config.section("DefaultCacheBehavior")
    behaviors = (*config.items("CacheBehaviors"), default)
    return Distribution(
        id=given.text("Id"),
        domain_name=given.text("DomainName").lower(),
        aliases=tuple(alias.lower() for alias in config.names("Aliases")),
        enabled=config.flag("Enabled", True),
        default_root_object=config.text("DefaultRootObject").lstrip("/"),
        origins=_origins(config),
        behaviors=tuple(_behavior(one, deployed) for one in behaviors),
        errors={
            one.number("ErrorCode", 0): _error_rule(one)
            for one in config.items("CustomErrorResponses")
        },
        unmodelled=tuple(_unmodelled(config, behaviors, deployed)),
    )


def _origins(config: Raw) -> Mapping[str, Origin]:
    origins = {one.text("Id"): _origin(one) for one in config.items("Origins")}
    for group in config.items("OriginGroups"):
        members = group.items("Members")
        if members and members[0].text("OriginId") in origins:
            origins[group.text("Id")] = origins[members[0].text("OriginId")]
    return origins


def _origin(given: Raw) -> Origin:
    custom = given.section("CustomOriginConfig")
    return Origin(
        id=given.text("Id"),
        domain_name=given.text("DomainName").lower(),
        path=given.text("OriginPath"),
        headers=tuple(
            (one.text("HeaderName"), one.text("HeaderValue"))
            for one in given.items("CustomHeaders")
        ),
        connection_attempts=given.number("ConnectionAttempts", 3),
        connection_timeout=given.number("ConnectionTimeout", 10),
        read_timeout=custom.number("OriginReadTimeout", 30),
    )


def _behavior(given: Raw, deployed: Deployed) -> Behavior:
    methods = given.section("AllowedMethods")
    return Behavior(
        pattern=given.text("PathPattern", "*"),
        origin_id=given.text("TargetOriginId"),
        allowed_methods=frozenset(given.names("AllowedMethods")) | {"GET", "HEAD"},
        cached_methods=frozenset(methods.names("CachedMethods")) | {"GET", "HEAD"},
        cache=_cache(given, deployed),
        origin_request=_policy(
            given,
            "OriginRequestPolicyId",
            deployed.origin_request_policies,
            origin_request,
        ),
        response_headers=_policy(
            given,
            "ResponseHeadersPolicyId",
            deployed.response_headers_policies,
            response_headers,
        ),
        signed=_signed(given),
    )


def _policy(
    given: Raw, name: str, configs: Dicts, build: Callable[[Raw], Policy]
) -> Policy:
    policy_id = given.text(name)
    if policy_id and policy_id not in configs:
        raise LookupError(
            f"{name} must be the id of a deployed policy, got {policy_id!r}"
        )
    return build(Raw(configs.get(policy_id)))


def _cache(given: Raw, deployed: Deployed) -> CachePolicy:
    if given.text("CachePolicyId"):
        return _policy(given, "CachePolicyId", deployed.cache_policies, cache_policy)
    return CachePolicy(ttls=ttls(given))


def _error_rule(given: Raw) -> ErrorRule:
    return ErrorRule(
        ttl=given.number("ErrorCachingMinTTL", DEFAULT_ERROR_TTL),
        page=given.text("ResponsePagePath"),
        status=given.number("ResponseCode", 0) or None,
    )


def _signed(behavior: Raw) -> bool:
    return any(
        behavior.section(name).flag("Enabled") or behavior.names(name)
        for name in ("TrustedKeyGroups", "TrustedSigners")
    )


def _unmodelled(
    config: Raw, behaviors: Sequence[Raw], deployed: Deployed
) -> Iterator[str]:
    restriction = config.section("Restrictions").section("GeoRestriction")
    in_use = {
        "web ACL": bool(config.text("WebACLId")),
        "geo restriction": restriction.text("RestrictionType", "none") != "none",
        "origin groups (the first member answers)": bool(config.items("OriginGroups")),
        "HTTP/3": config.text("HttpVersion").endswith("3"),
        "access logs": config.section("Logging").flag("Enabled"),
    }
    yield from (name for name, used in in_use.items() if used)
    yield from _unmodelled_of_origins(config.items("Origins"))
    yield from _unmodelled_of_behaviors(behaviors, deployed)


def _unmodelled_of_origins(origins: Sequence[Raw]) -> Iterator[str]:
    if any(one.section("OriginShield").flag("Enabled") for one in origins):
        yield "origin shield"
    if any(
        one.section("S3OriginConfig") or one.text("OriginAccessControlId")
        for one in origins
    ):
        yield "S3 origins and signed origin requests"
    if any(one.has("VpcOriginConfig") for one in origins):
        yield "VPC origins"


def _unmodelled_of_behaviors(
    behaviors: Sequence[Raw], deployed: Deployed
) -> Iterator[str]:
    timings = (
        Raw(deployed.response_headers_policies.get(one.text("ResponseHeadersPolicyId")))
        .section("ServerTimingHeadersConfig")
        .flag("Enabled")
        for one in behaviors
    )
    in_use = {
        "compression at the edge": any(one.flag("Compress") for one in behaviors),
        "functions": any(one.items("FunctionAssociations") for one in behaviors),
        "Lambda@Edge": any(
            one.items("LambdaFunctionAssociations") for one in behaviors
        ),
        "signed URLs (their behaviors answer 403)": any(map(_signed, behaviors)),
        "ForwardedValues": any(one.has("ForwardedValues") for one in behaviors),
        "field-level encryption": any(
            one.text("FieldLevelEncryptionId") for one in behaviors
        ),
        "real-time logs": any(one.text("RealtimeLogConfigArn") for one in behaviors),
        "Server-Timing": any(timings),
    }
    yield from (name for name, used in in_use.items() if used)
