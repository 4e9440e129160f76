"""How visitors reach a distribution: its names, its protections, what it costs."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import Delivery, Selection
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import listed, shown
from cdn_review.words import Own

_TLS = (
    *("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019"),
    *("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"),
)
_PRICES = {
    "PriceClass_100": Own("North America and Europe"),
    "PriceClass_200": Own("most of the world"),
    "PriceClass_All": Own("all edge locations"),
}
_VERSIONS = {
    "http1.1": Own("HTTP/1.1"),
    "http2": Own("HTTP/2"),
    "http3": Own("HTTP/3"),
    "http2and3": Own("HTTP/2 and HTTP/3"),
}


def reaching(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    """All but the rules for paths."""
    yield from _switched(teller, was, now)
    yield from _domains(teller, was, now)
    yield from _tls(teller, was, now)
    yield from _certificates(teller, was, now)
    yield from _geography(teller, was.geography, now.geography)
    yield from _web_acl(teller, was.web_acl, now.web_acl)
    yield from _speed(teller, was, now)
    yield from _rest(teller, was, now)


def _switched(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    if was.enabled and not now.enabled:
        yield teller.tell(
            Topic.REPLACEMENT,
            "is switched off",
            note="every URL of it answers with an error",
            stop=Stop.DISTRIBUTION_DELETED,
            was=True,
            now=False,
        )
    if now.enabled and not was.enabled:
        yield teller.tell(Topic.REPLACEMENT, "is switched on")


def _domains(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    gained, lost = now.aliases - was.aliases, was.aliases - now.aliases
    if gained:
        note = (
            "needs DNS and a certificate that has it, and no other distribution with it"
        )
        text = "can be reached as {}"
        yield teller.tell(Topic.DOMAINS, text, listed(gained), note=note)
    if lost:
        note = "URLs with it stop working"
        text = "can no longer be reached as {}"
        yield teller.tell(Topic.DOMAINS, text, listed(lost), note=note)


def _tls(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    if was.certificate != now.certificate:
        text = "the certificate is {} instead of {}"
        values = _certificate(now.certificate), _certificate(was.certificate)
        if values[0] == values[1]:
            yield teller.tell(Topic.DOMAINS, "the certificate is another one")
        else:
            yield teller.tell(Topic.DOMAINS, text, *values)
    if was.minimum_tls and was.minimum_tls != now.minimum_tls and now.certificate:
        is_lower = _tls_rank(now.minimum_tls) < _tls_rank(was.minimum_tls)
        yield teller.tell(
            Topic.SECURITY,
            "viewers need {} instead of {} at least",
            shown(now.minimum_tls) or "TLSv1",
            shown(was.minimum_tls),
            note="" if is_lower else "older browsers and clients cannot connect",
            stop=Stop.PROTECTION_DROPPED if is_lower else None,
            was=was.minimum_tls,
            now=now.minimum_tls,
        )


def _certificates(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    """The addresses of the own certificate, and whether visitors need one."""
    if now.has_own_addresses and not was.has_own_addresses:
        text = "the certificate has IP addresses of its own"
        note = "at a fee each month"
        yield teller.tell(Topic.DELIVERY, text, note=note, costs=True)
    if was.has_own_addresses and not now.has_own_addresses:
        text = "the certificate has no IP addresses of its own any more"
        note = "clients that do not send a name while they connect cannot connect"
        yield teller.tell(Topic.DELIVERY, text, note=note)
    if was.client_certificates != now.client_certificates:
        opens = was.client_certificates == "required"
        yield teller.tell(
            Topic.ACCESS,
            "certificates of visitors are {} instead of {}",
            shown(now.client_certificates) or Own("not asked for"),
            shown(was.client_certificates) or Own("not asked for"),
            stop=Stop.ACCESS_WIDENED if opens else None,
            was=was.client_certificates,
            now=now.client_certificates,
        )


def _certificate(arn: str) -> str:
    if not arn:
        return Own("CloudFront's own")
    return Own("one of this stack") if arn.startswith("{") else arn


def _tls_rank(version: str) -> int:
    return _TLS.index(version) if version in _TLS else -1


def _geography(teller: Teller, was: Selection, now: Selection) -> Iterator[Change]:
    if was == now:
        return
    is_wider = now.kind == "none" or _more_countries(was, now)
    yield teller.tell(
        Topic.ACCESS,
        "visitors come from {} instead of {}",
        _countries(now),
        _countries(was),
        note="" if is_wider else "everybody else gets a 403",
        stop=Stop.ACCESS_WIDENED if is_wider else None,
        was=str(was),
        now=str(now),
    )


def _more_countries(was: Selection, now: Selection) -> bool:
    """Whether a country that was refused is let in."""
    if was.kind == "none":
        return False
    if was.kind == now.kind == "some":
        return bool(now.names - was.names)
    if was.kind == now.kind == "all but":
        return bool(was.names - now.names)
    return was.kind == "some" or bool(now.names & was.names)


def _countries(selection: Selection) -> str:
    if selection.kind == "none":
        return Own("everywhere")
    if selection.kind == "all but":
        return f"everywhere but {listed(selection.names)}"
    return listed(selection.names)


def _web_acl(teller: Teller, was: str, now: str) -> Iterator[Change]:
    if was == now:
        return
    if not was:
        text = "requests are filtered by a web ACL"
        note = "about $5 a month, $1 for each rule, $0.60 for a million requests"
        yield teller.tell(Topic.ACCESS, text, note=note, costs=True)
        return
    yield teller.tell(
        Topic.ACCESS,
        "requests are filtered by another web ACL"
        if now
        else "requests are no longer filtered by a web ACL",
        stop=Stop.ACCESS_WIDENED,
        was=was,
        now=now,
    )


def _speed(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    if was.price_class != now.price_class:
        order = list(_PRICES)
        known = was.price_class in order and now.price_class in order
        grows = known and order.index(now.price_class) > order.index(was.price_class)
        text = "files are served from {} instead of {}"
        values = (
            _PRICES.get(one, shown(one)) for one in (now.price_class, was.price_class)
        )
        note = (
            "more locations, and dearer ones" if grows else "far visitors wait longer"
        )
        yield teller.tell(Topic.DELIVERY, text, *values, note=note, costs=grows)
    if was.http_version != now.http_version:
        text = "browsers are offered {} instead of {}"
        values = (
            _VERSIONS.get(one, shown(one))
            for one in (now.http_version, was.http_version)
        )
        yield teller.tell(Topic.DELIVERY, text, *values)
    if was.ipv6 != now.ipv6:
        text = "can{} be reached by IPv6".format("" if now.ipv6 else " no longer")
        yield teller.tell(Topic.DELIVERY, text)
    if was.root_object != now.root_object:
        text = "the address without a path gives {} instead of {}"
        values = (
            shown(one) or Own("nothing") for one in (now.root_object, was.root_object)
        )
        yield teller.tell(Topic.DELIVERY, text, *values)


def _rest(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    if was.logs != now.logs:
        what = "are written" if now.logs else "are no longer written"
        if was.logs and now.logs:
            what = "are written in another way"
        text = f"the older access logs {what}"
        yield teller.tell(Topic.WATCHING, text, costs=bool(now.logs and not was.logs))
    if was.tags != now.tags:
        yield teller.tell(Topic.STACK, "its tags change")
    others = {name for name, _ in set(was.rest) ^ set(now.rest)}
    if others:
        text = "other settings change: {}"
        yield teller.tell(Topic.OTHER, text, listed(map(shown, others)))
