"""What a change of a distribution's own settings means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdn_model.distribution import ERROR_TTL
from cdn_review.change import BlockReason, Change, Tag, Topic
from cdn_review.leaves import Leaf, NameSet
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Rule,
    Rules,
    about,
    alike,
    duration,
    elements,
    known,
    listed,
    say,
    shown_selection,
    words,
)
from cdn_review.rules_domains import domain_names

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
_HTTP_VERSIONS = {
    "http1.1": "HTTP/1.1",
    "http2": "HTTP/2",
    "http3": "HTTP/3",
    "http2and3": "HTTP/2 and HTTP/3",
}


def _enabled(d: Difference) -> str:
    if d.after is False:
        return "is disabled"
    switched_on = d.after is True and d.before is False
    return (
        "is enabled"
        if switched_on
        else "whether it is enabled is {after} instead of {before}"
    )


def _older_tls(d: Difference) -> bool:
    return _tls_rank(known(d.after)) < _tls_rank(known(d.before))


def _tls_rank(version: Leaf) -> int:
    if version is None:
        # Without a certificate of its own, a distribution takes every version.
        version = "TLSv1"
    return _TLS_POLICIES.index(str(version)) if version in _TLS_POLICIES else -1


def _needs_certificate(d: Difference) -> bool:
    kinds = ("ACMCertificateArn", "IAMCertificateId")
    own = any(f"ViewerCertificate.{kind}" in d.now for kind in kinds)
    return not own and bool(elements(d.now.get("Aliases")))


def _no_longer_required(d: Difference) -> bool:
    required = known(d.before) in ("required", None) and d.was.get(
        "ViewerMtlsConfig.Mode", d.path == "ViewerMtlsConfig.Mode"
    )
    return bool(required) and not d.added


def _trusted_viewers(d: Difference) -> BlockReason | None:
    """Another trust store, or expired certificates that count."""
    other_store = d.key == "TrustStoreId" and not d.added
    lax = d.key == "IgnoreCertificateExpiry" and d.after not in (False, None)
    return BlockReason.ACCESS_WIDENED if other_store or lax else None


def _countries(value: Leaf) -> object:
    if isinstance(value, NameSet) and value.behavior == "all":
        return Trusted("everywhere")
    if isinstance(value, NameSet) and value.behavior == "allExcept":
        return format_message("everywhere but {}", listed(value.names))
    return shown_selection(value)


def _more_countries(d: Difference) -> bool:
    """Whether a country that was refused is let in, or may be."""
    if not isinstance(d.before, NameSet) or d.before.behavior == "all":
        return False
    return not isinstance(d.after, NameSet) or bool((d.after - d.before).chosen)


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

    def ttl(side: Mapping[str, Leaf], code: str) -> Leaf:
        found = side.get(f"{start}{code}{end}")
        return ERROR_TTL if found is None else found

    before, after = ttl(d.was, d.key), ttl(d.now, d.key)
    paths = [path for path in d.was.keys() | d.now.keys() if path.startswith(start)]
    codes = sorted({path.removeprefix(start).partition("]")[0] for path in paths})
    same = [c for c in codes if (ttl(d.was, c), ttl(d.now, c)) == (before, after)]
    if before == after or same[0] != d.key:
        return
    long = isinstance(after, int) and after > 60
    yield say(
        Topic.TTL,
        "error responses {} are cached for at least {} instead of {}",
        *(listed(same), duration(after), duration(before)),
        note="a file that is missing for a moment stays missing for that long"
        if long
        else "",
    )


_ERROR = r"CustomErrorResponses\[(\w+)\]"

DISTRIBUTION_RULES = Rules(
    (
        Rule(
            "Enabled",
            _enabled,
            topic=Topic.REPLACEMENT,
            # A value that only the deploy knows can switch it off.
            when=lambda d: known(d.after) not in (True, "true"),
            note="while it is disabled, every URL answers with an error",
            block=BlockReason.DISTRIBUTION_DELETED,
        ),
        Rule("Aliases", lines=domain_names),
        Rule(
            r"ViewerCertificate\.(?:ACMCertificateArn|IAMCertificateId)",
            "the certificate is {after} instead of {before}",
            topic=Topic.DOMAINS,
            absent="CloudFront's own",
            when=_needs_certificate,
            note="the deploy is refused: domain names need a certificate of their own",
            hides=r"ViewerCertificate\.(MinimumProtocolVersion|SSLSupportMethod)",
        ),
        Rule(
            r"ViewerCertificate\.MinimumProtocolVersion",
            "the minimum TLS version of viewers is {after} instead of {before}",
            topic=Topic.SECURITY,
            absent="TLSv1",
            when=_older_tls,
            note="connections can be less secure",
            block=BlockReason.PROTECTION_DROPPED,
            otherwise="older browsers and clients can no longer connect",
        ),
        *about(
            Topic.ACCESS,
            Rule(
                r"ViewerMtlsConfig\.Mode",
                "client certificates of viewers are {after} instead of {before}",
                absent="not asked for",
                when=_no_longer_required,
                block=BlockReason.ACCESS_WIDENED,
                hides=r"ViewerMtlsConfig\..*",
            ),
            Rule(
                r"ViewerMtlsConfig\.TrustStoreConfig\.(\w+)",
                "the setting {key} for client certificates is {after} instead of {before}",
                note="it decides which clients are trusted",
                block=_trusted_viewers,
            ),
            Rule(
                r"GeoRestriction|Restrictions\..*",
                "viewers can come from {after} instead of {before}",
                show=_countries,
                absent="everywhere",
                when=_more_countries,
                block=BlockReason.ACCESS_WIDENED,
                otherwise="everybody else gets a 403",
            ),
            Rule(
                "WebACLId",
                "the web ACL is {after} instead of {before}",
                added="a web ACL filters requests: {after}",
                removed="no web ACL filters requests any more: {before} did until now",
                note=lambda d: (
                    "about $5 a month, $1 for each rule, $0.60 for a million requests"
                    if d.added
                    else ""
                ),
                # A parameter can say by an empty default that there is none.
                block=lambda d: (
                    None
                    if d.added or known(d.before) == ""
                    else BlockReason.ACCESS_WIDENED
                ),
                tags=lambda d: (Tag.COST,) if d.added else (),
            ),
        ),
        *about(
            Topic.DELIVERY,
            Rule(
                r"ViewerCertificate\.SSLSupportMethod",
                "the certificate is served by {after} instead of {before}",
                when=lambda d: "vip" in (d.before, d.after),
                note="'vip' has IP addresses of its own, for a monthly fee",
                tags=lambda d: (Tag.COST,) if d.after == "vip" else (),
            ),
            Rule(
                "PriceClass",
                "files are served from {after} instead of {before}",
                show=words(_PRICE_CLASSES),
                when=_more_locations,
                note="more edge locations, some of them more expensive",
                tags=(Tag.COST,),
                otherwise="viewers far away wait longer",
            ),
            Rule(
                "HttpVersion",
                "viewers can use {after} instead of {before}",
                show=words(_HTTP_VERSIONS),
            ),
            Rule(
                "IsIPV6Enabled",
                "IPv6 is {after} instead of {before}",
                show=words({"True": "on", "False": "off"}),
                absent="off",
            ),
            Rule(
                "DefaultRootObject",
                "the root URL gives {after} instead of {before}",
                absent="no file of its own",
            ),
            *alike(
                {
                    rf"{_ERROR}\.ResponsePagePath": "the page for error {key} is {after} instead of {before}",
                    rf"{_ERROR}\.ResponseCode": "error {key} reaches viewers with the status {after} instead of {before}",
                },
                absent="the origin's",
            ),
            Rule(
                "ContinuousDeploymentPolicyId|Staging",
                "the setting {path} is {after} instead of {before}",
                note="it decides which distribution answers some of the requests",
            ),
        ),
        Rule(rf"{_ERROR}\.ErrorCachingMinTTL", lines=_error_ttl),
        *about(
            Topic.MONITORING,
            Rule(
                r"Logging\.Bucket",
                "legacy access logs are written to {after} instead of {before}",
                added="legacy access logs are written to {after}",
                removed="legacy access logs are no longer written, to {before} until now",
                when=lambda d: d.added,
                tags=(Tag.COST, Tag.VISITOR_DATA),
                hides=r"Logging\..*",
            ),
            Rule(
                r"Logging\.IncludeCookies",
                "whether legacy access logs have cookies is {after} instead of {before}",
                absent="false",
                when=lambda d: d.after is not False,
                tags=(Tag.VISITOR_DATA,),
            ),
        ),
        # A text for people in the console.
        Rule("Comment"),
    )
)
