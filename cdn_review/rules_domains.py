"""What a change of the domain names means: of certificates, DNS records and tenants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_model.values import Json, mapping, text
from cdn_review.change import BlockReason, Change, Topic
from cdn_review.leaves import Leaf, NameSet, leaf
from cdn_review.rules import (
    SETTING,
    Difference,
    Rule,
    Rules,
    about,
    known,
    listed,
    plural,
    say,
    table,
)

_LOST = BlockReason.DOMAIN_LOST
_WIDENED = BlockReason.ACCESS_WIDENED


def certificate_leaves(properties: dict[str, Any]) -> tuple[dict[str, Leaf], Json]:
    names = [properties.pop("DomainName", None)]
    more = properties.pop("SubjectAlternativeNames", None)
    names += more if isinstance(more, list) else [more]
    return {"Names": frozenset(leaf(name) for name in names if name)}, properties


def tenant_leaves(properties: dict[str, Any]) -> tuple[dict[str, Leaf], Json]:
    found: dict[str, Leaf] = {"Enabled": leaf(properties.pop("Enabled", True))}
    customizations = dict(mapping(properties.get("Customizations")))
    geo = customizations.get("GeoRestrictions")
    if isinstance(geo, dict) and geo.keys() <= {"Locations", "RestrictionType"}:
        del customizations["GeoRestrictions"]
        kinds = {"whitelist": "whitelist", "blacklist": "allExcept"}
        kind = kinds.get(text(geo.get("RestrictionType")), "all")
        places = geo.get("Locations")
        countries = frozenset(map(text, places if isinstance(places, list) else ()))
        found["GeoRestriction"] = NameSet(kind, countries)
        properties["Customizations"] = customizations or None
    domains = properties.get("Domains")
    if isinstance(domains, list):
        names = [mapping(domain).get("Domain", domain) for domain in domains]
        found["Domains"] = frozenset(leaf(name) for name in names)
        del properties["Domains"]
    return found, properties


def domain_names(d: Difference) -> Iterator[Change]:
    """Names that a distribution, a tenant or a certificate gains or loses."""
    for verb, names in (("gains", d.gained), ("loses", d.lost)):
        is_lost, noun = verb == "loses", plural(names, "domain name")
        it, needs = plural(names, "it", "them"), plural(names, "needs", "need")
        note = f"URLs with {it} stop working" if is_lost else ""
        if d.path == "Aliases" and not is_lost:
            note = f"{needs} DNS and a certificate for {it}, and no other distribution may have {it}"
        if names:
            yield say(
                Topic.DOMAINS,
                f"{verb} the {noun} {{}}",
                listed(names),
                note=note,
                block=_LOST if is_lost else None,
                of=(d.path, names),
            )


def _elsewhere(d: Difference) -> BlockReason | None:
    return None if d.added else _LOST


RECORD_RULES = table(
    Topic.DOMAINS,
    Rule(
        r"(?:RecordSets\[[^\]]*\]\.)?(?:AliasTarget\.DNSName|ResourceRecords)",
        "the name leads to {after} instead of {before}",
        note="visitors go there as soon as caches of DNS expire",
        block=_elsewhere,
    ),
    Rule(
        "Name",
        "the name is {after} instead of {before}",
        note="the earlier name no longer resolves",
        block=_elsewhere,
    ),
)


def _wider(d: Difference) -> BlockReason | None:
    before, after = (NameSet("all") if v is None else v for v in (d.before, d.after))
    if isinstance(before, NameSet) and isinstance(after, NameSet):
        return _WIDENED if (after - before).behavior != "none" else None
    return _WIDENED


def _another_web_acl(d: Difference) -> bool:
    """Whether a tenant may get another web ACL than before, or none."""
    if not d.path.endswith("Action"):
        return not d.added
    return known(d.after) in ("disable", None) or (
        not d.added and known(d.after) != "override"
    )


TENANT_RULES = Rules(
    (
        Rule(
            "Enabled",
            "whether it is enabled is {after} instead of {before}",
            topic=Topic.REPLACEMENT,
            when=lambda d: known(d.after) not in (True, "true"),
            note="while it is disabled, its URLs answer with an error",
            block=BlockReason.DISTRIBUTION_DELETED,
        ),
        Rule("Domains", lines=domain_names),
        *about(
            Topic.ACCESS,
            Rule(
                r"Customizations\.WebAcl\.(\w+)",
                "the {key} of its web ACL is {after} instead of {before}",
                when=_another_web_acl,
                block=_WIDENED,
            ),
            Rule(
                "GeoRestriction",
                "viewers can come from {after} instead of {before}",
                absent="where the distribution allows",
                block=_wider,
            ),
        ),
    ),
    fallback=Rule(".*", SETTING, topic=Topic.DELIVERY),
)


CERTIFICATE_RULES = table(Topic.DOMAINS, Rule("Names", lines=domain_names))
