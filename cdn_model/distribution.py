"""What a distribution does: its configuration with policies inlined and defaults filled in.

One shape in the names of CloudFront's API, whether it is read from a template or from the
API. Lists stand without ``Quantity`` and ``Items``, names in them in one order. What is empty
and names without an effect are left out, and ``Fn::If`` is resolved before.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdn_model import path_patterns
from cdn_model.policies import (
    POLICY_KINDS,
    managed_policy,
    replace_forwarded_values,
    with_policy_defaults,
)
from cdn_model.values import (
    Json,
    api_names,
    canonical,
    filled,
    mapping,
    properties,
    reference,
    sequence,
    text,
)

CLOUDFRONT = "AWS::CloudFront::"
DISTRIBUTION = f"{CLOUDFRONT}Distribution"
DEFAULT_PATTERN = "*"

Find = Callable[[str, object], Json | None]
"""The properties of a resource by its type, and by what refers to it."""

# What CloudFront takes for a setting that is not there.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudfront-distribution-distributionconfig.html
DISTRIBUTION_DEFAULTS: Json = {
    "ConnectionMode": "direct",
    "Enabled": True,
    "HttpVersion": "http1.1",
    "IsIPV6Enabled": False,
    "PriceClass": "PriceClass_All",
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none"}},
    "Staging": False,
}
BEHAVIOR_DEFAULTS: Json = {
    "AllowedMethods": ["GET", "HEAD"],
    "CachedMethods": ["GET", "HEAD"],
    "Compress": False,
    "GrpcConfig": {"Enabled": False},
    "SmoothStreaming": False,
}
ORIGIN_DEFAULTS: Json = {
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginPath": "",
    "OriginShield": {"Enabled": False},
}
_ORIGIN_TIMEOUTS: Json = {"OriginKeepaliveTimeout": 5, "OriginReadTimeout": 30}
CUSTOM_ORIGIN_DEFAULTS: Json = {
    **_ORIGIN_TIMEOUTS,
    "HTTPPort": 80,
    "HTTPSPort": 443,
    "IpAddressType": "ipv4",
}
LOGGING_DEFAULTS: Json = {"IncludeCookies": False, "Prefix": ""}
# Of client certificates, where they are asked for.
VIEWER_MTLS_DEFAULTS: Json = {
    "TrustStoreConfig": {
        "AdvertiseTrustStoreCaNames": False,
        "IgnoreCertificateExpiry": False,
    }
}
LAMBDA_DEFAULTS: Json = {"IncludeBody": False}
ORIGIN_GROUP_DEFAULTS: Json = {"SelectionCriteria": "default"}
ERROR_TTL = 10
"""Seconds for which an error is cached at least, unless ``CustomErrorResponses`` name it."""
ERROR_RESPONSE_DEFAULTS: Json = {"ErrorCachingMinTTL": 300}
"""Of an error that ``CustomErrorResponses`` name, and say no more of."""
# Without an effect on what is delivered.
_NAMES = frozenset({"CallerReference", "Comment", "Description", "Name"})


@dataclass(frozen=True, kw_only=True)
class CacheBehavior:
    """What the paths of one pattern get.

    :param config: The behavior, with ``CachePolicy``, ``OriginRequestPolicy`` and
        ``ResponseHeadersPolicy`` in place of their ids, with ``Origins`` in the order in
        which they are asked, and with the code of functions. Settings from before there
        were policies become a ``CachePolicy``. A policy that cannot be seen is
        ``{"Id": …}``.
    """

    path_pattern: str
    config: Json


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One distribution.

    :param config: What holds for all paths.
    :param behaviors: In the order in which CloudFront tries them: the default is the last.
    """

    config: Json
    behaviors: tuple[CacheBehavior, ...]

    @property
    def default(self) -> CacheBehavior:
        return self.behaviors[-1]

    def behavior_for(self, path: str) -> CacheBehavior:
        """The first behavior whose pattern matches a path, or all paths of a pattern."""
        return next(
            (
                behavior
                for behavior in self.behaviors[:-1]
                if path_patterns.matches(behavior.path_pattern, path)
            ),
            self.default,
        )


def distributions(resources: Mapping[str, Json]) -> dict[str, Distribution]:
    """The distributions of a template, by logical id.

    :param resources: Resolved: ``Resolver(template).resources()``.
    """

    def find(resource_type: str, value: object) -> Json | None:
        resource = resources.get(reference(value) or "")
        if resource is None or resource.get("Type") != resource_type:
            return None
        return properties(resource)

    return {
        name: from_config(properties(resource).get("DistributionConfig"), find)
        for name, resource in resources.items()
        if resource.get("Type") == DISTRIBUTION
    }


def from_config(config: object, find: Find) -> Distribution:
    """A distribution from its configuration, of a template or of the API.

    :param find: Gives what the configuration refers to.
    """
    named = api_names(config)
    settings = dict(named) if isinstance(named, dict) else {"DistributionConfig": named}
    reader = _Reader(
        find, _origins(settings), _by_id(settings.pop("OriginGroups", None))
    )
    default = settings.pop("DefaultCacheBehavior", None)
    behaviors = [
        reader.behavior(behavior, text(mapping(behavior).get("PathPattern")))
        for behavior in sequence(settings.pop("CacheBehaviors", None))
    ]
    return Distribution(
        config=_settings(settings),
        behaviors=(*behaviors, reader.behavior(default, DEFAULT_PATTERN)),
    )


def _settings(settings: dict[str, Any]) -> Json:
    """What holds for all paths, with one notation for what is off."""
    settings.pop("CallerReference", None)
    if isinstance(settings.get("ViewerCertificate"), dict):
        certificate = _viewer_certificate(settings.pop("ViewerCertificate"))
        if certificate != {"CloudFrontDefaultCertificate": True}:
            settings["ViewerCertificate"] = certificate
    if isinstance(settings.get("Logging"), dict):
        logging = dict(settings.pop("Logging"))
        if logging.pop("Enabled", True) is not False and logging.get("Bucket"):
            settings["Logging"] = filled(logging, LOGGING_DEFAULTS)
        elif logging.get("IncludeCookies"):
            # Log deliveries follow it, too.
            settings["Logging"] = {"IncludeCookies": logging["IncludeCookies"]}
    if isinstance(settings.get("CustomErrorResponses"), list):
        settings["CustomErrorResponses"] = _each_filled(
            settings["CustomErrorResponses"], ERROR_RESPONSE_DEFAULTS
        )
    if isinstance(settings.get("ViewerMtlsConfig"), dict):
        settings["ViewerMtlsConfig"] = filled(
            settings["ViewerMtlsConfig"], VIEWER_MTLS_DEFAULTS, only_present=True
        )
    return filled(settings, DISTRIBUTION_DEFAULTS)


def _viewer_certificate(certificate: Json) -> Json:
    # The API says the certificate a second time, in the names that it once had.
    ignored = {"Certificate", "CertificateSource"}
    if not certificate.keys() & {"ACMCertificateArn", "IAMCertificateId"}:
        # CloudFront's own certificate allows every TLS version, whatever stands beside it.
        ignored |= {"MinimumProtocolVersion", "SSLSupportMethod"}
    elif certificate.get("CloudFrontDefaultCertificate") is False:
        ignored.add("CloudFrontDefaultCertificate")
    return _without(certificate, *ignored)


def _origins(settings: dict[str, Any]) -> dict[str, Any]:
    origins = _by_id(settings.pop("Origins", None))
    for key, kind in (
        ("S3Origin", "S3OriginConfig"),
        ("CustomOrigin", "CustomOriginConfig"),
    ):
        # The two notations from before there were several origins.
        legacy = settings.pop(key, None)
        if isinstance(legacy, dict):
            origins[""] = {
                "DomainName": legacy.get("DNSName"),
                kind: _without(legacy, "DNSName"),
            }
    return origins


def _by_id(values: object) -> dict[str, Any]:
    return {
        text(mapping(value).get("Id"))
        if isinstance(value, dict)
        else text(value): value
        for value in sequence(values)
    }


@dataclass(frozen=True)
class _Reader:
    find: Find
    origins: Mapping[str, Any]
    groups: Mapping[str, Any]

    def behavior(self, value: object, pattern: str) -> CacheBehavior:
        if not isinstance(value, dict):
            config: Json = {} if value is None else {"CacheBehavior": value}
            return CacheBehavior(path_pattern=pattern, config=config)
        settings = _without(value, "PathPattern")
        target = settings.pop("TargetOriginId", None)
        settings |= self._asked(text(target))
        replace_forwarded_values(settings)
        for kind in POLICY_KINDS:
            policy_id = settings.pop(f"{kind}Id", None)
            if policy_id not in (None, ""):
                settings[kind] = self._policy(kind, policy_id)
        if settings.get("TrustedKeyGroups"):
            settings["TrustedKeyGroups"] = self._keys(settings["TrustedKeyGroups"])
        for key, inline, defaults in (
            ("FunctionAssociations", self._function, {}),
            ("LambdaFunctionAssociations", self._lambda, LAMBDA_DEFAULTS),
        ):
            if isinstance(settings.get(key), list):
                inlined = [inline(association) for association in settings[key]]
                settings[key] = _each_filled(inlined, defaults)
        return CacheBehavior(
            path_pattern=pattern, config=filled(settings, BEHAVIOR_DEFAULTS)
        )

    def _asked(self, target: str) -> dict[str, Any]:
        """The origins of a behavior, and when the second is asked.

        Ids have no meaning of their own: they change with the place of a construct.
        """
        group = self.groups.get(target)
        if not isinstance(group, dict):
            known = target in self.origins
            return {"Origins": [self._origin(self.origins[target])] if known else []}
        rest = _without(group, "Id", "Members")
        members = [dict(mapping(member)) for member in sequence(group.get("Members"))]
        asked = [text(member.pop("OriginId", None)) for member in members]
        if any(members):
            rest["Members"] = members
        return {
            "Origins": [self._origin(self.origins.get(member)) for member in asked],
            "OriginGroup": filled(rest, ORIGIN_GROUP_DEFAULTS),
        }

    def _origin(self, value: object) -> Json:
        if not isinstance(value, dict):
            return {"Origin": value}
        origin = _without(value, "Id")
        control = origin.pop("OriginAccessControlId", None)
        if control:
            config = self._config("OriginAccessControl", control)
            origin["OriginAccessControl"] = config or {"Id": control}
        for key, defaults in (
            ("CustomOriginConfig", CUSTOM_ORIGIN_DEFAULTS),
            ("S3OriginConfig", {"OriginReadTimeout": 30}),
            ("VpcOriginConfig", _ORIGIN_TIMEOUTS),
        ):
            if isinstance(origin.get(key), dict):
                origin[key] = filled(origin[key], defaults)
        return filled(origin, ORIGIN_DEFAULTS)

    def _config(self, kind: str, value: object) -> dict[str, Any] | None:
        """What a resource does, without its name."""
        found = self.find(f"{CLOUDFRONT}{kind}", value)
        if found is None:
            return None
        config = api_names(found.get(f"{kind}Config", found))
        return (
            _without(config, *_NAMES)
            if isinstance(config, dict)
            else {"Config": config}
        )

    def _policy(self, kind: str, policy_id: object) -> Json:
        config = self._config(kind, policy_id)
        if config is None:
            config = managed_policy(kind, text(policy_id))
        return (
            {"Id": policy_id} if config is None else with_policy_defaults(kind, config)
        )

    def _keys(self, groups: object) -> list[Json]:
        """The public keys themselves where they can be seen: groups are renamed freely."""
        keys: list[Json] = []
        for group in sequence(groups):
            config = mapping(
                (self.find(f"{CLOUDFRONT}KeyGroup", group) or {}).get("KeyGroupConfig")
            )
            members = sequence(config.get("Items"))
            keys += [self._key(member) for member in members] or [{"KeyGroup": group}]
        return list({canonical(key): key for key in keys}.values())

    def _key(self, value: object) -> Json:
        found = self.find(f"{CLOUDFRONT}PublicKey", value)
        if found is None:
            return {"PublicKey": value}
        config = mapping(found.get("PublicKeyConfig"))
        # PEM is the same with other line ends, and with none at its end.
        encoded = "".join(text(config.get("EncodedKey")).split())
        return {"EncodedKey": encoded, "Name": config.get("Name")}

    def _function(self, association: object) -> Any:
        found = self.find(
            f"{CLOUDFRONT}Function", mapping(association).get("FunctionARN")
        )
        if found is None or not isinstance(association, dict):
            return association
        function = {
            key: _without(value, *_NAMES) if isinstance(value, dict) else value
            for key, value in mapping(api_names(found)).items()
            if key in ("FunctionCode", "FunctionConfig")
        }
        return {**_without(association, "FunctionARN"), "Function": function}

    def _lambda(self, association: object) -> Any:
        """A version's logical id changes with the code: the function is what runs."""
        arn = mapping(association).get("LambdaFunctionARN")
        version = self.find("AWS::Lambda::Version", arn)
        function = version and self.find(
            "AWS::Lambda::Function", version.get("FunctionName")
        )
        if not function or not isinstance(association, dict):
            return association
        kept = ("Code", "Handler", "Layers", "MemorySize", "Runtime", "Timeout")
        return {
            **_without(association, "LambdaFunctionARN"),
            "Function": {key: function[key] for key in kept if key in function},
        }


def _without(config: Json, *keys: str) -> dict[str, Any]:
    return {key: part for key, part in config.items() if key not in keys}


def _each_filled(values: list[Any], defaults: Json) -> list[Any]:
    return [
        filled(value, defaults) if isinstance(value, dict) else value
        for value in values
    ]
