"""A response headers policy, as the headers that a browser gets."""

from __future__ import annotations

from cdn_review.delivery.model import Answer, CrossOrigin
from cdn_review.delivery.plain import (
    Json,
    canonical,
    flag,
    mapping,
    names,
    number,
    sequence,
    text,
)

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


def read_answer(config: Json) -> Answer:
    """What a response headers policy does."""
    timing = mapping(config.get("ServerTimingHeadersConfig"))
    security = mapping(config.get("SecurityHeadersConfig"))
    items = [mapping(one) for one in sequence(config.get("CustomHeadersConfig"))]
    custom = {text(one.get("Header")).lower(): text(one.get("Value")) for one in items}
    return Answer(
        cors=_cross_origin(config.get("CorsConfig")),
        headers={**custom, **_security(security)},
        yielding=_yielding(items, security),
        removed=frozenset(
            text(mapping(one).get("Header")).lower()
            for one in sequence(config.get("RemoveHeadersConfig"))
        ),
        server_timing=text(timing.get("SamplingRate"))
        if flag(timing.get("Enabled"))
        else "",
    )


def _yielding(items: list[Json], security: Json) -> frozenset[str]:
    """Headers without ``Override``: the origin's own value wins."""
    found = {
        text(one.get("Header")).lower()
        for one in items
        if not flag(one.get("Override"))
    }
    for key, one in security.items():
        if not flag(mapping(one).get("Override")):
            found |= _security({key: one}).keys()
    return frozenset(found)


def _cross_origin(config: object) -> CrossOrigin | None:
    found = mapping(config)
    if not found:
        return None
    prefix = "AccessControl"
    methods = names(found.get(f"{prefix}AllowMethods"))
    return CrossOrigin(
        origins=names(found.get(f"{prefix}AllowOrigins")),
        credentials=flag(found.get(f"{prefix}AllowCredentials")),
        methods=_METHODS if "ALL" in methods else methods,
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
