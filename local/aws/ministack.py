"""The emulator's program, with the resource types that it lacks.

Keys and key groups become records of the emulated API, as if made through it. The other types
are accepted and remembered by their stack alone: a deploy, a diff and a destroy of them work,
and nothing acts on them.

The names used here are private to ministack 1.5.33, which is why its version is pinned.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, str]]

REMEMBERED = (
    "AWS::CloudFront::MonitoringSubscription",
    "AWS::CloudFront::VpcOrigin",
    "AWS::Logs::Delivery",
    "AWS::Logs::DeliveryDestination",
    "AWS::Logs::DeliverySource",
    "AWS::Logs::QueryDefinition",
)


def main() -> None:
    """Register what is missing, then be the emulator."""
    from ministack import app
    from ministack.services.cloudformation import provisioners

    register(provisioners._RESOURCE_HANDLERS)
    app.main()


def register(handlers: dict[str, dict[str, Any]]) -> None:
    """Add handlers for types that the emulator does not have itself."""
    from ministack.services import cloudfront

    ours = {
        "AWS::CloudFront::PublicKey": _records(cloudfront._public_keys, "PublicKey"),
        "AWS::CloudFront::KeyGroup": _records(cloudfront._key_groups, "KeyGroup"),
        **{kind: _remembered(kind) for kind in REMEMBERED},
    }
    for kind, handler in ours.items():
        handlers.setdefault(kind, handler)


def _records(records: Any, kind: str) -> dict[str, Any]:
    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        config = dict(properties[f"{kind}Config"])
        if config["Name"] in [one["Config"]["Name"] for one in records.values()]:
            raise ValueError(f"{config['Name']} already exists")
        prefix = "K" if kind == "PublicKey" else ""
        identity = f"{prefix}{uuid.uuid4().hex[:13].upper()}"
        now = datetime.now(UTC).isoformat()
        records[identity] = {
            "Id": identity,
            "ETag": uuid.uuid4().hex,
            "CreatedTime": now,
            "LastModifiedTime": now,
            "Config": config,
        }
        return identity, {"Id": identity}

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str
    ) -> Created:
        before, after = (dict(one[f"{kind}Config"]) for one in (old, new))
        keys = [str(one.get("EncodedKey")).strip() for one in (before, after)]
        if keys[0] != keys[1]:
            # As AWS does: https://github.com/aws/aws-cdk/issues/15301
            raise ValueError("EncodedKey of a public key cannot be changed")
        records[physical_id]["Config"] = after
        return physical_id, {"Id": physical_id}

    def delete(physical_id: str, properties: Properties) -> None:
        records.pop(physical_id, None)

    return {"create": create, "update": update, "delete": delete}


def _remembered(kind: str) -> dict[str, Any]:
    role = kind.rpartition("::")[2].lower()

    def attributes(identity: str) -> dict[str, str]:
        arn = f"arn:aws:local:us-east-1:000000000000:{role}/{identity}"
        return {"Id": identity, "Arn": arn, "DeliveryId": identity}

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        identity = str(properties.get("Name") or f"{role}-{uuid.uuid4().hex[:12]}")
        return identity, attributes(identity)

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str
    ) -> Created:
        return physical_id, attributes(physical_id)

    def delete(physical_id: str, properties: Properties) -> None:
        return None

    return {"create": create, "update": update, "delete": delete}


if __name__ == "__main__":
    main()
