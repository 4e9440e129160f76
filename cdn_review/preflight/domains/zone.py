"""Whether the hosted zone exists, is public, is asked, and has room for the records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_review.preflight.account.credentials import stack_resources
from cdn_review.preflight.aws import Aws, code_of
from cdn_review.preflight.domains.nameservers import nameservers
from cdn_review.preflight.result import Result, failed, passed, skipped, warned
from cdn_review.preflight.target import Record, Target

_RECORD = "AWS::Route53::RecordSet"


def check_zone(target: Target, aws: Aws) -> Iterator[Result]:
    """Each zone that the stack writes to."""
    if not target.zones:
        yield skipped("hosted zone", "the stack writes to none")
    for zone in target.zones:
        try:
            found = aws.client("route53").get_hosted_zone(Id=zone)
        except aws.refused as error:
            if code_of(error) not in ("NoSuchHostedZone", "InvalidInput"):
                raise
            sentence = f"the zone {zone} does not exist in this account"
            cure = "make it, or correct hosted_zone.id in cdk.json"
            yield failed("hosted zone", sentence, cure)
            continue
        yield from _zone(target, zone, found, aws)


def _zone(target: Target, zone: str, found: Any, aws: Aws) -> Iterator[Result]:
    name = _plain(found["HostedZone"]["Name"])
    if found["HostedZone"].get("Config", {}).get("PrivateZone"):
        sentence = f"the zone of {name} is private: nobody on the internet asks it"
        yield failed("hosted zone", sentence, "use the public zone of the name")
        return
    records = [record for record in target.records if record.zone == zone]
    outside = [record.name for record in records if not _is_within(record.name, name)]
    if outside:
        sentence = f"{', '.join(sorted(set(outside)))} is not in the zone of {name}"
        cure = "name the zone of the domain names in cdk.json"
        yield failed("hosted zone", sentence, cure)
        return
    taken = list(_taken(target, records, aws))
    for record, kind in taken:
        sentence = f"{record.name} has a record of the type {kind} already"
        cure = (
            "delete it right before the deploy, or set dns_records to false and change "
            "it yourself afterwards"
        )
        yield failed("hosted zone", sentence, cure)
    if not taken:
        yield passed("hosted zone", f"{name} exists, and has room for the records")
    yield from _delegation(name, found.get("DelegationSet", {}).get("NameServers", ()))


def _delegation(name: str, servers: Any) -> Iterator[Result]:
    """Whether DNS asks the servers of this zone. Nothing is said when it does not answer."""
    wanted = {_plain(one) for one in servers}
    asked = nameservers(name)
    if asked is None or not wanted or asked & wanted:
        return
    who = ", ".join(sorted(asked)[:4]) or "nobody"
    sentence = f"DNS asks {who} for {name}, and not the servers of this zone"
    cure = f"let your registrar name {', '.join(sorted(wanted))}, or use the other zone"
    yield warned("hosted zone", sentence, cure)


def _is_within(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _taken(
    target: Target, records: list[Record], aws: Aws
) -> Iterator[tuple[Record, str]]:
    """Records that the stack wants and does not have, and what is in their place."""
    own = {
        (logical, _plain(physical))
        for kind, logical, physical in stack_resources(target, aws)
        if kind == _RECORD
    }
    client = aws.client("route53")
    for record in records:
        if (record.identity, record.name) in own:
            continue
        answer = client.list_resource_record_sets(
            HostedZoneId=record.zone, StartRecordName=record.name
        )
        # Beside a CNAME there can be nothing else, and it comes after an A.
        there = {
            str(one["Type"])
            for one in answer["ResourceRecordSets"]
            if _plain(one["Name"]) == record.name
        }
        for kind in sorted(there & {record.kind, "CNAME"}):
            yield record, kind


def _plain(name: Any) -> str:
    """A name as people write it; Route 53 writes '*' as its code."""
    return str(name).rstrip(".").replace("\\052", "*").lower()
