"""From a template to its distributions. Damaged ones give what can be read of them."""

from __future__ import annotations

from cdn_review.delivery.model import Behavior, Delivery, Number, Selection
from cdn_review.delivery.origins import Origins
from cdn_review.delivery.plain import (
    Json,
    canonical,
    flag,
    mapping,
    names,
    number,
    properties,
    resources,
    sequence,
    text,
    unknown,
)
from cdn_review.delivery.policies import Policies

DISTRIBUTION = "AWS::CloudFront::Distribution"
_KNOWN = frozenset(
    {
        *("Aliases", "CNAMEs", "CacheBehaviors", "Comment", "CustomErrorResponses"),
        *("DefaultCacheBehavior", "DefaultRootObject", "Enabled", "HttpVersion"),
        *("IPV6Enabled", "Logging", "OriginGroups", "Origins", "PriceClass"),
        *("Restrictions", "ViewerCertificate", "WebACLId"),
    }
)
_KNOWN_OF_BEHAVIOR = frozenset(
    {
        *("AllowedMethods", "CachePolicyId", "CachedMethods", "Compress", "DefaultTTL"),
        *("ForwardedValues", "FunctionAssociations", "LambdaFunctionAssociations"),
        *("MaxTTL", "MinTTL", "OriginRequestPolicyId", "PathPattern"),
        *("RealtimeLogConfigArn", "ResponseHeadersPolicyId", "TargetOriginId"),
        *("TrustedKeyGroups", "TrustedSigners", "ViewerProtocolPolicy"),
    }
)
_READ = frozenset({"GET", "HEAD"})
_GEOGRAPHY = {"whitelist": "some", "blacklist": "all but"}


def deliveries(template: Json) -> dict[str, Delivery]:
    """What each distribution of a template does, by logical id."""
    policies = Policies.of(template)
    return {
        name: _delivery(one, policies)
        for name, one in resources(template, DISTRIBUTION).items()
    }


def _delivery(resource: Json, policies: Policies) -> Delivery:
    config = mapping(properties(resource).get("DistributionConfig"))
    certificate = mapping(config.get("ViewerCertificate"))
    origins = Origins.of(config)
    errors = [mapping(one) for one in sequence(config.get("CustomErrorResponses"))]
    return Delivery(
        aliases=frozenset(one.lower() for one in names(config.get("Aliases"))),
        certificate=text(
            certificate.get("AcmCertificateArn") or certificate.get("IamCertificateId")
        ),
        minimum_tls=text(certificate.get("MinimumProtocolVersion")),
        enabled=flag(config.get("Enabled"), True),
        http_version=text(config.get("HttpVersion")) or "http1.1",
        ipv6=flag(config.get("IPV6Enabled")),
        price_class=text(config.get("PriceClass")) or "PriceClass_All",
        web_acl=text(config.get("WebACLId")),
        geography=_geography(config),
        root_object=text(config.get("DefaultRootObject")),
        logs=canonical(config["Logging"]) if config.get("Logging") else "",
        errors=_error_ttls(errors),
        error_pages={
            text(one.get("ErrorCode")): text(one["ResponsePagePath"])
            for one in errors
            if one.get("ResponsePagePath")
        },
        default=_behavior(
            mapping(config.get("DefaultCacheBehavior")), "*", origins, policies
        ),
        behaviors=tuple(
            _behavior(mapping(one), _pattern(one), origins, policies)
            for one in sequence(config.get("CacheBehaviors"))
        ),
        tags=_tags(properties(resource).get("Tags")),
        rest=unknown(config, _KNOWN),
    )


def _pattern(behavior: object) -> str:
    return text(mapping(behavior).get("PathPattern"))


def _geography(config: Json) -> Selection:
    found = mapping(mapping(config.get("Restrictions")).get("GeoRestriction"))
    kind = _GEOGRAPHY.get(text(found.get("RestrictionType")), "none")
    listed = names(found.get("Locations")) if kind != "none" else frozenset()
    return Selection(kind=kind, names=listed)


def _error_ttls(errors: list[Json]) -> dict[str, Number]:
    return {
        text(one.get("ErrorCode")): number(one.get("ErrorCachingMinTTL"), 10)
        for one in errors
    }


def _tags(tags: object) -> dict[str, str]:
    found = [mapping(one) for one in sequence(tags)]
    return {text(one.get("Key")): text(one.get("Value")) for one in found}


def _behavior(
    behavior: Json, pattern: str, origins: Origins, policies: Policies
) -> Behavior:
    key, lifetime = policies.caching(behavior)
    asked, failover_on = origins.behind(behavior.get("TargetOriginId"))
    return Behavior(
        pattern=pattern,
        origins=asked,
        failover_on=failover_on,
        key=key,
        lifetime=lifetime,
        forwarding=policies.forwarded(behavior),
        answer=policies.answer(behavior),
        methods=names(behavior.get("AllowedMethods")) or _READ,
        cached_methods=names(behavior.get("CachedMethods")) or _READ,
        compress=flag(behavior.get("Compress")),
        viewers=text(behavior.get("ViewerProtocolPolicy")),
        signers=names(behavior.get("TrustedKeyGroups"))
        | names(behavior.get("TrustedSigners")),
        functions=_functions(behavior),
        real_time_logs=text(behavior.get("RealtimeLogConfigArn")),
        rest=unknown(behavior, _KNOWN_OF_BEHAVIOR),
    )


def _functions(behavior: Json) -> frozenset[str]:
    """When code runs at the edge, and of which kind."""
    near = sequence(behavior.get("FunctionAssociations"))
    far = sequence(behavior.get("LambdaFunctionAssociations"))
    return frozenset(
        f"{kind} on {text(mapping(one).get('EventType'))}"
        for kind, found in (("function", near), ("Lambda", far))
        for one in found
    )
