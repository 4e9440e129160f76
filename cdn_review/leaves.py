"""Configurations as leaves: one value for each setting, by its dotted path.

Nothing is dropped: what this module does not know keeps its own path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdn_model.distribution import scalar
from cdn_model.values import Computed, Json, canonical, is_computed, mapping, text

DEEPEST = 60


@dataclass(frozen=True)
class Hidden:
    """A value that is compared and never shown, such as a secret or code.

    :param computed: Whether it refers to something else, such as a secret by its name.
    """

    value: str
    computed: bool = False


@dataclass(frozen=True)
class Present:
    """An empty object, which says something by being there: ``{"Block": {}}``."""


@dataclass(frozen=True)
class Key:
    """A public key: the same under another name."""

    value: str
    name: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True)
class Selection:
    """Which headers, query strings or cookies of a request are meant.

    :param behavior: ``none``, ``whitelist``, ``allExcept`` or ``all``, as the API says.
    """

    behavior: str = "none"
    names: frozenset[str] = frozenset()

    @property
    def by_exclusion(self) -> bool:
        """Whether it is all but some names; what cannot be read counts as all."""
        return self.behavior not in ("none", "whitelist")

    @property
    def chosen(self) -> bool:
        return self.behavior != "none"

    def __or__(self, other: Selection) -> Selection:
        if self.by_exclusion and other.by_exclusion:
            return _all_except(self.names & other.names)
        if self.by_exclusion:
            return _all_except(self.names - other.names)
        if other.by_exclusion:
            return _all_except(other.names - self.names)
        return _whitelist(self.names | other.names)

    def __sub__(self, other: Selection) -> Selection:
        if self.by_exclusion and other.by_exclusion:
            return _whitelist(other.names - self.names)
        if self.by_exclusion:
            return _all_except(self.names | other.names)
        if other.by_exclusion:
            return _whitelist(self.names & other.names)
        return _whitelist(self.names - other.names)


def _whitelist(names: frozenset[str]) -> Selection:
    return Selection("whitelist" if names else "none", names)


def _all_except(names: frozenset[str]) -> Selection:
    return Selection("allExcept" if names else "all", names)


Leaf = (
    str
    | int
    | float
    | bool
    | None
    | Computed
    | Hidden
    | Present
    | Selection
    | frozenset[Any]
)
Leaves = Mapping[str, Leaf]
# Properties whose elements are known by one of their own, in this order.
_NATURAL_KEYS = (
    *("Id", "EventType", "ErrorCode", "HeaderName", "Header", "PathPattern", "Sid"),
    *("Name", "Key", "DomainName", "Domain", "StatusCode", "Priority", "Type"),
)
# Secrets, and texts that nobody can compare by reading.
_HIDDEN = re.compile(
    r"(^|\.)(HeaderValue|SearchString|SearchStringBase64|EncodedKey|FunctionCode|Secret\w*"
    r"|\w*Password|PrivateKey|ZipFile|ConnectionFunctionCode)$"
)


def leaves(
    value: object, path: str = "", *, depth: int = 0
) -> Iterator[tuple[str, Leaf]]:
    """Every leaf of a resolved value. A list of scalars is one leaf, without an order."""
    if depth > DEEPEST:
        yield path, "nested too deeply"
    elif isinstance(value, dict) and not is_computed(value):
        yield from _object(value, path, depth)
    elif isinstance(value, list | tuple):
        yield from _list(value, path, depth)
    elif value is not None:
        yield path, leaf(value, path)


def _object(value: Json, path: str, depth: int) -> Iterator[tuple[str, Leaf]]:
    if not value and path:
        yield path, Present()
    prefix = f"{path}." if path else ""
    for key, part in value.items():
        yield from leaves(part, f"{prefix}{key}", depth=depth + 1)


def _list(value: Sequence[Any], path: str, depth: int) -> Iterator[tuple[str, Leaf]]:
    if all(not isinstance(part, dict | list) or is_computed(part) for part in value):
        if value:
            yield path, frozenset(leaf(part, path) for part in value)
        return
    for name, part in _elements(value):
        yield from leaves(part, f"{path}[{name}]", depth=depth + 1)


def _elements(values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """The elements by what tells them apart, so that they are compared with themselves."""
    for key in _NATURAL_KEYS:
        names = [mapping(value).get(key) for value in values]
        if all(
            isinstance(n, str) or (isinstance(n, int) and n is not True) for n in names
        ) and len(set(map(str, names))) == len(names):
            for name, value in zip(names, values, strict=True):
                rest = {k: part for k, part in value.items() if k != key}
                yield str(name), rest
            return
    # Where nothing tells them apart, their order mostly means nothing.
    ordered = sorted(values, key=canonical)
    yield from ((str(number), value) for number, value in enumerate(ordered))


def leaf(value: object, path: str = "") -> Leaf:
    """One value that stands alone."""
    if _HIDDEN.search(path):
        return Hidden(text(value), computed=is_computed(value))
    if is_computed(value):
        return _computed(value)
    return scalar(value) if isinstance(value, str | int | float) else text(value)


def _computed(value: object) -> Leaf:
    if isinstance(value, str):
        return Computed(value)
    parameter = mapping(mapping(value).get("Ref"))
    if "Hidden" in parameter:
        return Hidden(text(value), computed=True)
    default = parameter.get("Default")
    return Computed(
        canonical(value), default=None if default is None else text(default)
    )


# --- What a distribution does ---


def settings_of(config: Json) -> Leaves:
    """The leaves of what holds for all paths of a distribution."""
    rest = dict(config)
    found: dict[str, Leaf] = {}
    aliases = rest.pop("Aliases", None)
    if isinstance(aliases, list):
        found["Aliases"] = frozenset(
            alias.lower() if isinstance(alias, str) else leaf(alias)
            for alias in aliases
        )
    elif aliases is not None:
        rest["Aliases"] = aliases
    restrictions = rest.pop("Restrictions", None)
    if isinstance(restrictions, dict) and not is_computed(restrictions):
        geo = restrictions.get("GeoRestriction")
        found["GeoRestriction"] = _countries(geo)
        others = {
            key: part for key, part in restrictions.items() if key != "GeoRestriction"
        }
        rest["Restrictions"] = others or None
    elif restrictions is not None:
        found["GeoRestriction"] = leaf(restrictions)
    return found | dict(leaves(rest))


def _countries(geo: object) -> Leaf:
    """From which countries viewers can come, if the template says so."""
    config = dict(mapping(geo))
    behavior, names = config.pop("RestrictionType", None), config.pop("Locations", [])
    if (
        config
        or behavior not in ("whitelist", "blacklist", "none")
        or is_computed(names)
    ):
        return None if geo is None else Computed(text(geo))
    if behavior == "none":
        return Selection("all")
    listed = frozenset(map(text, names))
    return Selection("whitelist" if behavior == "whitelist" else "allExcept", listed)


def behavior_of(config: Json) -> Leaves:
    """The leaves of what the paths of a behavior get, but for its origins."""
    rest = {key: value for key, value in config.items() if key != "Origins"}
    found: dict[str, Leaf] = {}
    cache, request = (
        rest.pop("CachePolicy", None),
        rest.pop("OriginRequestPolicy", None),
    )
    if isinstance(cache, dict) and not is_computed(cache):
        cache = _cache_policy(cache, found)
    if isinstance(request, dict) and not is_computed(request):
        request = _selections(request, "OriginRequest", found)
    headers = rest.pop("ResponseHeadersPolicy", None)
    if isinstance(headers, dict) and not is_computed(headers):
        headers = _response_headers(headers, found)
    for name, policy in (
        ("CachePolicy", cache),
        ("OriginRequestPolicy", request),
        ("ResponseHeadersPolicy", headers),
    ):
        if policy:
            found |= dict(leaves(policy, name))
    keys = rest.pop("TrustedKeyGroups", None)
    if isinstance(keys, list):
        found["TrustedKeyGroups"] = frozenset(map(_key, keys))
    elif keys is not None:
        rest["TrustedKeyGroups"] = keys
    for name, associations in (
        ("Function", rest.get("FunctionAssociations")),
        ("Lambda@Edge", rest.get("LambdaFunctionAssociations")),
    ):
        for association in associations if isinstance(associations, list) else []:
            found[f"Code[{text(mapping(association).get('EventType'))}]"] = name
    if "OriginGroup" in rest:
        found["OriginGroup"] = True
    return found | dict(leaves(rest))


def _key(value: object) -> Leaf | Key:
    key = mapping(value)
    if "EncodedKey" in key:
        return Key(text(key["EncodedKey"]), text(key.get("Name")))
    return leaf(key.get("PublicKey", key.get("KeyGroup")))


def _cache_policy(policy: Json, found: dict[str, Leaf]) -> Json:
    """The TTLs that hold, and what makes two requests different to the cache."""
    rest = dict(policy)
    lowest = rest.get("MinTTL")
    for ttl in ("DefaultTTL", "MaxTTL"):
        # A minimum above the others raises them.
        if isinstance(lowest, int) and isinstance(rest.get(ttl), int):
            rest[ttl] = max(rest[ttl], lowest)
    key = rest.pop("ParametersInCacheKeyAndForwardedToOrigin", None)
    if not isinstance(key, dict) or is_computed(key):
        return (
            {**rest, "ParametersInCacheKeyAndForwardedToOrigin": key} if key else rest
        )
    parts = _selections(key, "CacheKey", found)
    for encoding, name in (("Gzip", "gzip"), ("Brotli", "br")):
        flag = f"EnableAcceptEncoding{encoding}"
        if isinstance(parts.get(flag), bool):
            found[f"CacheKey.Encoding[{name}]"] = parts.pop(flag)
    headers = found.get("CacheKey.Headers")
    all_headers = isinstance(headers, Selection) and headers.behavior == "all"
    if isinstance(rest.get("MaxTTL"), int):
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/header-caching.html
        found["Cached"] = rest["MaxTTL"] != 0 and not all_headers
    return (
        {**rest, "ParametersInCacheKeyAndForwardedToOrigin": parts} if parts else rest
    )


def _selections(policy: Json, prefix: str, found: dict[str, Leaf]) -> dict[str, Any]:
    """Moves the selections of a policy to leaves; what is no selection stays."""
    rest = dict(policy)
    for noun in ("Header", "QueryString", "Cookie"):
        config = rest.get(f"{noun}sConfig")
        if not isinstance(config, dict) or is_computed(config):
            continue
        behavior, names = config.get(f"{noun}Behavior"), config.get(f"{noun}s", [])
        extra = config.keys() - {f"{noun}Behavior", f"{noun}s"}
        if isinstance(behavior, str) and isinstance(names, list) and not extra:
            del rest[f"{noun}sConfig"]
            known = {"allViewer": "all", "allViewerAndWhitelistCloudFront": "all"}
            chosen = known.get(behavior, behavior)
            if chosen != behavior and (names or "AndWhitelist" in behavior):
                rest["HeadersOfCloudFront"] = ["added", *names]
            listed = [text(n).lower() if noun == "Header" else text(n) for n in names]
            used = listed if chosen in ("whitelist", "allExcept") else []
            found[f"{prefix}.{noun}s"] = Selection(chosen, frozenset(used))
    return rest


_SECURITY_HEADERS = {
    "ContentSecurityPolicy": "content-security-policy",
    "ContentTypeOptions": "x-content-type-options",
    "FrameOptions": "x-frame-options",
    "ReferrerPolicy": "referrer-policy",
    "StrictTransportSecurity": "strict-transport-security",
    "XSSProtection": "x-xss-protection",
}


def _response_headers(policy: Json, found: dict[str, Leaf]) -> Json:
    """The headers that a browser gets, whichever section of the policy has them."""
    rest = dict(policy)
    security = dict(mapping(rest.get("SecurityHeadersConfig")))
    for key, name in _SECURITY_HEADERS.items():
        config = security.get(key)
        if isinstance(config, dict) and not is_computed(config):
            del security[key]
            extra = _security_header(key, dict(config), f"Header[{name}]", found)
            if extra:
                security[key] = extra
    if isinstance(rest.get("SecurityHeadersConfig"), dict):
        rest["SecurityHeadersConfig"] = security or None
    custom = rest.get("CustomHeadersConfig")
    if isinstance(custom, list) and all(isinstance(item, dict) for item in custom):
        del rest["CustomHeadersConfig"]
        for item in custom:
            name = text(item.get("Header")).lower()
            found[f"Header[{name}]"] = leaf(item.get("Value"))
            extra = {k: v for k, v in item.items() if k not in ("Header", "Value")}
            found |= dict(leaves({"Override": False, **extra}, f"Header[{name}]"))
    removed = rest.get("RemoveHeadersConfig")
    if isinstance(removed, list) and all(isinstance(item, dict) for item in removed):
        del rest["RemoveHeadersConfig"]
        for item in removed:
            path = f"RemovedHeader[{text(item.get('Header')).lower()}]"
            found[path] = True
            extra = {key: part for key, part in item.items() if key != "Header"}
            found |= dict(leaves(extra, path)) if extra else {}
    timing = rest.get("ServerTimingHeadersConfig")
    if (
        isinstance(timing, dict)
        and timing.keys() <= {"Enabled", "SamplingRate"}
        and isinstance(timing.get("Enabled"), bool)
    ):
        del rest["ServerTimingHeadersConfig"]
        rate = timing.get("SamplingRate", 0) if timing["Enabled"] else 0
        found["ServerTiming"] = leaf(rate)
    cors = rest.get("CorsConfig")
    if isinstance(cors, dict) and not is_computed(cors):
        del rest["CorsConfig"]
        found |= _cors(cors)
    return rest


def _security_header(
    key: str, config: dict[str, Any], path: str, found: dict[str, Leaf]
) -> dict[str, Any]:
    """One security header as it is sent, if the template has all of it."""
    override = config.pop("Override", False)
    value: Any = None
    if key == "StrictTransportSecurity":
        age = config.pop("AccessControlMaxAgeSec", None)
        flags = [config.pop(flag, False) for flag in ("IncludeSubdomains", "Preload")]
        if isinstance(age, int) and all(isinstance(flag, bool) for flag in flags):
            names = zip(flags, ("includeSubDomains", "preload"), strict=True)
            value = "; ".join([f"max-age={age}", *(n for flag, n in names if flag)])
        else:
            value = _in_words(
                "max-age", age, "includeSubDomains", flags[0], "preload", flags[1]
            )
    elif key == "XSSProtection":
        on, block = config.pop("Protection", False), config.pop("ModeBlock", False)
        uri = config.pop("ReportUri", None)
        report = f"; report={text(uri)}" if uri else ""
        if isinstance(on, bool) and isinstance(block, bool):
            value = f"1{'; mode=block' if block else ''}{report}" if on else "0"
        else:
            value = _in_words("protection", on, "mode=block", block, "report", uri)
    elif key == "ContentTypeOptions":
        value = "nosniff"
    else:
        value = config.pop({"FrameOptions": "FrameOption"}.get(key, key), None)
    found[path] = value if isinstance(value, Computed) else leaf(value)
    found[f"{path}.Override"] = leaf(override)
    return config


def _in_words(*parts: Any) -> Computed:
    """A header of which a part is computed, or missing."""
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return Computed(
        "; ".join(f"{name}: {text(value) or 'unset'}" for name, value in pairs)
    )


def _cors(config: Json) -> Leaves:
    """The CORS headers that the edge itself adds."""
    rest = dict(config)
    methods = rest.get("AccessControlAllowMethods")
    if isinstance(methods, list) and "ALL" in methods:
        every = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
        rest["AccessControlAllowMethods"] = every
    for name in ("AccessControlAllowHeaders", "AccessControlExposeHeaders"):
        listed = rest.get(name)
        if isinstance(listed, list):
            rest[name] = [n.lower() if isinstance(n, str) else n for n in listed]
    rest.setdefault("AccessControlAllowCredentials", False)
    rest.setdefault("OriginOverride", False)
    return {"Cors": True, **dict(leaves(rest, "Cors"))}


def origin_of(config: Json) -> Leaves:
    """The leaves of one origin. The values of headers that it is sent may be secrets."""
    rest = dict(config)
    found: dict[str, Leaf] = {}
    headers = rest.get("CustomHeaders")
    if isinstance(headers, list) and all(isinstance(item, dict) for item in headers):
        del rest["CustomHeaders"]
        for item in headers:
            name, value = text(item.get("HeaderName")).lower(), item.get("HeaderValue")
            found[f"Header[{name}]"] = Hidden(text(value), computed=is_computed(value))
            extra = {
                k: v for k, v in item.items() if k not in ("HeaderName", "HeaderValue")
            }
            found |= dict(leaves(extra, f"Header[{name}]") if extra else ())
    shield = rest.get("OriginShield")
    if (
        isinstance(shield, dict)
        and shield.keys()
        <= {
            "Enabled",
            "OriginShieldRegion",
        }
        and isinstance(shield.get("Enabled"), bool)
    ):
        del rest["OriginShield"]
        region = shield.get("OriginShieldRegion", "on") if shield["Enabled"] else None
        found["OriginShield"] = None if region is None else leaf(region)
    if "OriginAccessControl" in rest:
        found["Signed"] = True
    found["Kind"] = "server"
    for section, kind in (
        ("CustomOriginConfig", "server"),
        ("S3OriginConfig", "bucket"),
        ("VpcOriginConfig", "VPC origin"),
    ):
        if section in rest:
            found["Kind"] = kind
        if isinstance(rest.get(section), dict) and not is_computed(rest[section]):
            # Their settings have the same names and meanings.
            for key, part in rest.pop(section).items():
                found |= dict(leaves(part, key))
    return found | dict(leaves(rest))


def decoded(computed: Computed) -> Any:
    """How a computed value is computed, as an object; a text for a dynamic reference."""
    if computed.text.startswith("{") and not computed.text.startswith("{{"):
        return json.loads(computed.text)
    return computed.text
