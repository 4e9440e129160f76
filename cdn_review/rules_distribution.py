"""What a change of a distribution's own settings means."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_model.distribution import ERROR_TTL
from cdn_review.change import BlockReason, Tag, Topic
from cdn_review.leaves import Leaf, Selection
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Line,
    Rule,
    Rules,
    duration,
    known,
    listed,
    shown,
    shown_pair,
    shown_selection,
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
_HTTP_VERSIONS = {
    "http1.1": "HTTP/1.1",
    "http2": "HTTP/2",
    "http3": "HTTP/3",
    "http2and3": "HTTP/2 and HTTP/3",
}
_GETS_403 = "everybody else gets a 403"


def _enabled(difference: Difference) -> Iterator[Line]:
    """A value that only the deploy knows can switch it off."""
    enabled = known(difference.after) in (True, "true")
    before, after = shown_pair(difference.before, difference.after)
    if difference.after is False:
        message = format_message("is disabled")
    elif difference.after is True and difference.before is False:
        message = format_message("is enabled")
    else:
        message = format_message(
            "whether it is enabled is {} instead of {}", after, before
        )
    yield Line(
        topic=Topic.REPLACEMENT,
        message=message,
        note="" if enabled else "while it is disabled, every URL answers with an error",
        block=None if enabled else BlockReason.DISTRIBUTION_DELETED,
        values=("Enabled", difference.before, difference.after),
    )


def _aliases(difference: Difference) -> Iterator[Line]:
    gained, lost = difference.gained, difference.lost
    if gained:
        noun = "domain name" if len(gained) == 1 else "domain names"
        yield Line(
            topic=Topic.DOMAINS,
            message=format_message(f"gains the {noun} {{}}", listed(gained)),
            note="needs DNS and a certificate for it, and no other distribution may have it"
            if len(gained) == 1
            else "need DNS and a certificate for them, and no other distribution may have them",
        )
    if lost:
        noun = "domain name" if len(lost) == 1 else "domain names"
        yield Line(
            topic=Topic.DOMAINS,
            message=format_message(f"loses the {noun} {{}}", listed(lost)),
            note=f"URLs with {'it' if len(lost) == 1 else 'them'} stop working",
            block=BlockReason.DOMAIN_LOST,
            values=("Aliases", lost),
        )


def _older_tls(difference: Difference) -> BlockReason | None:
    ranks = [_tls_rank(known(value)) for value in (difference.before, difference.after)]
    return BlockReason.PROTECTION_DROPPED if ranks[1] < ranks[0] else None


def _tls_rank(version: Leaf) -> int:
    if version is None:
        # Without a certificate of its own, a distribution takes every version.
        return _TLS_POLICIES.index("TLSv1")
    return _TLS_POLICIES.index(str(version)) if version in _TLS_POLICIES else -1


def _tls_note(difference: Difference) -> str:
    if _older_tls(difference):
        return "connections can be less secure"
    return "older browsers and clients can no longer connect"


def _client_certificates(difference: Difference) -> BlockReason | None:
    required = known(difference.before) in ("required", None) and difference.was.get(
        "ViewerMtlsConfig.Mode", difference.path == "ViewerMtlsConfig.Mode"
    )
    return BlockReason.ACCESS_WIDENED if required and not difference.added else None


def _trusted_viewers(difference: Difference) -> BlockReason | None:
    """Another trust store, or expired certificates that count."""
    if difference.key == "TrustStoreId":
        return None if difference.added else BlockReason.ACCESS_WIDENED
    ignores = difference.key == "IgnoreCertificateExpiry"
    strict = difference.after in (False, None)
    return BlockReason.ACCESS_WIDENED if ignores and not strict else None


def _countries(value: Leaf) -> object:
    if isinstance(value, Selection) and value.behavior == "all":
        return Trusted("everywhere")
    if isinstance(value, Selection) and value.behavior == "allExcept":
        return format_message("everywhere but {}", listed(value.names))
    return shown_selection(value)


def _more_countries(difference: Difference) -> BlockReason | None:
    """Whether a country that was refused is let in, or may be."""
    before, after = difference.before, difference.after
    if not isinstance(before, Selection) or before.behavior == "all":
        return None
    if isinstance(before, Selection) and isinstance(after, Selection):
        wider = after - before
        return BlockReason.ACCESS_WIDENED if wider.behavior != "none" else None
    return BlockReason.ACCESS_WIDENED


def _web_acl(difference: Difference) -> Iterator[Line]:
    block = None if difference.added else BlockReason.ACCESS_WIDENED
    before, after = shown_pair(difference.before, difference.after)
    messages = {
        "added": format_message("a web ACL filters requests: {}", after),
        "removed": format_message(
            "no web ACL filters requests any more: {} did until now", before
        ),
        "changed": format_message("the web ACL is {} instead of {}", after, before),
    }
    how = (
        "added" if difference.added else "removed" if difference.removed else "changed"
    )
    yield Line(
        topic=Topic.ACCESS,
        message=messages[how],
        note="about $5 a month, $1 for each rule, $0.60 for a million requests"
        if difference.added
        else "",
        block=block,
        tags=(Tag.COST,) if difference.added else (),
        values=("WebACLId", difference.before, difference.after),
    )


def _price_class(value: Leaf) -> object:
    name = _PRICE_CLASSES.get(str(value))
    return Trusted(name) if name else shown(value)


def _price_rank(value: Leaf) -> int:
    names = list(_PRICE_CLASSES)
    return names.index(str(value)) if value in names else len(names)


def _more_locations(difference: Difference) -> bool:
    return _price_rank(known(difference.after)) > _price_rank(known(difference.before))


def _http_version(value: Leaf) -> object:
    name = _HTTP_VERSIONS.get(str(value))
    return Trusted(name) if name else shown(value)


def _certificate(value: Leaf) -> object:
    return Trusted("CloudFront's own") if value is None else shown(value)


def _error_ttl(difference: Difference) -> Iterator[Line]:
    """Error codes with the same change share a line."""
    pattern = "CustomErrorResponses[{}].ErrorCachingMinTTL"
    codes = _error_codes(difference)

    def pair(code: str) -> tuple[Leaf, Leaf]:
        path = pattern.format(code)
        return tuple(  # type: ignore[return-value]
            ERROR_TTL if side.get(path) is None else side.get(path)
            for side in (difference.was, difference.now)
        )

    own = pair(difference.key)
    alike = [code for code in codes if pair(code) == own]
    if own[0] == own[1] or alike[0] != difference.key:
        return
    long = isinstance(own[1], int) and own[1] > 60
    yield Line(
        topic=Topic.TTL,
        message=format_message(
            "error responses {} are cached for at least {} instead of {}",
            listed(alike),
            duration(own[1]),
            duration(own[0]),
        ),
        note="a file that is missing for a moment stays missing for that long"
        if long
        else "",
    )


def _error_codes(difference: Difference) -> list[str]:
    start = "CustomErrorResponses["
    paths = difference.was.keys() | difference.now.keys()
    return sorted(
        {
            path[len(start) :].partition("]")[0]
            for path in paths
            if path.startswith(start)
        }
    )


_ERROR = r"CustomErrorResponses\[(\w+)\]"

DISTRIBUTION_RULES = Rules(
    (
        Rule(path="Enabled", topic=Topic.REPLACEMENT, lines=_enabled),
        Rule(path="Aliases", topic=Topic.DOMAINS, lines=_aliases),
        Rule(
            path=r"ViewerCertificate\.(?:ACMCertificateArn|IAMCertificateId)",
            topic=Topic.DOMAINS,
            message="the certificate is {after} instead of {before}",
            show=_certificate,
            absent="CloudFront's own",
            hides=r"ViewerCertificate\.(MinimumProtocolVersion|SSLSupportMethod)",
        ),
        Rule(
            path=r"ViewerCertificate\.MinimumProtocolVersion",
            topic=Topic.SECURITY,
            message="the minimum TLS version of viewers is {after} instead of {before}",
            note=_tls_note,
            block=_older_tls,
            absent="TLSv1",
        ),
        Rule(
            path=r"ViewerCertificate\.SSLSupportMethod",
            topic=Topic.DELIVERY,
            message="the certificate is served by {after} instead of {before}",
            note=lambda d: (
                "'vip' has IP addresses of its own, for a monthly fee"
                if "vip" in (d.before, d.after)
                else ""
            ),
            tags=lambda d: (Tag.COST,) if d.after == "vip" else (),
        ),
        Rule(
            path=r"ViewerMtlsConfig\.Mode",
            topic=Topic.ACCESS,
            message="client certificates of viewers are {after} instead of {before}",
            absent="not asked for",
            block=_client_certificates,
            hides=r"ViewerMtlsConfig\..*",
        ),
        Rule(
            path=r"ViewerMtlsConfig\.TrustStoreConfig\.(\w+)",
            topic=Topic.ACCESS,
            message="the setting {key} for client certificates is {after} instead of {before}",
            note="it decides which clients are trusted",
            block=_trusted_viewers,
        ),
        Rule(
            path=r"GeoRestriction|Restrictions\..*",
            topic=Topic.ACCESS,
            message="viewers can come from {after} instead of {before}",
            show=_countries,
            absent="everywhere",
            note=lambda d: "" if _more_countries(d) else _GETS_403,
            block=_more_countries,
        ),
        Rule(path="WebACLId", topic=Topic.ACCESS, lines=_web_acl),
        Rule(
            path="PriceClass",
            topic=Topic.DELIVERY,
            message="files are served from {after} instead of {before}",
            show=_price_class,
            note=lambda d: (
                "more edge locations, some of them more expensive"
                if _more_locations(d)
                else "viewers far away wait longer"
            ),
            tags=lambda d: (Tag.COST,) if _more_locations(d) else (),
        ),
        Rule(
            path="HttpVersion",
            topic=Topic.DELIVERY,
            message="viewers can use {after} instead of {before}",
            show=_http_version,
        ),
        Rule(
            path="IsIPV6Enabled",
            topic=Topic.DELIVERY,
            message="IPv6 is {after} instead of {before}",
            show=lambda v: (
                Trusted("on" if v else "off") if isinstance(v, bool) else shown(v)
            ),
            absent="off",
        ),
        Rule(
            path="DefaultRootObject",
            topic=Topic.DELIVERY,
            message="the root URL gives {after} instead of {before}",
            absent="no file of its own",
        ),
        Rule(path=rf"{_ERROR}\.ErrorCachingMinTTL", topic=Topic.TTL, lines=_error_ttl),
        Rule(
            path=rf"{_ERROR}\.ResponsePagePath",
            topic=Topic.DELIVERY,
            message="the page for error {key} is {after} instead of {before}",
            absent="the origin's",
        ),
        Rule(
            path=rf"{_ERROR}\.ResponseCode",
            topic=Topic.DELIVERY,
            message="error {key} reaches viewers with the status {after} instead of {before}",
            absent="the origin's",
        ),
        Rule(
            path=r"Logging\.Bucket",
            topic=Topic.MONITORING,
            added="legacy access logs are written to {after}",
            removed="legacy access logs are no longer written, to {before} until now",
            message="legacy access logs are written to {after} instead of {before}",
            tags=lambda d: (Tag.COST, Tag.VISITOR_DATA) if d.added else (),
            hides=r"Logging\..*",
        ),
        Rule(
            path=r"Logging\.IncludeCookies",
            topic=Topic.MONITORING,
            message="whether legacy access logs have cookies is {after} instead of {before}",
            absent="false",
            tags=lambda d: () if d.after is False else (Tag.VISITOR_DATA,),
        ),
        Rule(
            path="ContinuousDeploymentPolicyId|Staging",
            topic=Topic.DELIVERY,
            message="the setting {path} is {after} instead of {before}",
            note="it decides which distribution answers some of the requests",
        ),
        # A text for people in the console.
        Rule(path="Comment", topic=Topic.OTHER),
    )
)
