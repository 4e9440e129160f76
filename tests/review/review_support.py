"""Two templates compared, and what a reader is told of it."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cdn_review.change import Change, to_text
from cdn_review.compare import compare
from cdn_review.snapshot import Snapshot, stack_of

Template = dict[str, Any]


def side(template: Template) -> Snapshot:
    """As the template is read from disk."""
    return Snapshot(stacks={"shop": stack_of(template, name="shop")})


def review(before: Template, after: Template) -> list[Change]:
    return compare(side(before), side(after))


def words(change: Change) -> str:
    """Without the name of the stack, which can be called like a setting."""
    return f"{to_text(change.message)} {change.note}".strip()


def told(before: Template, after: Template) -> list[str]:
    return list(map(words, review(before, after)))


def blocks(before: Template, after: Template) -> set[str]:
    return {str(change.block) for change in review(before, after) if change.block}


# --- A small shop ---


@cache
def read(name: str) -> Any:
    return yaml.safe_load(Path(__file__).with_name(name).read_text("utf-8"))


def shop(*changes: dict[str, Any], **sections: Any) -> Template:
    """The shop with other values at some places.

    :param changes: Values by their place, such as ``Edge Aliases 0``, or resources by their
        name. None takes away.
    """
    resources = {name: _resource(given) for name, given in read("shop.yml").items()}
    given = [item for each in copy.deepcopy(changes) for item in each.items()]
    for place, value in given:
        name, *steps = place.split()
        if not steps and value is not None:
            resources[name] = _resource(value)
        elif not steps:
            del resources[name]
        else:
            _put(_settings(resources[name]), steps, value)
    return {**sections, "Resources": resources}


def _resource(given: dict[str, Any]) -> dict[str, Any]:
    """``Type_`` is a property that is called like the attribute."""
    properties = copy.deepcopy({k.rstrip("_"): given[k] for k in given if k != "Type"})
    return {"Type": f"AWS::{given['Type']}", "Properties": properties}


def _settings(resource: dict[str, Any]) -> dict[str, Any]:
    """Without the one property around all others that many types of CloudFront have."""
    properties: dict[str, Any] = resource["Properties"]
    (first, *others) = properties
    is_around = not others and first.endswith("Config")
    return properties[first] if is_around else properties


def _put(node: Any, steps: list[str], value: Any) -> None:
    *path, last = steps
    for step in path:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    key = int(last) if isinstance(node, list) else last
    if value is None:
        del node[key]
    elif isinstance(node, list) and key == len(node):
        node.append(value)
    else:
        node[key] = value
