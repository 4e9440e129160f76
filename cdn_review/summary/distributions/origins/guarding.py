"""What keeps an origin closed to everybody but the distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdn_review.delivery.model import Origin
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import header, listed, shown
from cdn_review.words import Own
from dj_cloudfront.contract import TREE_HEADER

KEPT = "files that are cached stay until they expire"
_SECRET = re.compile(r"secret|token|auth|verify|key", re.I)
_REFERENCE = "{{resolve:"
_SAFETY = {"https-only": 2, "match-viewer": 1}


def guarding(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    """Who can reach the origin, who can listen, and how it knows who asks."""
    yield from _closed(teller, was, now, which)
    yield from _guards(teller, was, now, which)


def folder(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    """Only a folder inside the one that could be reached opens nothing."""
    before, after = was.path.rstrip("/"), now.path.rstrip("/")
    if before == after:
        return
    is_inside = after.startswith(f"{before}/")
    yield teller.tell(
        Topic.ORIGIN,
        f"files come from the {which}origin's folder {{}} instead of {{}}",
        shown(after) or "/",
        shown(before) or "/",
        note=KEPT if is_inside else "other files of the server can be reached",
        stop=None if is_inside else Stop.ORIGIN_OPENED,
        was=before,
        now=after,
    )


def _closed(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    """Who but CloudFront can reach the origin."""
    if was.kind != now.kind:
        opens = was.kind == "private network"
        yield teller.tell(
            Topic.ORIGIN,
            f"the {which}origin is a {now.kind} instead of a {was.kind}",
            note="it has to be on the internet" if opens else "",
            stop=Stop.ORIGIN_OPENED if opens else None,
            was=was.kind,
            now=now.kind,
        )
    yield from _listeners(teller, was, now, which)
    yield from _proofs(teller, was, now, which)


def _listeners(
    teller: Teller, was: Origin, now: Origin, which: str
) -> Iterator[Change]:
    """Who on the way can read and change what the origin answers."""
    if was.protocol != now.protocol and was.kind == now.kind:
        opens = _SAFETY.get(now.protocol, 0) < _SAFETY.get(was.protocol, 0)
        yield teller.tell(
            Topic.ORIGIN,
            f"the {which}origin is asked by {{}} instead of {{}}",
            shown(now.protocol) or Own("an unknown protocol"),
            shown(was.protocol) or Own("an unknown protocol"),
            note="others can read and change what it answers" if opens else "",
            stop=Stop.ORIGIN_OPENED if opens else None,
            was=was.protocol,
            now=now.protocol,
        )
    if was.tls != now.tls and was.protocol == now.protocol:
        # Nothing said is what CloudFront takes by itself, which has old ones among it.
        weaker = not now.tls or bool(was.tls and now.tls - was.tls)
        yield teller.tell(
            Topic.SECURITY,
            f"the {which}origin is asked by {{}} instead of {{}}",
            listed(now.tls) or Own("any TLS"),
            listed(was.tls) or Own("any TLS"),
            stop=Stop.PROTECTION_DROPPED if weaker else None,
            was=was.tls,
            now=now.tls,
        )


def _proofs(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    """How CloudFront shows who it is."""
    for what, before, after in (
        (f"the {which}origin signed", was.access_control, now.access_control),
        (
            f"the {which}origin made with a certificate",
            was.client_certificate,
            now.client_certificate,
        ),
    ):
        if before == after:
            continue
        opens = bool(before) and not after
        how = "are no longer" if opens else "are" if not before else "are otherwise"
        place, _, manner = what.rpartition("origin ")
        yield teller.tell(
            Topic.ORIGIN,
            f"requests to {place}origin {how} {manner}",
            note="it answers only if it is open to everybody" if opens else "",
            stop=Stop.ORIGIN_OPENED if opens else None,
            was=before,
            now=after,
        )
    if was.network != now.network and was.kind == now.kind:
        text = f"the {which}origin is another one inside the private network"
        yield teller.tell(Topic.ORIGIN, text, note=KEPT)


def _guards(teller: Teller, was: Origin, now: Origin, which: str) -> Iterator[Change]:
    """The headers by which an origin knows who asks, and for which tree."""
    for name in sorted(was.headers.keys() | now.headers.keys()):
        before, after = was.headers.get(name), now.headers.get(name)
        if before == after:
            continue
        opens = before is not None and _opens(name, before, after)
        yield teller.tell(
            Topic.ORIGIN,
            f"the header {{}} is {_how(before, after)} to the {which}origin",
            header(name),
            note=_guard_note(name, opens, after),
            stop=Stop.ORIGIN_OPENED if opens else None,
            was=before,
            now=[name, after],
        )


def _how(before: str | None, after: str | None) -> str:
    if before is None:
        return "sent"
    return "no longer sent" if after is None else "sent with another value"


def _opens(name: str, before: str, after: str | None) -> bool:
    if name == TREE_HEADER.lower():
        return True
    is_reference = _REFERENCE in before
    if after is None:
        return is_reference or bool(_SECRET.search(name))
    # Another version of the secret is what a rotation looks like.
    return is_reference and _REFERENCE not in after


def _guard_note(name: str, opens: bool, after: str | None) -> str:
    if name == TREE_HEADER.lower() and opens:
        return "the server knows by it which folder may answer"
    if opens:
        return "the server can no longer tell its own distributions from others"
    if after is not None and _REFERENCE in after:
        return "the server has to accept this value before the deploy"
    return ""
