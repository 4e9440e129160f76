"""What a change means for a whole distribution or tenant, and for its domain names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cdn_model.distribution import ERROR_TTL
from cdn_model.values import Json, mapping, plain_object
from cdn_review.change import BlockReason, Change, Tag, Topic, Trusted, format_message
from cdn_review.leaves import ALL, Leaf, NameSet, countries, leaf
from cdn_review.rules import SETTING, Difference, Rule, about, say, table
from cdn_review.shown import (
    duration,
    elements,
    known,
    listed,
    plural,
    shown_selection,
    words,
)

# From old to new.
_TLS_POLICIES = (
    *("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019"),
    *("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"),
)
_PRICE_CLASSES = {
    "PriceClass_100": "North America and Europe",
    "PriceClass_200": "most of the world",
    "PriceClass_All": "all edge locations",
}
_WIDENED, _LOST = BlockReason.ACCESS_WIDENED, BlockReason.DOMAIN_LOST
_OFF = BlockReason.DISTRIBUTION_DELETED


def _may_be_off(d: Difference) -> bool:
    """A value that only the deploy knows can switch it off."""
    return known(d.after) not in (True, "true")


def _older_tls(d: Difference) -> bool:
    return _tls_rank(known(d.after)) < _tls_rank(known(d.before))


def _tls_rank(version: Leaf) -> int:
    # Without a certificate of its own, a distribution takes every version.
    version = "TLSv1" if version is None else version
    return _TLS_POLICIES.index(str(version)) if version in _TLS_POLICIES else -1


def _needs_certificate(d: Difference) -> bool:
    kinds = ("ACMCertificateArn", "IAMCertificateId")
    own = any(f"ViewerCertificate.{kind}" in d.now for kind in kinds)
    return not own and bool(elements(d.now.get("Aliases")))


def _trusted_viewers(d: Difference) -> BlockReason | None:
    """Certificates that are not required, of another trust store, or that have expired."""
    optional = d.key == "Mode" and known(d.before) in ("required", None)
    other_store = d.key == "TrustStoreId"
    lax = d.key == "IgnoreCertificateExpiry" and d.after not in (False, None)
    is_wider = (not d.added and (optional or other_store)) or lax
    return _WIDENED if is_wider else None


def _countries(value: Leaf) -> object:
    if isinstance(value, NameSet) and value.all_but:
        but = format_message("everywhere but {}", listed(value.names))
        return but if value.names else Trusted("everywhere")
    return shown_selection(value)


def _more_countries(d: Difference) -> bool:
    """Whether a country that was refused is let in, or may be."""
    before, after = (ALL if v is None else v for v in (d.before, d.after))
    if isinstance(before, NameSet) and isinstance(after, NameSet):
        return bool(after - before)
    return isinstance(before, NameSet) and before != ALL


def _more_locations(d: Difference) -> bool:
    ranks = list(_PRICE_CLASSES)
    before, after = (
        ranks.index(str(value)) if value in ranks else len(ranks)
        for value in (known(d.before), known(d.after))
    )
    return after > before


def _error_ttl(d: Difference) -> Iterator[Change]:
    """Error codes with the same change share a line."""
    start, end = "CustomErrorResponses[", "].ErrorCachingMinTTL"

    def ttls(code: str) -> list[Leaf]:
        found = (side.get(f"{start}{code}{end}") for side in (d.now, d.was))
        return [ERROR_TTL if ttl is None else ttl for ttl in found]

    paths = [path for path in d.was.keys() | d.now.keys() if path.startswith(start)]
    codes = sorted({path.removeprefix(start).partition("]")[0] for path in paths})
    same = [code for code in codes if ttls(code) == ttls(d.key)]
    after, before = ttls(d.key)
    if before == after or same[0] != d.key:
        return
    long = isinstance(after, int) and after > 60
    missing = "a file that is missing for a moment stays missing for that long"
    yield say(
        Topic.TTL,
        "error responses {} are cached for at least {} instead of {}",
        *(listed(same), duration(after), duration(before)),
        note=missing if long else "",
    )


def domain_names(d: Difference) -> Iterator[Change]:
    """Names that a distribution, a tenant or a certificate gains or loses."""
    for verb, names in (("gains", d.gained), ("loses", d.lost)):
        is_lost, it = verb == "loses", plural(names, "it", "them")
        note = f"URLs with {it} stop working" if is_lost else ""
        if d.path == "Aliases" and not is_lost:
            needs = plural(names, "needs", "need")
            note = f"{needs} DNS and a certificate for {it}, and no other distribution may have {it}"
        if names:
            yield say(
                Topic.DOMAINS,
                f"{verb} the {plural(names, 'domain name')} {{}}",
                listed(names),
                note=note,
                block=_LOST if is_lost else None,
                of=(d.path, names),
            )


_GEO = Rule(
    r"GeoRestriction|Restrictions\..*",
    "viewers can come from …",
    topic=Topic.ACCESS,
    show=_countries,
    absent="everywhere",
    when=_more_countries,
    block=_WIDENED,
    otherwise="everybody else gets a 403",
)
_ENABLED = Rule(
    "Enabled",
    lambda d: (
        "is disabled"
        if d.after is False
        else "is enabled"
        if d.after is True
        else "whether it is enabled is …"
    ),
    topic=Topic.REPLACEMENT,
    when=_may_be_off,
    note="while it is disabled, every URL answers with an error",
    block=_OFF,
)

DISTRIBUTION_RULES = table(
    Topic.DELIVERY,
    _ENABLED,
    Rule("Aliases", lines=domain_names),
    Rule(
        r"ViewerCertificate\.(?:ACMCertificateArn|IAMCertificateId)",
        "the certificate is …",
        topic=Topic.DOMAINS,
        absent="CloudFront's own",
        when=_needs_certificate,
        note="the deploy is refused: domain names need a certificate of their own",
        hides=r"ViewerCertificate\.(MinimumProtocolVersion|SSLSupportMethod)",
    ),
    Rule(
        r"ViewerCertificate\.MinimumProtocolVersion",
        "the minimum TLS version of viewers is …",
        topic=Topic.SECURITY,
        absent="TLSv1",
        when=_older_tls,
        note="connections can be less secure",
        block=BlockReason.PROTECTION_DROPPED,
        otherwise="older browsers and clients can no longer connect",
    ),
    _GEO,
    *about(
        Topic.ACCESS,
        Rule(
            r"ViewerMtlsConfig\.(?:TrustStoreConfig\.)?(\w+)",
            "the setting {key} for client certificates is …",
            note="it decides which clients are trusted",
            block=_trusted_viewers,
            hides=r"ViewerMtlsConfig\.TrustStore.*",
            hides_when=lambda d: d.key == "Mode" and (d.added or d.removed),
        ),
        Rule(
            "WebACLId",
            "the web ACL is …",
            added="a web ACL filters requests: {after}",
            removed="no web ACL filters requests any more: {before} did until now",
            note=lambda d: (
                "about $5 a month, $1 for each rule, $0.60 for a million requests"
                if d.added
                else ""
            ),
            # A parameter can say by an empty default that there is none.
            block=lambda d: None if d.added or known(d.before) == "" else _WIDENED,
            tags=lambda d: (Tag.COST,) if d.added else (),
        ),
    ),
    Rule(
        r"ViewerCertificate\.SSLSupportMethod",
        SETTING,
        when=lambda d: d.after == "vip",
        note="'vip' has IP addresses of its own, for a monthly fee",
        tags=(Tag.COST,),
    ),
    Rule(
        "PriceClass",
        "files are served from …",
        show=words(_PRICE_CLASSES),
        when=_more_locations,
        note="more edge locations, some of them more expensive",
        tags=(Tag.COST,),
        otherwise="viewers far away wait longer",
    ),
    Rule(r"CustomErrorResponses\[(\w+)\]\.ErrorCachingMinTTL", lines=_error_ttl),
    Rule(
        r"Logging\.(?:Bucket|IncludeCookies)",
        SETTING,
        topic=Topic.MONITORING,
        when=lambda d: d.after not in (None, False),
        tags=(Tag.COST, Tag.VISITOR_DATA),
        hides=r"Logging\.(?:Prefix|IncludeCookies)",
    ),
    # A text for people in the console.
    Rule("Comment"),
)


# --- Tenants ---


def tenant_leaves(properties: dict[str, Any]) -> tuple[dict[str, Leaf], Json]:
    found: dict[str, Leaf] = {"Enabled": leaf(properties.pop("Enabled", True))}
    customizations = dict(mapping(properties.get("Customizations")))
    if plain_object(customizations.get("GeoRestrictions")):
        found["GeoRestriction"] = countries(customizations.pop("GeoRestrictions"))
        properties["Customizations"] = customizations or None
    domains = properties.get("Domains")
    if isinstance(domains, list):
        names = [mapping(domain).get("Domain", domain) for domain in domains]
        found["Domains"] = frozenset(map(leaf, names))
        del properties["Domains"]
    return found, properties


def _another_web_acl(d: Difference) -> bool:
    """Whether a tenant may get another web ACL than before, or none."""
    if not d.path.endswith("Action"):
        return not d.added
    after = known(d.after)
    return after in ("disable", None) or (not d.added and after != "override")


TENANT_RULES = table(
    Topic.DELIVERY,
    _ENABLED,
    Rule("Domains", lines=domain_names),
    replace(_GEO, absent="where the distribution allows"),
    Rule(
        r"Customizations\.WebAcl\.(\w+)",
        "the {key} of its web ACL is …",
        topic=Topic.ACCESS,
        when=_another_web_acl,
        block=_WIDENED,
    ),
)


# --- Certificates and DNS records ---


def certificate_leaves(properties: dict[str, Any]) -> tuple[dict[str, Leaf], Json]:
    names = [properties.pop("DomainName", None)]
    more = properties.pop("SubjectAlternativeNames", None)
    names += more if isinstance(more, list) else [more]
    return {"Names": frozenset(leaf(name) for name in names if name)}, properties


def _elsewhere(d: Difference) -> BlockReason | None:
    return None if d.added else _LOST


CERTIFICATE_RULES = table(Topic.DOMAINS, Rule("Names", lines=domain_names))
RECORD_RULES = table(
    Topic.DOMAINS,
    Rule(
        r"(?:RecordSets\[[^\]]*\]\.)?(?:AliasTarget\.DNSName|ResourceRecords)",
        "the name leads to …",
        note="visitors go there as soon as caches of DNS expire",
        block=_elsewhere,
    ),
    Rule(
        "Name",
        "the name is …",
        note="the earlier name no longer resolves",
        block=_elsewhere,
    ),
)
