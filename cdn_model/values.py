"""Values of a template or of the API, read with care: whatever stands there has an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

Json = Mapping[str, Any]

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
