"""Configurations as leaves: one value for each setting, by its dotted path.

Nothing is dropped: what this module does not know keeps its own path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdn_model.values import (
    Computed,
    Json,
    canonical,
    is_computed,
    mapping,
    plain_object,
    scalar,
    text,
)


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
class PublicKey:
    """A public key: the same under another name."""

    value: str
    name: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True)
class NameSet:
    """Some names of headers, query strings, cookies or countries, or all but those."""

    names: frozenset[str] = frozenset()
    all_but: bool = False

    def __bool__(self) -> bool:
        return self.all_but or bool(self.names)

    def __invert__(self) -> NameSet:
        return NameSet(self.names, not self.all_but)

    def __and__(self, other: NameSet) -> NameSet:
        if self.all_but and other.all_but:
            return NameSet(self.names | other.names, all_but=True)
        if self.all_but:
            return NameSet(other.names - self.names)
        if other.all_but:
            return NameSet(self.names - other.names)
        return NameSet(self.names & other.names)

    def __or__(self, other: NameSet) -> NameSet:
        return ~(~self & ~other)

    def __sub__(self, other: NameSet) -> NameSet:
        return self & ~other


ALL = NameSet(all_but=True)
Leaf = str | int | float | None | Computed | Hidden | Present | NameSet | frozenset[Any]
Leaves = Mapping[str, Leaf]
# Properties whose elements are known by one of their own, in this order.
_NATURAL_KEYS = (
    *("Id", "EventType", "ErrorCode", "HeaderName", "Header", "PathPattern", "Sid"),
    *("Name", "Key", "DomainName", "Domain", "StatusCode", "Priority", "Type"),
)
# Lists of scalars whose order has an effect.
_ORDERED = ("Layers", "Command", "EntryPoint")
# Secrets, and texts that nobody can compare by reading.
_HIDDEN = re.compile(
    r"(^|\.)(HeaderValue|SearchString|SearchStringBase64|EncodedKey|FunctionCode|Secret\w*"
    r"|\w*Password|PrivateKey|ZipFile|ConnectionFunctionCode)$"
    r"|(^|\.)(Environment(Variables)?|UserData)($|[.\[])"
    r"|(Token|ApiKey|(?<!Allow)Credentials)$"
)


def leaves(value: object, path: str = "") -> dict[str, Leaf]:
    """Every leaf of a resolved value. Most lists of scalars are one leaf, without an order."""
    found: dict[str, Leaf] = {}
    _add(found, value, path)
    return found


def _add(found: dict[str, Leaf], value: object, path: str) -> None:
    if isinstance(value, dict) and not is_computed(value):
        if not value and path:
            found[path] = Present()
        prefix = f"{path}." if path else ""
        for key, part in value.items():
            _add(found, part, f"{prefix}{key}")
    elif isinstance(value, list):
        if any(isinstance(p, (dict, list)) and not is_computed(p) for p in value):
            for name, part in _elements(value):
                _add(found, part, f"{path}[{name}]")
        elif path.endswith(_ORDERED):
            found |= {f"{path}[{n}]": leaf(part) for n, part in enumerate(value, 1)}
        elif value:
            found[path] = frozenset(map(leaf, value))
    elif value is not None:
        found[path] = leaf(value)


def _elements(values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """The elements by what tells them apart, so that they are compared with themselves."""
    for key in _NATURAL_KEYS:
        if key not in mapping(values[0]):
            continue
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


def hidden(path: str, value: Leaf) -> Leaf:
    """The value itself, unless its path says that nobody may read it."""
    if value is None or not _HIDDEN.search(path):
        return value
    parts = value if isinstance(value, frozenset) else (value,)
    return Hidden(repr(sorted(map(repr, parts))), isinstance(value, Computed))


def leaf(value: object) -> Leaf:
    """One value that stands alone."""
    if is_computed(value):
        return _computed(value)
    return scalar(value) if isinstance(value, (str, int, float)) else text(value)


def _computed(value: object) -> Leaf:
    if isinstance(value, str):
        return Computed(value)
    parameter = mapping(mapping(value).get("Ref"))
    if "Hidden" in parameter:
        return Hidden(text(value), computed=True)
    default = parameter.get("Default")
    # An empty default is as good as none, wherever in the value.
    plain = canonical(value).replace('"Default":"",', "")
    return Computed(plain, default=None if default is None else text(default))


# --- What a distribution does ---


def settings_of(config: Json) -> Leaves:
    """The leaves of what holds for all paths of a distribution."""
    rest, found = dict(config), dict[str, Leaf]()
    if isinstance(rest.get("Aliases"), list):
        found["Aliases"] = frozenset(
            alias.lower() if isinstance(alias, str) else leaf(alias)
            for alias in rest.pop("Aliases")
        )
    restrictions = rest.pop("Restrictions", None)
    if plain_object(restrictions):
        found["GeoRestriction"] = countries(restrictions.get("GeoRestriction"))
        rest["Restrictions"] = _without(restrictions, "GeoRestriction") or None
    elif restrictions is not None:
        found["GeoRestriction"] = leaf(restrictions)
    return found | leaves(rest)


def _without(config: Json, *names: str) -> dict[str, Any]:
    return {key: part for key, part in config.items() if key not in names}


def countries(geo: object) -> Leaf:
    """From which countries viewers can come, if the template says so."""
    config = mapping(geo)
    names = config.get("Locations", [])
    kind = text(config.get("RestrictionType"))
    is_known = kind in ("whitelist", "blacklist", "none") and not is_computed(names)
    if not is_known or _without(config, "RestrictionType", "Locations"):
        return None if geo is None else Computed(text(geo))
    listed = frozenset(map(text, names)) if kind != "none" else frozenset()
    return NameSet(listed, all_but=kind != "whitelist")


def behavior_of(config: Json) -> Leaves:
    """The leaves of what the paths of a behavior get, but for its origins."""
    rest, found = _without(config, "Origins"), dict[str, Leaf]()
    for name, read in (
        ("CachePolicy", _cache_policy),
        ("OriginRequestPolicy", lambda p, f: _selections(p, "OriginRequest", f)),
        ("ResponseHeadersPolicy", _response_headers),
    ):
        policy = rest.pop(name, None)
        if plain_object(policy):
            policy = read(policy, found)
        if policy:
            found |= leaves(policy, name)
    if isinstance(rest.get("TrustedKeyGroups"), list):
        found["TrustedKeyGroups"] = frozenset(map(_key, rest.pop("TrustedKeyGroups")))
    for key, name in (
        ("FunctionAssociations", "Function"),
        ("LambdaFunctionAssociations", "Lambda@Edge"),
    ):
        associations = rest.get(key)
        for association in associations if isinstance(associations, list) else []:
            found[f"Code[{text(mapping(association).get('EventType'))}]"] = name
    if "OriginGroup" in rest:
        found["OriginGroup"] = True
    return found | leaves(rest)


def _key(value: object) -> Leaf | PublicKey:
    key = mapping(value)
    if "EncodedKey" in key:
        return PublicKey(text(key["EncodedKey"]), text(key.get("Name")))
    return leaf(key.get("PublicKey", key.get("KeyGroup")))


def _cache_policy(policy: Json, found: dict[str, Leaf]) -> Json:
    """The TTLs that hold, and what makes two requests different to the cache."""
    rest, section = dict(policy), "ParametersInCacheKeyAndForwardedToOrigin"
    lowest, key = rest.get("MinTTL"), rest.get(section)
    for ttl in ("DefaultTTL", "MaxTTL"):
        # A minimum above the others raises them.
        if isinstance(lowest, int) and isinstance(rest.get(ttl), int):
            rest[ttl] = max(rest[ttl], lowest)
    if not plain_object(key):
        return rest
    parts = _selections(key, "CacheKey", found)
    for encoding, name in (("Gzip", "gzip"), ("Brotli", "br")):
        flag = f"EnableAcceptEncoding{encoding}"
        if isinstance(parts.get(flag), bool):
            found[f"CacheKey.Encoding[{name}]"] = parts.pop(flag)
    if isinstance(rest.get("MaxTTL"), int):
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/header-caching.html
        all_headers = found.get("CacheKey.Headers") == ALL
        found["Cached"] = rest["MaxTTL"] != 0 and not all_headers
    return {**rest, section: parts or None}


_BEHAVIORS = (
    *("none", "whitelist", "allExcept", "all"),
    *("allViewer", "allViewerAndWhitelistCloudFront"),
)


def _selections(policy: Json, prefix: str, found: dict[str, Leaf]) -> dict[str, Any]:
    """Moves the selections of a policy to leaves; what is no selection stays."""
    rest = dict(policy)
    for noun in ("Header", "QueryString", "Cookie"):
        config = mapping(rest.get(f"{noun}sConfig"))
        behavior, names = config.get(f"{noun}Behavior"), config.get(f"{noun}s", [])
        is_known = behavior in _BEHAVIORS and isinstance(names, list)
        if not is_known or _without(config, f"{noun}Behavior", f"{noun}s"):
            continue
        del rest[f"{noun}sConfig"]
        of_cloudfront = behavior == "allViewerAndWhitelistCloudFront"
        if of_cloudfront or (names and behavior == "allViewer"):
            rest["HeadersOfCloudFront"] = ["added", *names]
        listed = {text(n).lower() if noun == "Header" else text(n) for n in names}
        used = listed if behavior in ("whitelist", "allExcept") else set[str]()
        is_all_but = behavior not in ("none", "whitelist")
        chosen = NameSet(frozenset(used), all_but=is_all_but)
        found[f"{prefix}.{noun}s"] = chosen
    return rest


_SECURITY_HEADERS = {
    "ContentSecurityPolicy": "content-security-policy",
    "ContentTypeOptions": "x-content-type-options",
    "FrameOptions": "x-frame-options",
    "ReferrerPolicy": "referrer-policy",
    "StrictTransportSecurity": "strict-transport-security",
}


def _response_headers(policy: Json, found: dict[str, Leaf]) -> Json:
    """The headers that a browser gets, whichever section of the policy has them."""
    rest = dict(policy)
    if isinstance(rest.get("SecurityHeadersConfig"), dict):
        security = dict(rest["SecurityHeadersConfig"])
        for key, name in _SECURITY_HEADERS.items():
            if plain_object(security.get(key)):
                config, path = dict(security[key]), f"Header[{name}]"
                found[f"{path}.Override"] = leaf(config.pop("Override", False))
                found[path] = _security_header(key, config)
                security[key] = config or None
        rest["SecurityHeadersConfig"] = security or None
    for path, item in _items(rest, "CustomHeadersConfig", "Header", "Header"):
        found[path] = leaf(item.pop("Value", None))
        found |= leaves({"Override": False, **item}, path)
    for path, item in _items(rest, "RemoveHeadersConfig", "Header", "RemovedHeader"):
        found |= {**leaves(item, path), path: True}
    if plain_object(rest.get("CorsConfig")):
        found |= _cors(rest.pop("CorsConfig"))
    return rest


def _items(
    rest: dict[str, Any], section: str, key: str, noun: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Moves a list of headers out of a section: each by its path, without its name."""
    items = rest.get(section)
    if isinstance(items, list) and all(isinstance(item, dict) for item in items):
        del rest[section]
        for item in items:
            yield f"{noun}[{text(item.get(key)).lower()}]", _without(item, key)


def _security_header(key: str, config: dict[str, Any]) -> Leaf:
    """One security header as it is sent, taken from its section."""
    if key == "ContentTypeOptions":
        return "nosniff"
    if key == "StrictTransportSecurity":
        age = config.pop("AccessControlMaxAgeSec", None)
        sub, preload = config.pop("IncludeSubdomains"), config.pop("Preload")
        if [type(age), type(sub), type(preload)] == [int, bool, bool]:
            flags = "; includeSubDomains" * sub + "; preload" * preload
            return leaf(f"max-age={age}{flags}")
        # A part is computed, or missing.
        parts = {"max-age": age, "includeSubDomains": sub, "preload": preload}
        words = (f"{name}: {text(value) or 'unset'}" for name, value in parts.items())
        return Computed("; ".join(words))
    return leaf(config.pop("FrameOption" if key == "FrameOptions" else key, None))


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
    return {"Cors": True, **leaves(rest, "Cors")}


def origin_of(config: Json) -> Leaves:
    """The leaves of one origin. The values of headers that it is sent may be secrets."""
    rest, found = dict(config), dict[str, Leaf]()
    for path, item in _items(rest, "CustomHeaders", "HeaderName", "Header"):
        value = item.pop("HeaderValue", None)
        own = Hidden(text(value), computed=is_computed(value))
        found |= {**leaves(item, path), path: own}
    shield = mapping(rest.get("OriginShield"))
    enabled, known = shield.get("Enabled"), {"Enabled", "OriginShieldRegion"}
    if isinstance(enabled, bool) and shield.keys() <= known:
        del rest["OriginShield"]
        region = leaf(shield.get("OriginShieldRegion", "on"))
        found["OriginShield"] = region if enabled else None
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
        if plain_object(rest.get(section)):
            # Their settings have the same names and meanings.
            for key, part in rest.pop(section).items():
                found |= leaves(part, key)
    return found | leaves(rest)


def decoded(computed: Computed) -> Any:
    """How a computed value is computed, as an object; a text for a dynamic reference."""
    try:
        return json.loads(computed.text)
    except ValueError:
        return computed.text
