"""From the API's policy configs to policies."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_edge.configuration import (
    CORS_PREFLIGHT_METHODS,
    CachePolicy,
    Cors,
    HeaderRule,
    OriginRequestPolicy,
    ResponseHeadersPolicy,
    Selection,
    Take,
    Ttls,
)
from cdn_edge.raw import Raw


def cache_policy(config: Raw) -> CachePolicy:
    key = config.section("ParametersInCacheKeyAndForwardedToOrigin")
    return CachePolicy(
        ttls=ttls(config),
        headers=_headers(key),
        cookies=_selection(key, "Cookie"),
        query=_selection(key, "QueryString"),
        gzip=key.flag("EnableAcceptEncodingGzip"),
        brotli=key.flag("EnableAcceptEncodingBrotli"),
    )


def origin_request(config: Raw) -> OriginRequestPolicy:
    return OriginRequestPolicy(
        headers=_headers(config),
        cookies=_selection(config, "Cookie"),
        query=_selection(config, "QueryString"),
    )


def ttls(config: Raw) -> Ttls:
    # The default of each is "or the minimum, whichever is greater":
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html
    minimum = config.number("MinTTL", 0)
    default = max(minimum, config.number("DefaultTTL", Ttls.default))
    return Ttls(
        minimum=minimum,
        default=default,
        maximum=max(minimum, config.number("MaxTTL", max(default, Ttls.maximum))),
    )


def _selection(config: Raw, what: str) -> Selection:
    section = config.section(f"{what}sConfig")
    return Selection(
        take=Take(section.text(f"{what}Behavior", Take.NONE)),
        names=frozenset(section.names(f"{what}s")),
    )


def _headers(config: Raw) -> Selection:
    section = config.section("HeadersConfig")
    behavior = section.text("HeaderBehavior", Take.NONE)
    all_viewer = behavior in ("allViewer", "allViewerAndWhitelistCloudFront")
    return Selection(
        take=Take.ALL if all_viewer else Take(behavior),
        names=frozenset(name.lower() for name in section.names("Headers")),
    )


def response_headers(config: Raw) -> ResponseHeadersPolicy:
    return ResponseHeadersPolicy(
        cors=_cors(config.section("CorsConfig")),
        rules=(*_security(config.section("SecurityHeadersConfig")), *_custom(config)),
        removed=frozenset(
            one.text("Header").lower() for one in config.items("RemoveHeadersConfig")
        ),
    )


def _cors(given: Raw) -> Cors | None:
    if not given:
        return None
    methods = given.names("AccessControlAllowMethods")
    return Cors(
        origins=given.names("AccessControlAllowOrigins"),
        methods=CORS_PREFLIGHT_METHODS if "ALL" in methods else methods,
        headers=given.names("AccessControlAllowHeaders"),
        expose=given.names("AccessControlExposeHeaders"),
        max_age=given.number("AccessControlMaxAgeSec", 0)
        if given.has("AccessControlMaxAgeSec")
        else None,
        credentials=given.flag("AccessControlAllowCredentials"),
        override=given.flag("OriginOverride"),
    )


def _security(given: Raw) -> Iterator[HeaderRule]:
    values = {
        "Strict-Transport-Security": ("StrictTransportSecurity", _hsts),
        "X-Content-Type-Options": ("ContentTypeOptions", lambda _: "nosniff"),
        "X-Frame-Options": ("FrameOptions", lambda one: one.text("FrameOption")),
        "Referrer-Policy": ("ReferrerPolicy", lambda one: one.text("ReferrerPolicy")),
        "Content-Security-Policy": (
            "ContentSecurityPolicy",
            lambda one: one.text("ContentSecurityPolicy"),
        ),
        "X-XSS-Protection": ("XSSProtection", _xss),
    }
    for name, (key, value) in values.items():
        if given.has(key):
            section = given.section(key)
            yield HeaderRule(
                name=name, value=value(section), override=section.flag("Override")
            )


def _hsts(given: Raw) -> str:
    value = f"max-age={given.number('AccessControlMaxAgeSec', 0)}"
    value += "; includeSubDomains" if given.flag("IncludeSubdomains") else ""
    return value + ("; preload" if given.flag("Preload") else "")


def _xss(given: Raw) -> str:
    if not given.flag("Protection"):
        return "0"
    report = given.text("ReportUri")
    block = "; mode=block" if given.flag("ModeBlock") else ""
    return f"1{block}; report={report}" if report else f"1{block}"


def _custom(config: Raw) -> Iterator[HeaderRule]:
    for one in config.items("CustomHeadersConfig"):
        yield HeaderRule(
            name=one.text("Header"),
            value=one.text("Value"),
            override=one.flag("Override"),
        )
