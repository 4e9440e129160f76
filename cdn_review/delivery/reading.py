"""From a template to its distributions. Damaged ones give what can be read of them."""

from __future__ import annotations

from collections.abc import Mapping

from cdn_review.delivery.model import Behavior, Delivery, Number, Rest, Selection
from cdn_review.delivery.origins import Origins
from cdn_review.delivery.plain import (
    Json,
    canonical,
    flag,
    is_computed,
    mapping,
    names,
    number,
    properties,
    reference,
    resources,
    sequence,
    text,
    unknown,
)
from cdn_review.delivery.policies import Policies
from cdn_review.delivery.renames import meaning, prepared

DISTRIBUTION = "AWS::CloudFront::Distribution"
_KNOWN = frozenset(
    {
        *("Aliases", "CNAMEs", "CacheBehaviors", "Comment", "CustomErrorResponses"),
        *("DefaultCacheBehavior", "DefaultRootObject", "Enabled", "HttpVersion"),
        *("IPV6Enabled", "Logging", "OriginGroups", "Origins", "PriceClass"),
        *("Restrictions", "ViewerCertificate", "ViewerMtlsConfig", "WebACLId"),
    }
)
_KNOWN_OF_CERTIFICATE = frozenset(
    {
        *("AcmCertificateArn", "CloudFrontDefaultCertificate", "IamCertificateId"),
        *("MinimumProtocolVersion", "SslSupportMethod"),
    }
)
_KNOWN_OF_BEHAVIOR = frozenset(
    {
        *("AllowedMethods", "CachePolicyId", "CachedMethods", "Compress", "DefaultTTL"),
        *(
            "FieldLevelEncryptionId",
            "ForwardedValues",
            "FunctionAssociations",
            "LambdaFunctionAssociations",
        ),
        *("MaxTTL", "MinTTL", "OriginRequestPolicyId", "PathPattern"),
        *("RealtimeLogConfigArn", "ResponseHeadersPolicyId", "TargetOriginId"),
        *("TrustedKeyGroups", "TrustedSigners", "ViewerProtocolPolicy"),
    }
)
_READ = frozenset({"GET", "HEAD"})
_GEOGRAPHY = {"whitelist": "some", "blacklist": "all but"}


def deliveries(
    template: object, *, branch: int = 0, names: Mapping[str, str] | None = None
) -> dict[str, Delivery]:
    """What each distribution of a template does, by logical id.

    :param branch: Which side of each condition is read: 0 the first, 1 the second.
    :param names: Other logical ids for some of the resources, see ``renamed``.
    """
    found = prepared(template, branch=branch, names=names)
    policies = Policies.of(found)
    return {
        name: _delivery(one, policies, resources(found))
        for name, one in resources(found, DISTRIBUTION).items()
    }


def _delivery(
    resource: Json, policies: Policies, others: Mapping[str, Json]
) -> Delivery:
    config = mapping(properties(resource).get("DistributionConfig"))
    certificate = mapping(config.get("ViewerCertificate"))
    origins = Origins.of(config, others)
    errors = [mapping(one) for one in sequence(config.get("CustomErrorResponses"))]
    return Delivery(
        aliases=_aliases(config),
        certificate=text(
            certificate.get("AcmCertificateArn") or certificate.get("IamCertificateId")
        ),
        minimum_tls=text(certificate.get("MinimumProtocolVersion")),
        has_own_addresses=text(certificate.get("SslSupportMethod")) == "vip",
        client_certificates=_client_certificates(config),
        enabled=flag(config.get("Enabled"), True),
        http_version=text(config.get("HttpVersion")) or "http1.1",
        ipv6=flag(config.get("IPV6Enabled")),
        price_class=text(config.get("PriceClass")) or "PriceClass_All",
        web_acl=text(config.get("WebACLId")),
        geography=_geography(config),
        root_object=text(config.get("DefaultRootObject")),
        logs=canonical(config["Logging"]) if config.get("Logging") else "",
        errors=_error_ttls(errors),
        error_pages=_error_pages(errors),
        default=_behavior(
            mapping(config.get("DefaultCacheBehavior")), "*", origins, policies, others
        ),
        behaviors=tuple(
            _behavior(mapping(one), _pattern(one), origins, policies, others)
            for one in sequence(config.get("CacheBehaviors"))
        ),
        tags=_tags(properties(resource).get("Tags")),
        rest=_rest(config),
    )


def _rest(config: Json) -> Rest:
    certificate, limits = config.get("ViewerCertificate"), config.get("Restrictions")
    clients = config.get("ViewerMtlsConfig")
    return (
        *unknown(config, _KNOWN),
        *unknown(certificate, _KNOWN_OF_CERTIFICATE, "ViewerCertificate"),
        *unknown(limits, frozenset({"GeoRestriction"}), "Restrictions"),
        *unknown(clients, frozenset({"Mode"}), "ViewerMtlsConfig"),
        *_damaged(config),
    )


def _damaged(config: Json) -> Rest:
    """Parts that are not what they have to be, so that nothing could be read of them."""
    return tuple(
        (key, canonical(one))
        for key in ("CacheBehaviors", "CustomErrorResponses", "OriginGroups", "Origins")
        for one in sequence(config.get(key))
        if not isinstance(one, Mapping) or is_computed(one)
    )


def _aliases(config: Json) -> frozenset[str]:
    """Under both of the keys that CloudFormation takes."""
    found = names(config.get("Aliases")) | names(config.get("CNAMEs"))
    return frozenset(one if one.startswith("{") else one.lower() for one in found)


def _error_pages(errors: list[Json]) -> dict[str, str]:
    return {
        text(one.get("ErrorCode")): _page(one)
        for one in errors
        if one.get("ResponsePagePath") or one.get("ResponseCode")
    }


def _page(error: Json) -> str:
    status = text(error.get("ResponseCode"))
    page = text(error.get("ResponsePagePath"))
    return f"{page} with the status {status}" if status else page


def _client_certificates(config: Json) -> str:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/mtls-authentication.html"""
    found = mapping(config.get("ViewerMtlsConfig"))
    return text(found.get("Mode")) or ("required" if found else "")


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
    behavior: Json,
    pattern: str,
    origins: Origins,
    policies: Policies,
    others: Mapping[str, Json],
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
        signers=_signers(behavior, others),
        functions=_functions(behavior),
        encrypted_fields=text(behavior.get("FieldLevelEncryptionId")),
        real_time_logs=text(behavior.get("RealtimeLogConfigArn")),
        rest=(*unknown(behavior, _KNOWN_OF_BEHAVIOR), *policies.rest(behavior)),
    )


def _signers(behavior: Json, others: Mapping[str, Json]) -> frozenset[str]:
    """The public keys themselves where the template has them, since groups are renamed."""
    found: set[str] = set(names(behavior.get("TrustedSigners")))
    for group in sequence(behavior.get("TrustedKeyGroups")):
        resource = others.get(reference(group) or "")
        config = mapping(properties(resource).get("KeyGroupConfig"))
        keys = sequence(config.get("Items"))
        found |= {meaning(key, others) for key in keys} or {text(group)}
    return frozenset(found)


def _functions(behavior: Json) -> dict[str, str]:
    """What runs at the edge, by its kind and when it does."""
    kinds = (
        ("function", "FunctionAssociations", "FunctionARN"),
        ("Lambda", "LambdaFunctionAssociations", "LambdaFunctionARN"),
    )
    return {
        f"{kind} on {text(mapping(one).get('EventType'))}": text(mapping(one).get(key))
        for kind, associations, key in kinds
        for one in sequence(behavior.get(associations))
    }
