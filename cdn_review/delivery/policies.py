"""The three kinds of policy, from a template or AWS's own, as what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdn_review.delivery import managed
from cdn_review.delivery.model import (
    Answer,
    CacheKey,
    CrossOrigin,
    Forwarding,
    Lifetime,
    Selection,
)
from cdn_review.delivery.plain import (
    Json,
    canonical,
    flag,
    mapping,
    names,
    number,
    properties,
    reference,
    resources,
    sequence,
    text,
)

_KINDS = {"none": "none", "whitelist": "some", "allExcept": "all but", "all": "all"}
_ANY_HEADER = {"allViewer": "all", "allViewerAndWhitelistCloudFront": "all"}


@dataclass(frozen=True)
class Policies:
    """Those that a template defines, by logical id."""

    cache: Mapping[str, Json]
    forwarding: Mapping[str, Json]
    answers: Mapping[str, Json]

    @classmethod
    def of(cls, template: Json) -> Policies:
        def configs(kind: str, key: str) -> dict[str, Json]:
            found = resources(template, f"AWS::CloudFront::{kind}")
            return {
                name: mapping(properties(one).get(key)) for name, one in found.items()
            }

        return cls(
            configs("CachePolicy", "CachePolicyConfig"),
            configs("OriginRequestPolicy", "OriginRequestPolicyConfig"),
            configs("ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
        )

    def caching(self, behavior: Json) -> tuple[CacheKey, Lifetime]:
        """The cache key and the lifetimes of a behavior."""
        wanted = behavior.get("CachePolicyId")
        if wanted is None:
            return _legacy(behavior)
        config = self.cache.get(reference(wanted) or "")
        if config is not None:
            return _cache_key(config), _lifetime(config)
        identity = text(wanted)
        opaque = (
            CacheKey(policy=identity),
            Lifetime(least=None, default=None, most=None),
        )
        return managed.CACHE.get(identity, opaque)

    def forwarded(self, behavior: Json) -> Forwarding:
        wanted = behavior.get("OriginRequestPolicyId")
        if wanted is None:
            return Forwarding()
        config = self.forwarding.get(reference(wanted) or "")
        if config is not None:
            return Forwarding(
                headers=_headers(config.get("HeadersConfig")),
                query_strings=_selection(
                    config.get("QueryStringsConfig"), "QueryString"
                ),
                cookies=_selection(config.get("CookiesConfig"), "Cookie"),
            )
        identity = text(wanted)
        return managed.FORWARDING.get(identity, Forwarding(policy=identity))

    def answer(self, behavior: Json) -> Answer:
        wanted = behavior.get("ResponseHeadersPolicyId")
        if wanted is None:
            return Answer()
        config = self.answers.get(reference(wanted) or "")
        if config is not None:
            return _answer(config)
        identity = text(wanted)
        return managed.ANSWERS.get(identity, Answer(policy=identity))


def _cache_key(config: Json) -> CacheKey:
    key = mapping(config.get("ParametersInCacheKeyAndForwardedToOrigin"))
    encodings = {
        "gzip": flag(key.get("EnableAcceptEncodingGzip")),
        "br": flag(key.get("EnableAcceptEncodingBrotli")),
    }
    return CacheKey(
        headers=_headers(key.get("HeadersConfig")),
        query_strings=_selection(key.get("QueryStringsConfig"), "QueryString"),
        cookies=_selection(key.get("CookiesConfig"), "Cookie"),
        encodings=frozenset(name for name, is_on in encodings.items() if is_on),
    )


def _lifetime(config: Json) -> Lifetime:
    usual = Lifetime()
    return Lifetime(
        least=number(config.get("MinTTL"), 0),
        default=number(config.get("DefaultTTL"), _int(usual.default)),
        most=number(config.get("MaxTTL"), _int(usual.most)),
    )


def _int(value: Any) -> int:
    return int(value)


def _headers(config: object) -> Selection:
    """Names of headers have no case."""
    found = mapping(config)
    behavior = text(found.get("HeaderBehavior")) or "none"
    kind = _ANY_HEADER.get(behavior, _KINDS.get(behavior, behavior))
    listed = frozenset(one.lower() for one in names(found.get("Headers")))
    return Selection(kind=kind, names=listed)


def _selection(config: object, noun: str) -> Selection:
    found = mapping(config)
    behavior = text(found.get(f"{noun}Behavior")) or "none"
    return Selection(
        kind=_KINDS.get(behavior, behavior), names=names(found.get(f"{noun}s"))
    )


def _legacy(behavior: Json) -> tuple[CacheKey, Lifetime]:
    """The settings from before there were policies."""
    values = mapping(behavior.get("ForwardedValues"))
    cookies = mapping(values.get("Cookies"))
    headers = frozenset(one.lower() for one in names(values.get("Headers")))
    query = "all" if flag(values.get("QueryString")) else "none"
    only = names(values.get("QueryStringCacheKeys"))
    kind = "all" if "*" in headers else "some" if headers else "none"
    key = CacheKey(
        headers=Selection(kind=kind, names=headers - {"*"}),
        query_strings=Selection(kind="some" if only else query, names=only),
        cookies=Selection(
            kind=_KINDS.get(text(cookies.get("Forward")), "none"),
            names=names(cookies.get("WhitelistedNames")),
        ),
        encodings=frozenset({"gzip"} if flag(behavior.get("Compress")) else ()),
    )
    return key, _lifetime(behavior)


def _answer(config: Json) -> Answer:
    timing = mapping(config.get("ServerTimingHeadersConfig"))
    custom = {
        text(mapping(one).get("Header")).lower(): text(mapping(one).get("Value"))
        for one in sequence(config.get("CustomHeadersConfig"))
    }
    return Answer(
        cors=_cross_origin(config.get("CorsConfig")),
        headers={**custom, **_security(mapping(config.get("SecurityHeadersConfig")))},
        removed=frozenset(
            text(mapping(one).get("Header")).lower()
            for one in sequence(config.get("RemoveHeadersConfig"))
        ),
        server_timing=text(timing.get("SamplingRate"))
        if flag(timing.get("Enabled"))
        else "",
    )


def _cross_origin(config: object) -> CrossOrigin | None:
    found = mapping(config)
    if not found:
        return None
    prefix = "AccessControl"
    return CrossOrigin(
        origins=names(found.get(f"{prefix}AllowOrigins")),
        credentials=flag(found.get(f"{prefix}AllowCredentials")),
        methods=names(found.get(f"{prefix}AllowMethods")),
        headers=frozenset(
            one.lower() for one in names(found.get(f"{prefix}AllowHeaders"))
        ),
        exposed=frozenset(
            one.lower() for one in names(found.get(f"{prefix}ExposeHeaders"))
        ),
        max_age=number(found.get(f"{prefix}MaxAgeSec")),
        override=flag(found.get("OriginOverride")),
    )


def _security(config: Json) -> dict[str, str]:
    """Security headers as a browser gets them."""
    shown: dict[str, str] = {}
    for key, one in config.items():
        value = mapping(one)
        if key == "StrictTransportSecurity":
            shown["strict-transport-security"] = _hsts(value)
        elif key == "ContentTypeOptions":
            shown["x-content-type-options"] = "nosniff"
        elif key == "ContentSecurityPolicy":
            shown["content-security-policy"] = text(value.get("ContentSecurityPolicy"))
        elif key == "FrameOptions":
            shown["x-frame-options"] = text(value.get("FrameOption"))
        elif key == "ReferrerPolicy":
            shown["referrer-policy"] = text(value.get("ReferrerPolicy"))
        elif key == "XSSProtection":
            shown["x-xss-protection"] = _xss(value)
        else:
            shown[key.lower()] = canonical(one)
    return shown


def _hsts(value: Json) -> str:
    parts = [f"max-age={text(number(value.get('AccessControlMaxAgeSec'), 0))}"]
    parts += ["includeSubDomains"] if flag(value.get("IncludeSubdomains")) else []
    parts += ["preload"] if flag(value.get("Preload")) else []
    return "; ".join(parts)


def _xss(value: Json) -> str:
    if not flag(value.get("Protection")):
        return "0"
    return "1; mode=block" if flag(value.get("ModeBlock")) else "1"
