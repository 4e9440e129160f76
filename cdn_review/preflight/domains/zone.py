"""Whether the hosted zone exists, is public, and has room for the records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_review.preflight.account.credentials import stack_resources
from cdn_review.preflight.aws import Aws, code_of
from cdn_review.preflight.result import Result, failed, passed, skipped
from cdn_review.preflight.target import Record, Target

_RECORD = "AWS::Route53::RecordSet"


def check_zone(target: Target, aws: Aws) -> Iterator[Result]:
    """Each zone that the stack writes to."""
    if not target.zones:
        yield skipped("hosted zone", "the stack writes to none")
    for zone in target.zones:
        try:
            found = aws.client("route53").get_hosted_zone(Id=zone)["HostedZone"]
        except aws.refused as error:
            if code_of(error) not in ("NoSuchHostedZone", "InvalidInput"):
                raise
            sentence = f"the zone {zone} does not exist in this account"
            cure = "make it, or correct hosted_zone.id in cdk.json"
            yield failed("hosted zone", sentence, cure)
            continue
        yield from _zone(target, zone, found, aws)


def _zone(target: Target, zone: str, found: Any, aws: Aws) -> Iterator[Result]:
    name = str(found["Name"]).rstrip(".").lower()
    if found.get("Config", {}).get("PrivateZone"):
        sentence = f"the zone of {name} is private: nobody on the internet asks it"
        yield failed("hosted zone", sentence, "use the public zone of the name")
        return
    outside = [
        record.name
        for record in target.records
        if record.zone == zone and not _is_within(record.name, name)
    ]
    if outside:
        sentence = f"{', '.join(sorted(set(outside)))} is not in the zone of {name}"
        cure = "name the zone of the domain names in cdk.json"
        yield failed("hosted zone", sentence, cure)
        return
    taken = list(_taken(target, zone, aws))
    for record in taken:
        sentence = f"{record.name} has a record of the type {record.kind} already"
        cure = (
            "delete it right before the deploy, or set dns_records to false and change "
            "it yourself afterwards"
        )
        yield failed("hosted zone", sentence, cure)
    if not taken:
        yield passed("hosted zone", f"{name} exists, and has room for the records")


def _is_within(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _taken(target: Target, zone: str, aws: Aws) -> Iterator[Record]:
    """Records that exist, and that the stack does not have itself."""
    own = {
        logical for kind, logical, _ in stack_resources(target, aws) if kind == _RECORD
    }
    if own:
        return
    client = aws.client("route53")
    for record in target.records:
        if record.zone != zone:
            continue
        answer = client.list_resource_record_sets(
            HostedZoneId=zone,
            StartRecordName=record.name,
            StartRecordType=record.kind,
            MaxItems="1",
        )
        for one in answer["ResourceRecordSets"]:
            same = str(one["Name"]).rstrip(".").replace("\\052", "*").lower()
            if (same, one["Type"]) == (record.name, record.kind):
                yield record
