"""The stacks of one side of a comparison, read from ``cdk.out`` or from template files.

https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cdn_review.settings import FILE, Settings, read_settings

NESTED = " (nested "
MANIFEST = "manifest.json"

_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}", re.ASCII)
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SECTIONS = ("Conditions", "Mappings", "Outputs", "Parameters", "Resources", "Rules")
_FOR_EACH = "Fn::ForEach::"
_STACK_TYPE = "AWS::CloudFormation::Stack"

# What the CDK adds to each template: its version, and a check of the bootstrap.
_ADDED_BY_THE_CDK = {
    "Conditions": {"CDKMetadataAvailable"},
    "Parameters": {"BootstrapVersion"},
    "Resources": {"CDKMetadata"},
    "Rules": {"CheckBootstrapVersion"},
}
# Functions that the CDK brings itself: their code and runtime follow its version.
_CDK_FUNCTION = re.compile(
    r"(?:Custom(?:S3AutoDeleteObjects|CrossRegionExport|CDKBucketDeployment|Vpc"
    r"|DynamoDBReplica|OpenIdConnect|AWSCDK)|LogRetention"
    r"|AWS679f53fac002430cb0da5b7982bd2287|BucketNotificationsHandler)"
)
_FOLLOWS_THE_CDK = {"Code", "Layers", "Runtime"}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack as it was synthesized, or as it is deployed.

    :param name: Its name in CloudFormation. A nested stack is named after the stack around
        it and its logical id: ``mysite-cdn-prod (nested Logs)``.
    :param bootstrap: The SSM parameter in which ``cdk bootstrap`` left its version.
    :param left_out: How many ``Fn::ForEach`` entries the template has, which are not in
        ``template``.
    """

    name: str
    template: Mapping[str, Any]
    account: str = ""
    region: str = ""
    bootstrap: str = ""
    termination_protection: bool = False
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One side of a comparison.

    :param name: What a reader calls this side, such as ``1a2b3c4d (origin/main)``.
    :param unprotected: Environments or stacks whose changes need no acknowledgement.
    :param acknowledged: Reasons by the ids of acknowledged changes.
    """

    stacks: Mapping[str, Stack]
    name: str = ""
    unprotected: tuple[str, ...] = ()
    acknowledged: Mapping[str, str] = field(default_factory=dict)


def environments(stacks: Iterable[str]) -> dict[str, str]:
    """What a reader calls each stack: ``prod`` for ``mysite-cdn-prod``.

    A name that two sites would share is not shortened. A nested stack belongs to the
    environment of the stack around it.
    """
    outer = {name: name.partition(NESTED)[0] for name in stacks}
    short = {name: name.rpartition("-cdn-")[2] or name for name in outer.values()}
    names = list(short.values())
    return {
        name: short[stack] if names.count(short[stack]) == 1 else stack
        for name, stack in outer.items()
    }


def chosen(names: Collection[str], *sides: Snapshot) -> list[Snapshot]:
    """The sides with the stacks of these environments alone; whole without a name.

    :raises ValueError: when no side has a stack of such a name.
    """
    stacks = [name for side in sides for name in side.stacks]
    called = environments(stacks)
    known = {name: {name, name.partition(NESTED)[0], called[name]} for name in stacks}
    for name in names:
        if not any(name in words for words in known.values()):
            there = ", ".join(sorted(set(called.values()))) or "none"
            raise ValueError(
                f"ENV must be an environment of the app, which has {there}, got {name!r}"
            )
    kept = {name for name in stacks if not names or known[name] & {*names}}
    return [
        replace(side, stacks={n: one for n, one in side.stacks.items() if n in kept})
        for side in sides
    ]


def snapshot_of(
    stacks: Iterable[Stack], *, name: str, settings: Settings | None = None
) -> Snapshot:
    """One side of these stacks, with what the settings beside them say.

    :raises ValueError: when two stacks have one name.
    """
    found = list(stacks)
    by_name = {stack.name: stack for stack in found}
    if len(by_name) < len(found):
        names = ", ".join(sorted(stack.name for stack in found))
        raise ValueError(f"each stack must have a name of its own, got {names}")
    given = settings or Settings()
    return Snapshot(
        stacks=dict(sorted(by_name.items())),
        name=name,
        unprotected=given.unprotected,
        acknowledged=given.acknowledged,
    )


def notices(before: Snapshot, after: Snapshot) -> list[str]:
    """What a reader must know of the stacks and the acknowledgements."""
    sides = (before.stacks.values(), after.stacks.values())
    left_out = {stack.name for side in sides for stack in side if stack.left_out}
    expanded = "are not compared: only CloudFormation expands them"
    bare = [id_ for id_, reason in after.acknowledged.items() if not reason]
    return [
        *(
            f"the Fn::ForEach entries of {name!r} {expanded}"
            for name in sorted(left_out)
        ),
        *(f"the acknowledgement of {id_!r} in {FILE} needs a reason" for id_ in bare),
    ]


def read_pair(before: Path, after: Path) -> tuple[Snapshot, Snapshot]:
    """Both sides from disk: two template files, or two folders that ``cdk synth`` wrote.

    Two template files are one stack, whatever they are called. A folder is ``cdk.out``, or
    a folder with ``cdk.out`` in it; ``cdn-review.toml`` in that folder counts.

    :raises ValueError: with one sentence, when the paths are something else.
    """
    are_there = before.exists() and after.exists()
    if not are_there or before.is_dir() != after.is_dir():
        raise ValueError(
            "BEFORE and AFTER must be two template files or two folders, such as "
            f"'old/cdk.out new/cdk.out', got {str(before)!r} and {str(after)!r}"
        )
    if after.is_dir():
        return read_folder(before), read_folder(after)
    name = after.name.partition(".")[0]
    name = name if _STACK_NAME.fullmatch(name) else "template"
    was, now = (
        snapshot_of([stack_of(read_json(path), name=name)], name=str(path))
        for path in (before, after)
    )
    return was, now


def read_folder(folder: Path) -> Snapshot:
    """The stacks of ``cdk.out``, or of a folder with ``cdk.out`` in it.

    :raises ValueError: when ``cdk synth`` has not written it.
    """
    for assembly in (folder, folder / "cdk.out"):
        if (assembly / MANIFEST).is_file():
            stacks, settings = read_assembly(assembly), read_settings(folder)
            return snapshot_of(stacks, name=str(folder), settings=settings)
    raise ValueError(
        "a folder to compare must be one that 'cdk synth' wrote, such as cdk.out, and "
        f"{str(folder)!r} has no {MANIFEST}"
    )


def read_json(path: Path) -> Any:
    """A template, or another file of ``cdk.out``, in any encoding of Unicode.

    :raises ValueError: when it is something else, such as YAML.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be a file, and there is none")
    data = path.read_bytes()
    try:
        text = data.decode(json.detect_encoding(data))
        if not text.lstrip().startswith("{"):
            raise ValueError(
                "convert YAML, such as with 'pip install cfn-flip' and 'cfn-flip "
                "template.yaml template.json'"
            )
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} must be an object in JSON: {error}") from None


def read_assembly(folder: Path) -> list[Stack]:
    """The stacks of an assembly and of its stages, with their nested stacks.

    :raises ValueError: when a template is not one.
    """
    return list(_stacks(folder.resolve(), folder.resolve()))


def _stacks(root: Path, folder: Path) -> Iterator[Stack]:
    manifest = _json(root, folder / MANIFEST)
    for name, artifact in manifest.get("artifacts", {}).items():
        properties = artifact.get("properties", {})
        if artifact.get("type") == "cdk:cloud-assembly":
            yield from _stacks(root, folder / properties["directoryName"])
        elif artifact.get("type") == "aws:cloudformation:stack":
            account, region = artifact["environment"].removeprefix("aws://").split("/")
            about = {
                "account": account.replace("unknown-account", ""),
                "region": region.replace("unknown-region", ""),
                "termination_protection": properties.get("terminationProtection")
                is True,
            }
            stack = properties.get("stackName", name)
            template = _json(root, folder / properties["templateFile"])
            yield stack_of(template, name=stack, **about)
            listed = folder / f"{name}.assets.json"
            assets = _json(root, listed)["files"] if listed.is_file() else {}
            for path, nested in _nested(root, folder, template, assets):
                yield stack_of(nested, name=f"{stack}{NESTED}{path})", **about)


def _nested(
    root: Path, folder: Path, template: Any, assets: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The templates of nested stacks that are in the assembly, and of those in them."""
    for logical_id, resource in template.get("Resources", {}).items():
        if file := _nested_file(resource, assets):
            nested = _json(root, folder / file)
            yield logical_id, nested
            for path, deeper in _nested(root, folder, nested, assets):
                yield f"{logical_id}-{path}", deeper


def _json(root: Path, path: Path) -> Any:
    """A file of the assembly, and none outside of it: a pull request can write the names."""
    if not path.resolve().is_relative_to(root):
        raise ValueError(f"each file of cdk.out must be in it, got {path.name!r}")
    return read_json(path)


def _nested_file(resource: Any, assets: Mapping[str, Any]) -> str:
    """The template file of a nested stack, by its metadata or by the hash in its URL."""
    if not isinstance(resource, dict) or resource.get("Type") != _STACK_TYPE:
        return ""
    url = str(resource.get("Properties", {}).get("TemplateURL", ""))
    listed = (
        assets[key]["source"]["path"] for key in _HASH.findall(url) if key in assets
    )
    paths = (resource.get("Metadata", {}).get("aws:asset:path", ""), *listed)
    return next((path for path in paths if path.endswith(".json")), "")


def stack_of(template: Any, *, name: str, **about: Any) -> Stack:
    """A stack whose template has the form that all readers of it rely on.

    What only tells which tools made the template is left out.

    :raises ValueError: when it is no template.
    """
    sections, left_out = {}, 0
    for section in _SECTIONS:
        content = template.get(section, {})
        if not isinstance(content, Mapping):
            raise ValueError(f"{section} of {name!r} must be an object")
        kept = {
            key: entry
            for key, entry in content.items()
            if not key.startswith(_FOR_EACH)
        }
        left_out += len(content) - len(kept)
        sections[section] = kept
    _check(sections, name)
    rest = {
        key: content
        for key, content in template.items()
        if key not in sections and key != "Metadata"
    }
    bootstrap = sections["Parameters"].get("BootstrapVersion", {}).get("Default", "")
    return Stack(
        name=name,
        template={**rest, **_quiet(sections)},
        bootstrap=str(bootstrap),
        left_out=left_out,
        **about,
    )


def _check(sections: Mapping[str, Mapping[str, Any]], name: str) -> None:
    for section in ("Outputs", "Parameters", "Resources"):
        if not all(isinstance(entry, dict) for entry in sections[section].values()):
            raise ValueError(f"{section} of {name!r} must hold objects")
    for id_, resource in sections["Resources"].items():
        if not isinstance(resource.get("Type"), str):
            raise ValueError(f"the resource {id_!r} of {name!r} must have a Type")
        if not isinstance(resource.get("Properties", {}), dict):
            raise ValueError(f"Properties of {id_!r} of {name!r} must be an object")


def _quiet(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The sections without what only tells which tools made them."""
    quiet: dict[str, Any] = {
        section: {
            key: entry
            for key, entry in content.items()
            if key not in _ADDED_BY_THE_CDK.get(section, ())
        }
        for section, content in sections.items()
    }
    quiet["Resources"] = {
        name: _quiet_resource(name, resource)
        for name, resource in quiet["Resources"].items()
    }
    mappings = quiet.pop("Mappings")
    readers = json.dumps(quiet)
    if '"Fn::FindInMap": [{' not in readers:  # Else a name of a mapping is computed.
        mappings = {
            name: values
            for name, values in mappings.items()
            if json.dumps(name) in readers
        }
    quiet["Mappings"] = mappings
    return {section: content for section, content in quiet.items() if content}


def _quiet_resource(name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    quiet = {key: value for key, value in resource.items() if key != "Metadata"}
    properties = quiet.get("Properties", {})
    if resource["Type"] == _STACK_TYPE:
        # The hash of a nested template says no more than the template itself.
        quiet["Properties"] = json.loads(_HASH.sub("asset", json.dumps(properties)))
    elif resource["Type"] == "AWS::Lambda::Function" and _CDK_FUNCTION.match(name):
        quiet["Properties"] = {
            key: value
            for key, value in properties.items()
            if key not in _FOLLOWS_THE_CDK
        }
    return quiet
