"""What a distribution does: its configuration with policies inlined and defaults filled in.

One shape in the names of CloudFront's API, whether it is read from a template or from the
API. Lists stand without ``Quantity`` and ``Items``, names in them in one order. What is empty
and names without an effect are left out, and ``Fn::If`` is resolved before.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cdn_model import managed_policies, path_patterns
from cdn_model.values import (
    Json,
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

# Of a length that Python reads in no time.
_NUMBER = re.compile(r"0|-?[1-9]\d{0,39}", re.ASCII)
# CloudFormation's names where they are not the API's.
_API_NAMES = {
    "AcmCertificateArn": "ACMCertificateArn",
    "CNAMEs": "Aliases",
    "IPV6Enabled": "IsIPV6Enabled",
    "IamCertificateId": "IAMCertificateId",
    "OriginCustomHeaders": "CustomHeaders",
    "OriginSSLProtocols": "OriginSslProtocols",
    "SslSupportMethod": "SSLSupportMethod",
}
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
CACHE_POLICY_DEFAULTS: Json = {
    "DefaultTTL": 86400,
    "MaxTTL": 31536000,
    "MinTTL": 0,
    "ParametersInCacheKeyAndForwardedToOrigin": {
        "CookiesConfig": {"CookieBehavior": "none"},
        "EnableAcceptEncodingBrotli": False,
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    },
}
ORIGIN_REQUEST_POLICY_DEFAULTS: Json = {
    "CookiesConfig": {"CookieBehavior": "none"},
    "HeadersConfig": {"HeaderBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
# Of sections that a policy has; those that it lacks add no header.
RESPONSE_HEADERS_POLICY_DEFAULTS: Json = {
    "CorsConfig": {"AccessControlAllowCredentials": False, "OriginOverride": False},
    "SecurityHeadersConfig": {
        "StrictTransportSecurity": {"IncludeSubdomains": False, "Preload": False},
        "XSSProtection": {"ModeBlock": False},
    },
}
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
_POLICIES: tuple[tuple[str, Json], ...] = (
    ("CachePolicy", CACHE_POLICY_DEFAULTS),
    ("OriginRequestPolicy", ORIGIN_REQUEST_POLICY_DEFAULTS),
    ("ResponseHeadersPolicy", {}),
)
# Without an effect on what is delivered.
_NAMES = frozenset({"CallerReference", "Comment", "Description", "Name"})
# Empty headers are sent, and a parameter can be empty by default. Any other empty text is the
# API's word for a missing setting.
_CAN_BE_EMPTY = frozenset({"Default", "FunctionCode", "HeaderValue", "Value"})


@dataclass(frozen=True, kw_only=True)
class Behavior:
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
    behaviors: tuple[Behavior, ...]

    @property
    def default(self) -> Behavior:
        return self.behaviors[-1]

    def behavior_for(self, path: str) -> Behavior:
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
    named = _api_names(config)
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
    certificate = settings.get("ViewerCertificate")
    if isinstance(certificate, dict):
        # The API says the certificate a second time, in the names that it once had.
        names = certificate.keys() - {"Certificate", "CertificateSource"}
        certificate = {key: certificate[key] for key in sorted(names)}
    has_own = mapping(certificate).keys() & {"ACMCertificateArn", "IAMCertificateId"}
    if isinstance(certificate, dict) and not has_own:
        # CloudFront's own certificate allows every TLS version, whatever stands beside it.
        rest = certificate.keys() - {"MinimumProtocolVersion", "SSLSupportMethod"}
        settings["ViewerCertificate"] = {key: certificate[key] for key in sorted(rest)}
    elif isinstance(certificate, dict):
        settings["ViewerCertificate"] = {
            key: value
            for key, value in certificate.items()
            if (key, value) != ("CloudFrontDefaultCertificate", False)
        }
    if settings.get("ViewerCertificate") == {"CloudFrontDefaultCertificate": True}:
        del settings["ViewerCertificate"]
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


def _origins(settings: dict[str, Any]) -> dict[str, Any]:
    origins = _by_id(settings.pop("Origins", None))
    for key, kind in (
        ("S3Origin", "S3OriginConfig"),
        ("CustomOrigin", "CustomOriginConfig"),
    ):
        # The two notations from before there were several origins.
        legacy = settings.pop(key, None)
        if isinstance(legacy, dict):
            rest = {name: value for name, value in legacy.items() if name != "DNSName"}
            origins[""] = {"DomainName": legacy.get("DNSName"), kind: rest}
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

    def behavior(self, value: object, pattern: str) -> Behavior:
        if not isinstance(value, dict):
            config: Json = {} if value is None else {"CacheBehavior": value}
            return Behavior(path_pattern=pattern, config=config)
        settings = {key: part for key, part in value.items() if key != "PathPattern"}
        target = settings.pop("TargetOriginId", None)
        settings |= self._asked(text(target))
        _legacy(settings)
        for policy, defaults in _POLICIES:
            self._inline_policy(settings, policy, defaults)
        if settings.get("TrustedKeyGroups"):
            settings["TrustedKeyGroups"] = self._keys(settings["TrustedKeyGroups"])
        for key, inline, defaults in (
            ("FunctionAssociations", self._function, {}),
            ("LambdaFunctionAssociations", self._lambda, LAMBDA_DEFAULTS),
        ):
            if isinstance(settings.get(key), list):
                inlined = [inline(association) for association in settings[key]]
                settings[key] = _each_filled(inlined, defaults)
        return Behavior(
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
        rest = {
            key: part for key, part in group.items() if key not in ("Id", "Members")
        }
        members = [dict(mapping(member)) for member in sequence(group.get("Members"))]
        asked = [text(member.pop("OriginId", None)) for member in members]
        if any(members):
            rest["Members"] = members
        rest.setdefault("SelectionCriteria", "default")
        return {
            "Origins": [self._origin(self.origins.get(member)) for member in asked],
            "OriginGroup": filled(rest, ORIGIN_GROUP_DEFAULTS),
        }

    def _origin(self, value: object) -> Json:
        if not isinstance(value, dict):
            return {"Origin": value}
        origin = {key: part for key, part in value.items() if key != "Id"}
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
        config = _api_names(found.get(f"{kind}Config", found))
        return _unnamed(config) if isinstance(config, dict) else {"Config": config}

    def _inline_policy(
        self, settings: dict[str, Any], policy: str, defaults: Json
    ) -> None:
        wanted = settings.pop(f"{policy}Id", None)
        if wanted in (None, ""):
            return
        config = self._config(policy, wanted)
        if config is None:
            config = managed_policies.config(policy, text(wanted))
        if config is not None and policy == "ResponseHeadersPolicy":
            config = _response_headers(config)
        settings[policy] = (
            {"Id": wanted} if config is None else filled(config, defaults)
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
            key: _unnamed(value) if isinstance(value, dict) else value
            for key, value in mapping(_api_names(found)).items()
            if key in ("FunctionCode", "FunctionConfig")
        }
        rest = {key: part for key, part in association.items() if key != "FunctionARN"}
        return {**rest, "Function": function}

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
        rest = {
            key: part for key, part in association.items() if key != "LambdaFunctionARN"
        }
        return {
            **rest,
            "Function": {key: function[key] for key in kept if key in function},
        }


def _response_headers(config: Json) -> dict[str, Any]:
    """The sections with their defaults, without timing headers that are off."""
    sections = filled(config, RESPONSE_HEADERS_POLICY_DEFAULTS, only_present=True)
    timing = mapping(sections.get("ServerTimingHeadersConfig"))
    if timing.get("Enabled") is False:
        del sections["ServerTimingHeadersConfig"]
    return sections


def _legacy(settings: dict[str, Any]) -> None:
    """Settings from before there were policies, as the policy of the same effect.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ForwardedValues.html
    """
    if settings.get("CachePolicyId") not in (None, ""):
        return
    given = settings.pop("ForwardedValues", None)
    values = dict(mapping(given))
    if given is not None and not isinstance(given, dict):
        settings["ForwardedValues"] = given
    ttls = {
        key: settings.pop(key)
        for key in ("DefaultTTL", "MaxTTL", "MinTTL")
        if settings.get(key) is not None
    }
    query, keys = (
        values.pop("QueryString", False),
        values.pop("QueryStringCacheKeys", None),
    )
    headers, cookies = (
        values.pop("Headers", None),
        dict(mapping(values.pop("Cookies", None))),
    )
    key = {
        "HeadersConfig": _legacy_headers(headers),
        "QueryStringsConfig": {"QueryStringBehavior": query}
        if query not in (True, False)
        else {"QueryStringBehavior": "whitelist", "QueryStrings": keys}
        if query and keys
        else {"QueryStringBehavior": "all" if query else "none"},
        "CookiesConfig": {
            "CookieBehavior": cookies.pop("Forward", None) or "none",
            **{
                "Cookies" if name == "WhitelistedNames" else name: part
                for name, part in cookies.items()
            },
        },
        "EnableAcceptEncodingGzip": settings.get("Compress", False),
        **values,
    }
    policy = {**ttls, "ParametersInCacheKeyAndForwardedToOrigin": key}
    settings["CachePolicy"] = filled(policy, CACHE_POLICY_DEFAULTS)
    if query is True and "OriginRequestPolicyId" not in settings:
        # More query strings could be sent than were kept apart.
        forwarded = {"QueryStringsConfig": {"QueryStringBehavior": "all"}}
        settings["OriginRequestPolicy"] = filled(
            forwarded, ORIGIN_REQUEST_POLICY_DEFAULTS
        )


def _legacy_headers(headers: object) -> Json:
    names = sequence(headers)
    if "*" in names:
        return {"HeaderBehavior": "all"}
    return (
        {"HeaderBehavior": "whitelist", "Headers": names}
        if names
        else {"HeaderBehavior": "none"}
    )


def _api_names(value: object, *, ordered: bool = False) -> Any:
    """The value in the API's names, with plain lists, and without what is empty.

    :param ordered: Whether lists are arguments of an intrinsic function.
    """
    if isinstance(value, dict):
        is_list = "Items" in value or "Quantity" in value
        if is_list and value.keys() <= {"Enabled", "Items", "Quantity"}:
            enabled = value.get("Enabled", True) in (True, "true")
            return _api_names(value.get("Items", [])) if enabled else []
        renamed: dict[str, Any] = {}
        for key, part in value.items():
            named = part
            if isinstance(part, (dict, list)):
                named = _api_names(part, ordered=str(key).startswith("Fn::"))
            elif isinstance(part, (str, float)):
                named = scalar(part)
            is_set = named not in (None, []) and (named != "" or key in _CAN_BE_EMPTY)
            if is_set and key != "Quantity":
                renamed[_API_NAMES.get(str(key), str(key))] = named
        return _without_wrappers(renamed)
    if isinstance(value, list):
        parts = [_api_names(part, ordered=ordered) for part in value]
        # Names and codes have no order: the API answers in another one than was written.
        is_set = not ordered and all(isinstance(part, (str, int)) for part in parts)
        return sorted(parts, key=text) if is_set else parts
    return scalar(value)


def _without_wrappers(config: dict[str, Any]) -> dict[str, Any]:
    """``CachedMethods`` inside of ``AllowedMethods``, and the names of countries."""
    methods = config.get("AllowedMethods")
    if isinstance(methods, dict) and "Items" in methods:
        config["AllowedMethods"] = methods["Items"]
        config.setdefault("CachedMethods", methods.get("CachedMethods"))
    geo = config.get("GeoRestriction")
    if isinstance(geo, dict) and "Items" in geo:
        rest = {
            key: part for key, part in geo.items() if key not in ("Items", "Quantity")
        }
        config["GeoRestriction"] = {**rest, "Locations": geo["Items"]}
    return config


def scalar(value: object) -> Any:
    """CloudFormation takes booleans and numbers as text, too, and the other way round.

    In any other notation, such as ``True``, a text is another one where text is asked for.
    """
    if isinstance(value, str):
        if value in ("true", "false"):
            return value == "true"
        return int(value) if _NUMBER.fullmatch(value) else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _unnamed(config: Json) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _NAMES}


def _each_filled(values: list[Any], defaults: Json) -> list[Any]:
    return [
        filled(value, defaults) if isinstance(value, dict) else value
        for value in values
    ]
