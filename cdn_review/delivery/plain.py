"""Careful reading of a template: whatever stands where, there is an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def mapping(value: object) -> Json:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> list[Any]:
    """The value if it is a list, else one with it. CloudFront's ``Items`` are unwrapped."""
    if isinstance(value, Mapping) and ("Items" in value or "Quantity" in value):
        value = value.get("Items")
    if value is None or value == {}:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def text(value: object) -> str:
    """One word for a value: itself, or canonical JSON for what CloudFormation computes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return canonical(value)


def texts(value: object) -> tuple[str, ...]:
    return tuple(text(one) for one in sequence(value))


def names(value: object) -> frozenset[str]:
    """A list in which neither order nor repetition means anything."""
    return frozenset(texts(value))


def flag(value: object, default: bool = False) -> bool:
    """CloudFormation takes booleans as text, too."""
    if isinstance(value, str):
        return value.lower() == "true"
    return value if isinstance(value, bool) else default


def number(value: object, default: int | None = None) -> int | str | None:
    """A number, also if it is written as text. What it cannot be stays visible."""
    if value is None:
        return default
    if isinstance(value, bool):
        return text(value)
    if isinstance(value, int | float) and value == value // 1:
        return int(value)
    written = text(value)
    is_short = written.isascii() and written.isdigit() and len(written) < 12
    return int(written) if is_short else written


def canonical(value: object) -> str:
    """The same text for the same value, in any order of keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def reference(value: object) -> str | None:
    """The logical id that a value refers to, or ``None``."""
    found = mapping(value)
    if len(found) != 1:
        return None
    if isinstance(found.get("Ref"), str):
        return str(found["Ref"])
    attribute = found.get("Fn::GetAtt")
    if isinstance(attribute, str):
        return attribute.partition(".")[0]
    if isinstance(attribute, list) and attribute and isinstance(attribute[0], str):
        return attribute[0]
    return None


def is_computed(value: object) -> bool:
    """Whether CloudFormation has yet to say what stands there."""
    found = mapping(value)
    return len(found) == 1 and all(
        str(key) == "Ref" or str(key).startswith("Fn::") for key in found
    )


def references(value: object) -> Iterator[str]:
    """Every logical id that a value refers to, wherever in it."""
    found = reference(value)
    if found is not None:
        yield found
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from references(one)


def resources(template: object, kind: str = "") -> dict[str, Json]:
    """The resources of a type, or all of them, by logical id."""
    found = mapping(mapping(template).get("Resources"))
    return {
        name: mapping(found[name])
        for name in sorted(found)
        if not kind or mapping(found[name]).get("Type") == kind
    }


def properties(resource: object) -> Json:
    return mapping(mapping(resource).get("Properties"))


def unknown(
    config: object, known: frozenset[str], name: str = ""
) -> tuple[tuple[str, str], ...]:
    """What no rule reads, by its dotted name, so that a change of it is not lost."""
    if not isinstance(config, Mapping):
        # Such as a list where settings belong: all of it is unread.
        return ((name, canonical(config)),) if config is not None else ()
    prefix = f"{name}." if name else ""
    return tuple(
        (f"{prefix}{key}", canonical(config[key]))
        for key in sorted(config)
        if key not in known and config[key] is not None
    )
