"""From stacks as they are to what may be compared, written and sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cdn_review.packs import limits
from cdn_review.packs.pack import Pack, Stack
from cdn_review.packs.settings import Settings
from cdn_review.redaction import redact_stack, redact_text

# What the CDK adds: its version, and a check of what was bootstrapped.
_OF_THE_CDK = {
    "Conditions": {"CDKMetadataAvailable"},
    "Parameters": {"BootstrapVersion"},
    "Resources": {"CDKMetadata"},
    "Rules": {"CheckBootstrapVersion"},
}
_NESTED = "AWS::CloudFormation::Stack"
_FUNCTION = "AWS::Lambda::Function"
# Functions that the CDK brings itself: their code and runtime follow its version.
_HELPER = re.compile(
    r"(?:Custom(?:S3AutoDeleteObjects|CrossRegionExport|CDKBucketDeployment|Vpc"
    r"|DynamoDBReplica|OpenIdConnect|AWSCDK)|LogRetention"
    r"|AWS679f53fac002430cb0da5b7982bd2287|BucketNotificationsHandler)"
)
_FOLLOWS_THE_CDK = {"Code", "Layers", "Runtime"}
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def prepare(
    stacks: Iterable[Stack], *, revision: str = "", settings: Settings | None = None
) -> Pack:
    """A pack without noise and without what must not leave this machine.

    :raises ValueError: when two stacks have one name, or there are too many.
    """
    found: dict[str, Stack] = {}
    for stack in sorted(stacks, key=lambda one: one.name):
        ready = redact_stack(replace(stack, template=quiet(stack.template)))
        if ready.name in found:
            raise ValueError(
                f"each stack must have a name of its own, and {ready.name!r} is given twice"
            )
        found[ready.name] = ready
    if len(found) > limits.STACKS:
        raise ValueError(
            f"an app must have at most {limits.STACKS} stacks here, got {len(found)}"
        )
    given = settings or Settings()
    return Pack(
        stacks=found,
        revision=redact_text(revision),
        unprotected=given.unprotected,
        acknowledged={
            change: redact_text(reason) for change, reason in given.acknowledged.items()
        },
    )


def quiet(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without what only tells by which tools it was made."""
    done: dict[str, Any] = {}
    for section, content in template.items():
        if section == "Metadata" or content == {}:
            continue
        known = _OF_THE_CDK.get(section, set())
        if isinstance(content, Mapping) and known:
            content = {name: one for name, one in content.items() if name not in known}
        if content != {}:
            done[section] = content
    if isinstance(done.get("Resources"), Mapping):
        done["Resources"] = {
            name: _quiet_resource(name, one) for name, one in done["Resources"].items()
        }
    return done


def _quiet_resource(name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    done = {key: one for key, one in resource.items() if key != "Metadata"}
    properties = done.get("Properties", {})
    if resource["Type"] == _NESTED:
        done["Properties"] = _without_hashes(properties)
    elif resource["Type"] == _FUNCTION and _HELPER.match(name):
        done["Properties"] = {
            key: one for key, one in properties.items() if key not in _FOLLOWS_THE_CDK
        }
    return done


def _without_hashes(value: Any) -> Any:
    """The hash of a nested template says no more than the template itself."""
    if isinstance(value, str):
        return _HASH.sub("asset", value)
    if isinstance(value, Mapping):
        return {key: _without_hashes(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_hashes(one) for one in value]
    return value
