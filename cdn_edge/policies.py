"""From policy configurations, with their defaults, to policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cdn_edge.configuration import (
    CORS_PREFLIGHT_METHODS,
    CachePolicy,
    CorsConfig,
    HeaderRule,
    OriginRequestPolicy,
    ResponseHeadersPolicy,
    Selection,
    SelectionBehavior,
    Ttls,
)
from cdn_model.policies import CACHE_POLICY_DEFAULTS
from cdn_model.values import Json, filled, mapping, sequence, text


def cache_policy(config: Json) -> CachePolicy:
    config = filled(config, CACHE_POLICY_DEFAULTS)
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    # The default of each is "or the minimum, whichever is greater":
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html
    minimum = int(config["MinTTL"])
    default = max(minimum, int(config["DefaultTTL"]))
    return CachePolicy(
        ttls=Ttls(
            minimum=minimum,
            default=default,
            maximum=max(minimum, int(config["MaxTTL"])),
        ),
        headers=_headers(key),
        cookies=_selection(key, "Cookie"),
        query=_selection(key, "QueryString"),
        gzip=bool(key["EnableAcceptEncodingGzip"]),
        brotli=bool(key["EnableAcceptEncodingBrotli"]),
    )


def origin_request_policy(config: Json) -> OriginRequestPolicy:
    return OriginRequestPolicy(
        headers=_headers(config),
        cookies=_selection(config, "Cookie"),
        query=_selection(config, "QueryString"),
    )


def _selection(config: Json, what: str) -> Selection:
    section = mapping(config.get(f"{what}sConfig"))
    return Selection(
        behavior=SelectionBehavior(
            section.get(f"{what}Behavior", SelectionBehavior.NONE)
        ),
        names=frozenset(_names(section, f"{what}s")),
    )


def _headers(config: Json) -> Selection:
    section = mapping(config.get("HeadersConfig"))
    behavior = section.get("HeaderBehavior", SelectionBehavior.NONE)
    all_viewer = behavior in ("allViewer", "allViewerAndWhitelistCloudFront")
    return Selection(
        behavior=SelectionBehavior.ALL if all_viewer else SelectionBehavior(behavior),
        names=frozenset(name.lower() for name in _names(section, "Headers")),
    )


def _names(section: Json, key: str) -> tuple[str, ...]:
    return tuple(text(name) for name in sequence(section.get(key)))


def response_headers(config: Json) -> ResponseHeadersPolicy:
    return ResponseHeadersPolicy(
        cors=_cors(mapping(config.get("CorsConfig"))),
        rules=(
            *_security(mapping(config.get("SecurityHeadersConfig"))),
            *_custom(config),
        ),
        removed=frozenset(
            text(one["Header"]).lower()
            for one in sequence(config.get("RemoveHeadersConfig"))
        ),
        timing_percent=_timing(mapping(config.get("ServerTimingHeadersConfig"))),
    )


def _timing(given: Json) -> float | None:
    return float(given.get("SamplingRate", 0)) if given.get("Enabled") else None


def _cors(given: Json) -> CorsConfig | None:
    if not given:
        return None
    methods = _names(given, "AccessControlAllowMethods")
    max_age = given.get("AccessControlMaxAgeSec")
    return CorsConfig(
        origins=_names(given, "AccessControlAllowOrigins"),
        methods=CORS_PREFLIGHT_METHODS if "ALL" in methods else methods,
        headers=_names(given, "AccessControlAllowHeaders"),
        expose=_names(given, "AccessControlExposeHeaders"),
        max_age=None if max_age is None else int(max_age),
        credentials=bool(given.get("AccessControlAllowCredentials")),
        override=bool(given.get("OriginOverride")),
    )


def _security(given: Json) -> Iterator[HeaderRule]:
    values: Mapping[str, tuple[str, Callable[[Json], str]]] = {
        "Strict-Transport-Security": ("StrictTransportSecurity", _hsts),
        "X-Content-Type-Options": ("ContentTypeOptions", lambda _: "nosniff"),
        "X-Frame-Options": ("FrameOptions", lambda one: text(one["FrameOption"])),
        "Referrer-Policy": ("ReferrerPolicy", lambda one: text(one["ReferrerPolicy"])),
        "Content-Security-Policy": (
            "ContentSecurityPolicy",
            lambda one: text(one["ContentSecurityPolicy"]),
        ),
        "X-XSS-Protection": ("XSSProtection", _xss),
    }
    for name, (key, value) in values.items():
        if key in given:
            section = mapping(given[key])
            yield HeaderRule(
                name=name, value=value(section), override=bool(section.get("Override"))
            )


def _hsts(given: Json) -> str:
    value = f"max-age={int(given.get('AccessControlMaxAgeSec', 0))}"
    value += "; includeSubDomains" if given.get("IncludeSubdomains") else ""
    return value + ("; preload" if given.get("Preload") else "")


def _xss(given: Json) -> str:
    if not given.get("Protection"):
        return "0"
    report = given.get("ReportUri")
    block = "; mode=block" if given.get("ModeBlock") else ""
    return f"1{block}; report={report}" if report else f"1{block}"


def _custom(config: Json) -> Iterator[HeaderRule]:
    for one in sequence(config.get("CustomHeadersConfig")):
        yield HeaderRule(
            name=text(one["Header"]),
            value=text(one.get("Value")),
            override=bool(one.get("Override")),
        )
