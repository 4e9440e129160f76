"""The three kinds of policy, from a template or AWS's own, as what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdn_review.delivery import managed
from cdn_review.delivery.answers import read_answer
from cdn_review.delivery.model import (
    Answer,
    CacheKey,
    Forwarding,
    Lifetime,
    Number,
    Rest,
    Selection,
)
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
    text,
    unknown,
)

_KINDS = {"none": "none", "whitelist": "some", "allExcept": "all but", "all": "all"}
_NAMES = ("Name", "Comment")
_KNOWN_OF_CACHE = frozenset(
    {
        *("DefaultTTL", "MaxTTL", "MinTTL", *_NAMES),
        "ParametersInCacheKeyAndForwardedToOrigin",
    }
)
_KNOWN_OF_FORWARDING = frozenset(
    {"CookiesConfig", "HeadersConfig", "QueryStringsConfig", *_NAMES}
)
_KNOWN_OF_ANSWERS = frozenset(
    {
        *("CorsConfig", "CustomHeadersConfig", "RemoveHeadersConfig", *_NAMES),
        *("SecurityHeadersConfig", "ServerTimingHeadersConfig"),
    }
)
_LISTS = ("some", "all but")
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
        if not wanted:
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
        if not wanted:
            # Of query strings, legacy settings could send more than they kept apart.
            values = mapping(behavior.get("ForwardedValues"))
            is_all = flag(values.get("QueryString")) and not behavior.get(
                "CachePolicyId"
            )
            return Forwarding(query_strings=Selection(kind="all" if is_all else "none"))
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
        if not wanted:
            return Answer()
        config = self.answers.get(reference(wanted) or "")
        if config is not None:
            return read_answer(config)
        identity = text(wanted)
        return managed.ANSWERS.get(identity, Answer(policy=identity))

    def rest(self, behavior: Json) -> Rest:
        """What no rule reads of the policies of a behavior."""
        found: list[tuple[str, str]] = []
        for key, policies, known in (
            ("CachePolicyId", self.cache, _KNOWN_OF_CACHE),
            ("OriginRequestPolicyId", self.forwarding, _KNOWN_OF_FORWARDING),
            ("ResponseHeadersPolicyId", self.answers, _KNOWN_OF_ANSWERS),
        ):
            config = policies.get(reference(behavior.get(key)) or "")
            found += unknown(config, known, key.removesuffix("Id"))
            headers = mapping(mapping(config).get("HeadersConfig"))
            if headers.get("HeaderBehavior") == "allViewerAndWhitelistCloudFront":
                found.append(("CloudFront's headers", canonical(headers)))
        return tuple(found)


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
    """The times that hold: a minimum above the others raises them."""
    least = number(config.get("MinTTL"), 0)
    return Lifetime(
        least=least,
        default=_raised(number(config.get("DefaultTTL"), 86400), least),
        most=_raised(number(config.get("MaxTTL"), 31536000), least),
    )


def _raised(seconds: Number, least: Number) -> Number:
    if isinstance(seconds, int) and isinstance(least, int):
        return max(seconds, least)
    return seconds


def _headers(config: object) -> Selection:
    """Names of headers have no case."""
    found = mapping(config)
    behavior = _chosen(config, "Header")
    kind = _ANY_HEADER.get(behavior, _KINDS.get(behavior, behavior))
    listed = frozenset(one.lower() for one in names(found.get("Headers")))
    return Selection(kind=kind, names=listed if kind in _LISTS else frozenset())


def _selection(config: object, noun: str) -> Selection:
    found = mapping(config)
    behavior = _chosen(config, noun)
    kind = _KINDS.get(behavior, behavior)
    listed = names(found.get(f"{noun}s")) if kind in _LISTS else frozenset()
    return Selection(kind=kind, names=listed)


def _chosen(config: object, noun: str) -> str:
    """Which are chosen, in CloudFormation's words. What is computed may be anything."""
    if config is not None and (is_computed(config) or not isinstance(config, Mapping)):
        return canonical(config)
    return text(mapping(config).get(f"{noun}Behavior")) or "none"


def _legacy(behavior: Json) -> tuple[CacheKey, Lifetime]:
    """The settings from before there were policies."""
    values = mapping(behavior.get("ForwardedValues"))
    cookies = mapping(values.get("Cookies"))
    headers = frozenset(one.lower() for one in names(values.get("Headers")))
    query = "all" if flag(values.get("QueryString")) else "none"
    only = names(values.get("QueryStringCacheKeys"))
    kind = "all" if "*" in headers else "some" if headers else "none"
    forwarded = _KINDS.get(text(cookies.get("Forward")) or "none", "all")
    key = CacheKey(
        headers=Selection(kind=kind, names=headers if kind == "some" else frozenset()),
        query_strings=Selection(
            kind="some" if only and query == "all" else query,
            names=only if query == "all" else frozenset(),
        ),
        cookies=Selection(
            kind=forwarded,
            names=names(cookies.get("WhitelistedNames"))
            if forwarded == "some"
            else frozenset(),
        ),
        encodings=frozenset({"gzip"} if flag(behavior.get("Compress")) else ()),
    )
    return key, _lifetime(behavior)
