"""Values of a template or of the API, read with care: whatever stands there has an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

Json = Mapping[str, Any]

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
# Empty headers are sent, and a parameter can be empty by default. Any other empty text is the
# API's word for a missing setting.
_CAN_BE_EMPTY = frozenset({"Default", "FunctionCode", "HeaderValue", "Value"})
_REFERENCE = re.compile(r'"(?:Ref|Fn::GetAtt)": \[?"([^".]+)')


@dataclass(frozen=True)
class Computed:
    """A value that only a deploy knows. It never equals a literal.

    :param text: How it is computed, in one notation.
    :param default: What it is unless the deploy is told otherwise: the default of a
        parameter.
    """

    text: str
    default: str | None = field(default=None, compare=False)


def mapping(value: object) -> Json:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The value if it is a list, else a list of it; CloudFront's ``Items`` are unwrapped."""
    if isinstance(value, dict) and ("Items" in value or "Quantity" in value):
        value = value.get("Items")
    if value is None or value == {}:
        return []
    return list(value) if isinstance(value, list) else [value]


def text(value: object) -> str:
    """A scalar as CloudFormation writes it; anything else as canonical JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Computed):
        return value.text
    return canonical(value)


def canonical(value: object) -> str:
    """The same text for the same value, in any order of keys."""
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        default=str,
    )


def filled(
    config: Json, defaults: Json, *, only_present: bool = False
) -> dict[str, Any]:
    """The settings with defaults for those that are missing, at every level.

    :param only_present: Whether sections that are missing stay so.
    """
    settings = dict(config)
    for key, default in defaults.items():
        value = settings.get(key)
        if not isinstance(default, dict):
            settings[key] = default if value is None else value
        elif value in (None, {}) and not only_present:
            settings[key] = default
        elif isinstance(value, dict) and not is_computed(value):
            settings[key] = filled(value, default, only_present=only_present)
    return settings


def is_computed(value: object) -> bool:
    """Whether a deploy has yet to fill in the value, or a part of it."""
    if isinstance(value, str):
        return "{{resolve:" in value
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (key,) = value
    return key == "Ref" or str(key).startswith("Fn::")


def plain_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether the value is an object with settings in it."""
    return isinstance(value, dict) and not is_computed(value)


def reference(value: object) -> str | None:
    """The logical id that a ``Ref`` or ``Fn::GetAtt`` names, or ``None``."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((function, argument),) = value.items()
    if function == "Fn::GetAtt":
        argument = argument[0] if isinstance(argument, list) and argument else argument
        return argument.partition(".")[0] if isinstance(argument, str) else None
    return argument if function == "Ref" and isinstance(argument, str) else None


def references(value: object) -> set[str]:
    """Every logical id that a value refers to, wherever in it."""
    return set(_REFERENCE.findall(json.dumps(value)))


def resources(template: object, resource_type: str = "") -> dict[str, Json]:
    """The resources of a type, or all of them, by logical id."""
    return {
        name: mapping(resource)
        for name, resource in sorted(
            mapping(mapping(template).get("Resources")).items()
        )
        if not resource_type or mapping(resource).get("Type") == resource_type
    }


def properties(resource: object) -> Json:
    """The properties of a resource; empty when it has none."""
    return mapping(mapping(resource).get("Properties"))


def api_names(value: object, *, ordered: bool = False) -> Any:
    """The value in the API's names, with plain lists, and without what is empty.

    :param ordered: Whether lists are arguments of an intrinsic function.
    """
    if isinstance(value, list):
        parts = [api_names(part, ordered=ordered) for part in value]
        # Names and codes have no order: the API answers in another one than was written.
        is_set = not ordered and all(isinstance(part, (str, int)) for part in parts)
        return sorted(parts, key=text) if is_set else parts
    if not isinstance(value, dict):
        return scalar(value)
    is_list = "Items" in value or "Quantity" in value
    if is_list and value.keys() <= {"Enabled", "Items", "Quantity"}:
        enabled = value.get("Enabled", True) in (True, "true")
        return api_names(value.get("Items", [])) if enabled else []
    renamed: dict[str, Any] = {}
    for key, part in value.items():
        named = part
        if isinstance(part, (dict, list)):
            named = api_names(part, ordered=str(key).startswith("Fn::"))
        elif isinstance(part, (str, float)):
            named = scalar(part)
        is_set = named not in (None, []) and (named != "" or key in _CAN_BE_EMPTY)
        if is_set and key != "Quantity":
            renamed[_API_NAMES.get(str(key), str(key))] = named
    return _without_wrappers(renamed)


def _without_wrappers(config: dict[str, Any]) -> dict[str, Any]:
    """``CachedMethods`` inside of ``AllowedMethods``, and the names of countries."""
    methods = config.get("AllowedMethods")
    if isinstance(methods, dict) and "Items" in methods:
        config["AllowedMethods"] = methods["Items"]
        config.setdefault("CachedMethods", methods.get("CachedMethods"))
    geo = config.get("GeoRestriction")
    if isinstance(geo, dict) and "Items" in geo:
        # Its Quantity is gone already.
        config["GeoRestriction"] = {
            "Locations" if key == "Items" else key: part for key, part in geo.items()
        }
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
