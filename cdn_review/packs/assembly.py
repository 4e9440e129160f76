"""``cdk.out``: the stacks that an app has synthesized.

https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cdn_review.packs import limits
from cdn_review.packs.checking import checked_stack, checked_template, shown
from cdn_review.packs.pack import Stack
from cdn_review.packs.strict_json import parse, read_bytes

MANIFEST = "manifest.json"
_STACK, _STAGE = "aws:cloudformation:stack", "cdk:cloud-assembly"
_NESTED = "AWS::CloudFormation::Stack"
_ENVIRONMENT = re.compile(r"aws://([^/]*)/([^/]*)")
_UNKNOWN = {"unknown-account", "unknown-region"}
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_NO_ASSETS: dict[str, Any] = {}


def read_assembly(folder: Path) -> list[Stack]:
    """The stacks of an assembly and of its stages, with their nested stacks.

    A nested stack is one of its own here, named ``mysite-cdn-prod (nested Logs)`` by its
    logical id. Nothing is redacted yet, and nothing outside the folder is read.

    :raises ValueError: with one sentence, for all that is not an assembly within bounds.
    """
    root = folder.resolve()
    found = []
    for stack in _stacks(root, root, depth=0):
        found.append(stack)
        if len(found) > limits.STACKS:
            raise ValueError(f"an app must have at most {limits.STACKS} stacks here")
    return found


def read_template(path: Path) -> Stack:
    """A single template as a stack that has the name of the file.

    :raises ValueError: with one sentence, when it is none.
    """
    name = path.name.removesuffix(".json").removesuffix(".template")
    return checked_stack(
        name=name,
        template=_json(path, limits.TEMPLATE_BYTES),
        account="",
        region="",
        termination_protection=False,
    )


def _stacks(root: Path, folder: Path, *, depth: int) -> Iterator[Stack]:
    if depth > limits.NESTED_FOLDERS:
        raise ValueError(
            f"stages must be nested at most {limits.NESTED_FOLDERS} levels deep"
        )
    manifest = _json(_inside(root, folder, MANIFEST), limits.MANIFEST_BYTES)
    for name, artifact in _objects(manifest, "artifacts").items():
        properties = _objects(artifact, "properties")
        if artifact.get("type") == _STAGE:
            nested = _inside(root, folder, properties.get("directoryName"))
            yield from _stacks(root, nested, depth=depth + 1)
        elif artifact.get("type") == _STACK:
            yield from _with_nested(root, folder, name, artifact)


def _with_nested(
    root: Path, folder: Path, name: str, artifact: Mapping[str, Any]
) -> Iterator[Stack]:
    properties = _objects(artifact, "properties")
    path = _inside(root, folder, properties.get("templateFile"))
    account, region = _environment(artifact.get("environment"))
    about = {
        "account": account,
        "region": region,
        "termination_protection": properties.get("terminationProtection", False),
    }
    stack = checked_stack(
        name=properties.get("stackName", name),
        template=_json(path, limits.TEMPLATE_BYTES),
        **about,
    )
    yield stack
    assets = _assets(root, folder, name)
    for logical_id, template in _nested(root, folder, assets, stack.template, depth=0):
        nested_name = f"{stack.name} (nested {logical_id})"
        yield checked_stack(name=nested_name, template=template, **about)


def _nested(
    root: Path,
    folder: Path,
    assets: Mapping[str, Any],
    template: Mapping[str, Any],
    *,
    depth: int,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The templates of nested stacks that are in the assembly, and of those in them."""
    if depth > limits.NESTED_FOLDERS:
        raise ValueError(
            f"stacks must be nested at most {limits.NESTED_FOLDERS} levels deep"
        )
    for logical_id, resource in template.get("Resources", {}).items():
        file = _file_of(resource, assets) if resource["Type"] == _NESTED else ""
        if not file:
            continue
        content = _json(_inside(root, folder, file), limits.TEMPLATE_BYTES)
        inner = checked_template(content, where=f"the nested stack {shown(logical_id)}")
        yield logical_id, inner
        for name, deeper in _nested(root, folder, assets, inner, depth=depth + 1):
            yield f"{logical_id}-{name}", deeper


def _file_of(resource: Mapping[str, Any], assets: Mapping[str, Any]) -> str:
    """Where the template of a nested stack is, from its metadata or from its hash."""
    named = resource.get("Metadata", {}).get("aws:asset:path")
    if isinstance(named, str) and named.endswith(".json"):
        return named
    url = str(resource.get("Properties", {}).get("TemplateURL", ""))
    for found in _HASH.findall(url[-4096:]):
        path = _objects(_objects(assets, found), "source").get("path", "")
        if isinstance(path, str) and path.endswith(".json"):
            return path
    return ""


def _assets(root: Path, folder: Path, name: str) -> dict[str, Any]:
    path = _inside(root, folder, f"{name}.assets.json")
    if not path.exists():
        return _NO_ASSETS
    return _objects(_json(path, limits.MANIFEST_BYTES), "files")


def _environment(given: Any) -> tuple[str, str]:
    found = _ENVIRONMENT.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise ValueError(
            "the environment of a stack must be one, such as "
            f"'aws://111122223333/us-east-1', got {shown(given)}"
        )
    account, region = ("" if one in _UNKNOWN else one for one in found.groups())
    return account, region


def _inside(root: Path, folder: Path, name: Any) -> Path:
    """A path in the assembly. The app that wrote it may want to show another file."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError(f"a file of an assembly must have a name, got {shown(name)}")
    path = Path(os.path.realpath(folder / name))
    if not path.is_relative_to(root):
        raise ValueError(
            f"each file of an assembly must be inside it, and {shown(name)} is not"
        )
    return path


def _objects(given: Any, key: str) -> dict[str, Any]:
    """An object in an object; an empty one if it is missing."""
    found = given.get(key, {}) if isinstance(given, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"{shown(key)} in an assembly must be an object")
    return found


def _json(path: Path, most: int) -> Any:
    return parse(read_bytes(path, most=most), name=path.name)
