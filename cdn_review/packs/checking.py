"""What a template and a stack have to look like, so that nobody after has to ask again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cdn_review.packs import limits
from cdn_review.packs.pack import Stack

_SECTIONS = ("Conditions", "Mappings", "Metadata", "Outputs", "Parameters", "Rules")
_NAME = re.compile(
    r"[A-Za-z][A-Za-z0-9-]{0,127}( \(nested [A-Za-z0-9-]{1,160}\))?", re.ASCII
)
_ACCOUNT = re.compile(r"([0-9]{12}|account-[0-9a-f]{4})?", re.ASCII)
_REGION = re.compile(r"([a-z0-9-]{1,40})?", re.ASCII)


def checked_stack(
    *, name: Any, template: Any, account: Any, region: Any, termination_protection: Any
) -> Stack:
    """A stack of these parts.

    :raises ValueError: when one of them cannot be what it says to be.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            "the name of a stack must be of letters, digits and hyphens, such as "
            f"'mysite-cdn-prod', got {shown(name)}"
        )
    where = f"the stack {name!r}"
    for what, value, pattern in (
        ("account", account, _ACCOUNT),
        ("region", region, _REGION),
    ):
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"the {what} of {where} must be one, got {shown(value)}")
    if not isinstance(termination_protection, bool):
        raise ValueError(f"termination protection of {where} must be true or false")
    return Stack(
        name=name,
        template=checked_template(template, where=where),
        account=account,
        region=region,
        termination_protection=termination_protection,
    )


def checked_template(template: Any, *, where: str) -> dict[str, Any]:
    """The template, whose sections are objects and whose resources have a type.

    :raises ValueError: when it is something else, or larger than CloudFormation allows.
    """
    if not isinstance(template, dict):
        raise ValueError(f"the template of {where} must be an object")
    for section in (*_SECTIONS, "Resources"):
        if not isinstance(template.get(section, {}), dict):
            raise ValueError(f"{section} of {where} must be an object")
    resources = template.get("Resources", {})
    if len(resources) > limits.RESOURCES:
        raise ValueError(
            f"{where} must have at most {limits.RESOURCES} resources, got {len(resources)}"
        )
    for resource in resources.values():
        _check_resource(resource, where)
    for section in ("Outputs", "Parameters"):
        if not all(isinstance(one, dict) for one in template.get(section, {}).values()):
            raise ValueError(f"{section} of {where} must hold objects")
    return template


def _check_resource(resource: Any, where: str) -> None:
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    if not isinstance(kind, str) or not 0 < len(kind) <= limits.NAME_CHARACTERS:
        raise ValueError(f"each resource of {where} must be an object with a Type")
    for part in ("Properties", "Metadata"):
        if not isinstance(resource.get(part, {}), dict):
            raise ValueError(f"the {part} of a resource of {where} must be an object")


def shown(value: object) -> str:
    """A value of unknown origin, short enough for a sentence."""
    if isinstance(value, str):
        return repr(value[:60] + "…" if len(value) > 60 else value)
    return f"a value of another type ({type(value).__name__})"
