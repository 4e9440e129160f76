"""Whether the names are free: in CloudFront, in the hosted zone, and in DNS."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from cdn_model.distribution import DISTRIBUTION
from cdn_review.preflight.account import stack_resources
from cdn_review.preflight.clients import Clients, pages
from cdn_review.preflight.planned_stack import DnsRecord, PlannedStack, plain_name
from dj_cloudfront.findings import Finding, failed, passed, warned

_CHECK = "names in DNS"
_ZONE = "hosted zone"
_MOVE = "move it as docs/operations.md says, or take it from the other one first"


def check_aliases(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """A name belongs to one distribution in all of CloudFront."""
    if not any(map(planned.aliases, planned.distributions)):
        return
    own = {
        logical: physical
        for kind, logical, physical in stack_resources(planned, clients)
        if kind == DISTRIBUTION
    }
    client = clients.aws.client("cloudfront")
    holders = {
        alias.lower(): distribution["Id"]
        for distribution in pages(client.list_distributions, "DistributionList")
        for alias in distribution.get("Aliases", {}).get("Items") or ()
    }
    for logical_id in planned.distributions:
        identity = own.get(logical_id, "")
        for alias in planned.aliases(logical_id):
            holder = holders.get(alias, identity)
            if holder != identity:
                message = (
                    f"{alias} is held by the distribution {holder} of this account"
                )
                yield failed(_CHECK, message, _MOVE)
            else:
                yield _alias(alias, identity, clients)


def _alias(alias: str, own: str, clients: Clients) -> Finding:
    found = _conflict(alias, own, clients) if own else None
    if found:
        return found
    if clients.dns.canonical_name(alias).endswith(".cloudfront.net"):
        message = f"{alias} leads to a distribution already, which may be another's"
        return warned(_CHECK, message, _MOVE)
    message = (
        f"{alias} is on no other distribution of this account; of other accounts, nobody "
        "can ask before a distribution has its certificate"
    )
    return passed(_CHECK, message)


def _conflict(alias: str, own: str, clients: Clients) -> Finding | None:
    """CloudFront answers for all accounts, if the distribution's certificate has the name.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListConflictingAliases.html
    """
    call = clients.aws.client("cloudfront").list_conflicting_aliases
    # InvalidArgument: the certificate does not have the name.
    answer = clients.aws.ask(call, "InvalidArgument", DistributionId=own, Alias=alias)
    if answer is None:
        return None
    for conflict in answer["ConflictingAliasesList"].get("Items") or ():
        held, account = conflict["Alias"].lower(), conflict["AccountId"].lstrip("*")
        if own.endswith(conflict["DistributionId"].lstrip("*")):
            continue
        if held == alias:
            message = f"{alias} is held by a distribution that is not this stack's"
            return failed(_CHECK, message, _MOVE)
        # A wildcard and a name below it may only be on distributions of one account.
        if not clients.aws.account.endswith(account):
            message = f"{held} is held by a distribution of another account"
            return failed(_CHECK, message, _MOVE)
    return passed(_CHECK, f"{alias} is free, or this stack's own")


def check_zone(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """Each zone that the stack writes to."""
    call = clients.aws.client("route53").get_hosted_zone
    for zone in planned.zones:
        found = clients.aws.ask(call, "NoSuchHostedZone", "InvalidInput", Id=zone)
        if found is None:
            hint = "make it, or correct hosted_zone.id in cdk.json"
            yield failed(_ZONE, f"{zone} does not exist in this account", hint)
        else:
            yield from _zone(planned, zone, found, clients)


def _zone(
    planned: PlannedStack, zone: str, found: Any, clients: Clients
) -> Iterator[Finding]:
    name = plain_name(found["HostedZone"]["Name"])
    if found["HostedZone"].get("Config", {}).get("PrivateZone"):
        message = f"the zone of {name} is private: nobody on the internet asks it"
        yield failed(_ZONE, message, "use the public zone of the name")
        return
    records = [record for record in planned.records if record.zone == zone]
    outside = {
        record.name for record in records if not f".{record.name}".endswith(f".{name}")
    }
    taken = dict(_taken(planned, records, clients))
    for record in sorted(outside):
        hint = "name the zone of the domain names in cdk.json"
        yield failed(_ZONE, f"{record} is not in the zone of {name}", hint)
    for record, kinds in taken.items():
        message = f"{record} has a record of the type {kinds} already"
        hint = "delete it right before the deploy, or set dns_records to false"
        yield failed(_ZONE, message, hint)
    if not taken and not outside:
        yield passed(_ZONE, f"{name} has room for the records")
    yield from _delegation(name, found, clients)


def _taken(
    planned: PlannedStack, records: list[DnsRecord], clients: Clients
) -> Iterator[tuple[str, str]]:
    """Names that the stack wants records for, and the types that are in the way."""
    own = {
        (logical, plain_name(physical))
        for _, logical, physical in stack_resources(planned, clients)
    }
    call = clients.aws.client("route53").list_resource_record_sets
    new = [record for record in records if (record.logical_id, record.name) not in own]
    for (zone, name), wanted in groupby(
        sorted(new, key=_zone_and_name), key=_zone_and_name
    ):
        answer = call(HostedZoneId=zone, StartRecordName=name)
        there = {
            str(record["Type"])
            for record in answer["ResourceRecordSets"]
            if plain_name(record["Name"]) == name
        }
        # Beside a CNAME there can be nothing else.
        in_the_way = there & {"CNAME", *(record.type for record in wanted)}
        if in_the_way:
            yield name, " and ".join(sorted(in_the_way))


def _zone_and_name(record: DnsRecord) -> tuple[str, str]:
    return record.zone, record.name


def _delegation(name: str, found: Any, clients: Clients) -> Iterator[Finding]:
    """Whether DNS asks the servers of this zone. Nothing is said when it does not answer."""
    servers = found.get("DelegationSet", {}).get("NameServers", ())
    wanted = set(map(plain_name, servers))
    asked = clients.dns.nameservers(name)
    if asked is None or not wanted or asked & wanted:
        return
    who = ", ".join(sorted(asked)[:4]) or "nobody"
    message = f"DNS asks {who} for {name}, and not the servers of this zone"
    hint = f"let your registrar name {', '.join(sorted(wanted))}, or use the other zone"
    yield warned(_ZONE, message, hint)
