"""The stacks of one side of a comparison, read from ``cdk.out`` or from template files.

https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from cdn_review.settings import Settings, read_settings

NESTED = " (nested "
MANIFEST = "manifest.json"

_MIB = 1024 * 1024
_MANIFEST_BYTES = 32 * _MIB
_TEMPLATE_BYTES = 5 * _MIB
_ASSEMBLY_BYTES = 100 * _MIB
_STACKS = 200
_RESOURCES = 1000
_JSON_LEVELS = 64
_FOLDER_LEVELS = 4

_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}", re.ASCII)
_ENVIRONMENT = re.compile(
    r"aws://(?:unknown-account|([0-9]{12}))/(?:unknown-region|([a-z0-9-]{1,40}))",
    re.ASCII,
)
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SECTIONS = (
    "Conditions",
    "Mappings",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
)
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
    :param left_out: How many ``Fn::ForEach`` entries the template has, which are not in
        ``template``.
    """

    name: str
    template: Mapping[str, Any]
    account: str = ""
    region: str = ""
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


def snapshot_of(
    stacks: Iterable[Stack], *, name: str, settings: Settings | None = None
) -> Snapshot:
    """One side of these stacks, with what the settings beside them say.

    :raises ValueError: when two stacks have one name.
    """
    by_name: dict[str, Stack] = {}
    for stack in stacks:
        if stack.name in by_name:
            raise ValueError(
                f"each stack must have a name of its own, got {stack.name!r} twice"
            )
        by_name[stack.name] = stack
    given = settings or Settings()
    return Snapshot(
        stacks=dict(sorted(by_name.items())),
        name=name,
        unprotected=given.unprotected,
        acknowledged=given.acknowledged,
    )


def notices(*snapshots: Snapshot) -> list[str]:
    """A sentence for each stack of which a part cannot be compared."""
    left_out = {
        name for each in snapshots for name, one in each.stacks.items() if one.left_out
    }
    return [
        f"the Fn::ForEach entries of {name!r} are not compared: only CloudFormation "
        "expands them"
        for name in sorted(left_out)
    ]


def read_pair(before: Path, after: Path) -> tuple[Snapshot, Snapshot]:
    """Both sides from disk: two template files, or two folders that ``cdk synth`` wrote.

    Two template files are one stack, whatever they are called. A folder is ``cdk.out``, or
    a folder with ``cdk.out`` in it; ``cdn-review.toml`` in that folder counts.

    :raises ValueError: with one sentence, when the paths are something else.
    """
    if before.is_dir() != after.is_dir():
        raise ValueError(
            "BEFORE and AFTER must be two template files or two folders, such as "
            f"'old/cdk.out new/cdk.out', got {str(before)!r} and {str(after)!r}"
        )
    if after.is_dir():
        return read_folder(before), read_folder(after)
    name = after.name.partition(".")[0]
    name = name if _STACK_NAME.fullmatch(name) else "template"
    was, now = (
        snapshot_of([stack_of(read_template(path), name=name)], name=path.name)
        for path in (before, after)
    )
    return was, now


def read_folder(folder: Path, *, name: str = "") -> Snapshot:
    """The stacks of ``cdk.out``, or of a folder with ``cdk.out`` in it.

    :raises ValueError: when ``cdk synth`` has not written it.
    """
    for assembly in (folder, folder / "cdk.out"):
        if (assembly / MANIFEST).is_file():
            return snapshot_of(
                read_assembly(assembly),
                name=name or str(folder),
                settings=read_settings(folder),
            )
    raise ValueError(
        "a folder to compare must be one that 'cdk synth' wrote, such as cdk.out, and "
        f"{str(folder)!r} has no {MANIFEST}"
    )


def read_assembly(folder: Path) -> list[Stack]:
    """The stacks of an assembly and of its stages, with their nested stacks.

    :raises ValueError: when it is not an assembly, or too large to compare.
    """
    assembly = _Assembly(folder)
    stacks = list(islice(assembly.stacks(assembly.root), _STACKS + 1))
    if len(stacks) > _STACKS:
        raise ValueError(f"an app must have at most {_STACKS} stacks to be compared")
    return stacks


def read_template(path: Path) -> Any:
    """The JSON of a template file.

    :raises ValueError: when it is something else, such as YAML.
    """
    data = _read(path, most=_TEMPLATE_BYTES)
    if path.suffix in {".yaml", ".yml"} or not data.lstrip().startswith(b"{"):
        raise ValueError(
            f"{path.name} must be a template in JSON: convert YAML, such as with "
            "'pip install cfn-flip' and 'cfn-flip template.yaml template.json'"
        )
    return parse_json(data, name=path.name)


def parse_json(data: bytes, *, name: str) -> Any:
    """JSON of unknown origin.

    :raises ValueError: for what is not JSON, is nested deeper than any template, or cannot
        be written again, such as NaN and half a surrogate pair.
    """
    try:
        value = json.loads(data)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError(_too_deep(name)) from None
    except ValueError as error:
        raise ValueError(f"{name} must be JSON: {str(error)[:200].lower()}") from None
    level, levels = [value], 0
    while level:
        level = [child for parent in level for child in _children(parent)]
        levels += 1
    if levels > _JSON_LEVELS:
        raise ValueError(_too_deep(name))
    return value


def stack_of(template: Any, *, name: Any, **about: Any) -> Stack:
    """A stack whose template has the form that all readers of it rely on.

    What only tells which tools made the template is left out.

    :raises ValueError: when it is no template, or larger than CloudFormation allows.
    """
    outer = name.partition(NESTED)[0] if isinstance(name, str) else ""
    if not _STACK_NAME.fullmatch(outer):
        raise ValueError(
            "the name of a stack must be of letters, digits and hyphens, such as "
            f"'mysite-cdn-prod', got {_shown(name)}"
        )
    if not isinstance(template, Mapping):
        raise ValueError(f"the template of {name!r} must be an object")
    sections = {key: template.get(key, {}) for key in _SECTIONS}
    left_out = 0
    for section, content in sections.items():
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
    return Stack(
        name=name, template={**rest, **_quiet(sections)}, left_out=left_out, **about
    )


class _Assembly:
    """Reads the files in one folder, and none outside of it."""

    def __init__(self, folder: Path) -> None:
        self.root = Path(os.path.realpath(folder))
        self._left = _ASSEMBLY_BYTES

    def stacks(self, folder: Path, *, level: int = 0) -> Iterator[Stack]:
        _check_level(level, "stages")
        manifest = self._json(folder, MANIFEST, most=_MANIFEST_BYTES)
        for name, artifact in _object(manifest, "artifacts").items():
            properties = _object(artifact, "properties")
            if artifact.get("type") == "cdk:cloud-assembly":
                stage = self._inside(folder, properties.get("directoryName"))
                yield from self.stacks(stage, level=level + 1)
            elif artifact.get("type") == "aws:cloudformation:stack":
                yield from self._with_nested(folder, name, artifact)

    def _with_nested(
        self, folder: Path, artifact_name: str, artifact: Mapping[str, Any]
    ) -> Iterator[Stack]:
        properties = _object(artifact, "properties")
        environment = _ENVIRONMENT.fullmatch(str(artifact.get("environment")))
        if environment is None:
            raise ValueError(
                "the environment of a stack must be such as "
                f"'aws://111122223333/us-east-1', got {_shown(artifact.get('environment'))}"
            )
        about = {
            "account": environment[1] or "",
            "region": environment[2] or "",
            "termination_protection": properties.get("terminationProtection") is True,
        }
        template = self._json(folder, properties.get("templateFile"))
        name = properties.get("stackName", artifact_name)
        yield stack_of(template, name=name, **about)
        assets: dict[str, Any] = {}
        if self._inside(folder, f"{artifact_name}.assets.json").is_file():
            listed = self._json(folder, f"{artifact_name}.assets.json")
            assets = _object(listed, "files")
        for logical_id, nested in self._nested(folder, assets, template):
            yield stack_of(nested, name=f"{name}{NESTED}{logical_id})", **about)

    def _nested(
        self, folder: Path, assets: Mapping[str, Any], template: Any, *, level: int = 0
    ) -> Iterator[tuple[str, Any]]:
        """The templates of nested stacks that are in the assembly, and of those in them."""
        _check_level(level, "stacks")
        for logical_id, resource in _object(template, "Resources").items():
            file = _nested_file(resource, assets)
            if not file:
                continue
            inner = self._json(folder, file)
            name = re.sub(r"[^A-Za-z0-9]", "", logical_id)[:160]
            yield name, inner
            for part, deeper in self._nested(folder, assets, inner, level=level + 1):
                yield f"{name}-{part}", deeper

    def _json(self, folder: Path, name: Any, *, most: int = _TEMPLATE_BYTES) -> Any:
        path = self._inside(folder, name)
        data = _read(path, most=min(most, self._left))
        self._left -= len(data)
        return parse_json(data, name=path.name)

    def _inside(self, folder: Path, name: Any) -> Path:
        if not isinstance(name, str) or not name or "\0" in name:
            raise ValueError(f"a file of cdk.out must have a name, got {_shown(name)}")
        path = Path(os.path.realpath(folder / name))
        if not path.is_relative_to(self.root):
            raise ValueError(f"each file of cdk.out must be in it, got {_shown(name)}")
        return path


def _read(path: Path, *, most: int) -> bytes:
    """:raises ValueError: when it is no regular file, or too large."""
    if not path.is_file():
        raise ValueError(f"{path} must be a file, and there is none")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{path.name} must have at most {most} bytes to be compared")
    return data


def _too_deep(name: str) -> str:
    return f"{name} must be nested at most {_JSON_LEVELS} levels deep"


def _check_level(level: int, what: str) -> None:
    if level > _FOLDER_LEVELS:
        raise ValueError(f"{what} must be nested at most {_FOLDER_LEVELS} levels deep")


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key, {}) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"{_shown(key)} in cdk.out must be an object")
    return found


def _nested_file(resource: Any, assets: Mapping[str, Any]) -> str:
    """The template file of a nested stack, by its metadata or by the hash in its URL."""
    if not isinstance(resource, dict) or resource.get("Type") != _STACK_TYPE:
        return ""
    named = _object(resource, "Metadata").get("aws:asset:path")
    url = str(_object(resource, "Properties").get("TemplateURL", ""))[-4096:]
    listed = (
        _object(_object(assets, found), "source").get("path")
        for found in _HASH.findall(url)
    )
    for path in (named, *listed):
        if isinstance(path, str) and path.endswith(".json"):
            return path
    return ""


def _check(sections: Mapping[str, Mapping[str, Any]], name: str) -> None:
    resources = sections["Resources"]
    if len(resources) > _RESOURCES:
        raise ValueError(
            f"{name!r} must have at most {_RESOURCES} resources, got {len(resources)}"
        )
    for resource in resources.values():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise ValueError(f"each resource of {name!r} must be an object with a Type")
        if not isinstance(resource.get("Properties", {}), dict):
            raise ValueError(f"Properties of a resource of {name!r} must be an object")
    for section in ("Outputs", "Parameters"):
        if not all(isinstance(entry, dict) for entry in sections[section].values()):
            raise ValueError(f"{section} of {name!r} must hold objects")


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
    used = set(_used_mappings(quiet))
    quiet["Mappings"] = (
        mappings
        if None in used
        else {name: values for name, values in mappings.items() if name in used}
    )
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


def _used_mappings(value: Any) -> Iterator[str | None]:
    """The mappings that this value reads; None for one whose name is computed."""
    if isinstance(value, dict):
        asked = value.get("Fn::FindInMap")
        if asked is not None:
            first = asked[0] if isinstance(asked, list) and asked else None
            yield first if isinstance(first, str) else None
    for child in _children(value):
        yield from _used_mappings(child)


def _shown(value: object) -> str:
    """A value of unknown origin, short enough for a sentence."""
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:60]}…")
    return f"a value of the type {type(value).__name__}"
