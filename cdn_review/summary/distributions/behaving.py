"""The rules for the paths of one pattern, and which patterns there are."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import Behavior, Delivery
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.answers import answers
from cdn_review.summary.distributions.caching import caching
from cdn_review.summary.distributions.origins import fetching
from cdn_review.summary.distributions.passing import code, forwarding
from cdn_review.summary.distributions.paths import DEFAULT, places
from cdn_review.summary.distributions.telling import Teller, within
from cdn_review.summary.values import listed
from cdn_review.words import Words, say

_VIEWERS = {
    "allow-all": "are answered by http:// too",
    "redirect-to-https": "by http:// are redirected to https://",
    "https-only": "by http:// are refused",
}


def behaving(
    teller: Teller,
    was: Delivery,
    now: Delivery,
    come_or_go: frozenset[str] = frozenset(),
) -> Iterator[Change]:
    """What changes for all paths, or for some of them, said once for all that have it.

    Paths of a pattern that is new had the rules of whatever had them before, so that a new
    pattern is seen to open what needed a signature.

    :param come_or_go: Keys of signatures of which the stack as a whole tells.
    """
    compared = places(was, now)
    found: dict[Change, list[str]] = {}
    for place in compared:
        told = _behavior(teller, place.was, place.now, come_or_go)
        for change in dict.fromkeys(told):
            found.setdefault(change, []).append(place.path)
    for change, paths in found.items():
        yield within(change, _where(paths, [place.path for place in compared]))


def _where(paths: list[str], all_paths: list[str]) -> Words:
    if len(paths) == len(all_paths):
        return ()
    if DEFAULT not in paths:
        return say("under {}: ", listed(paths))
    others = [path for path in all_paths if path not in paths]
    return say("except under {}: ", listed(others))


def _behavior(
    teller: Teller, was: Behavior, now: Behavior, come_or_go: frozenset[str]
) -> Iterator[Change]:
    if was == now:
        return
    yield from fetching(teller, was, now)
    yield from _signers(teller, was, now, come_or_go)
    yield from _viewers(teller, was, now)
    yield from caching(teller, was, now)
    yield from forwarding(teller, was, now)
    yield from answers(teller, was.answer, now.answer)
    yield from _methods(teller, was, now)
    yield from code(teller, was, now)
    others = {name for name, _ in set(was.rest) ^ set(now.rest)}
    if others:
        yield teller.tell(Topic.OTHER, "other settings change: {}", listed(others))


def _signers(
    teller: Teller, was: Behavior, now: Behavior, come_or_go: frozenset[str]
) -> Iterator[Change]:
    if was.signers == now.signers:
        return
    if not was.signers:
        text = "files need a signed URL or cookie"
        note = "everybody without one gets a 403"
        yield teller.tell(Topic.ACCESS, text, note=note)
        return
    gained = now.signers - was.signers - come_or_go
    lost = was.signers - now.signers - come_or_go
    if not now.signers:
        text = "files no longer need a signed URL or cookie"
        note = "what was private is open to everybody"
    elif gained:
        text = "signatures by another key are accepted"
        note = "who holds it decides who may read"
    if gained or not now.signers:
        yield teller.tell(
            Topic.ACCESS,
            text,
            note=note,
            stop=Stop.ACCESS_WIDENED,
            was=was.signers,
            now=now.signers,
        )
    if lost and now.signers:
        text = "signatures by a key that goes are refused"
        note = "links and cookies signed by it stop working"
        yield teller.tell(Topic.ACCESS, text, note=note)


def _viewers(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    if was.viewers == now.viewers:
        return
    opens = now.viewers not in ("https-only", "redirect-to-https")
    yield teller.tell(
        Topic.SECURITY,
        f"requests {_VIEWERS.get(now.viewers, 'are handled in another way')}",
        note="others can read and change what visitors get" if opens else "",
        stop=Stop.PROTECTION_DROPPED if opens else None,
        was=was.viewers,
        now=now.viewers,
    )


def _methods(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    gained, lost = now.methods - was.methods, was.methods - now.methods
    writing = gained - {"GET", "HEAD", "OPTIONS"}
    if gained:
        yield teller.tell(
            Topic.ACCESS if writing else Topic.DELIVERY,
            "requests by {} reach the origin",
            listed(gained),
            note="visitors can try to change what is there" if writing else "",
            stop=Stop.ACCESS_WIDENED if writing else None,
            was=was.methods,
            now=now.methods,
        )
    if lost:
        text = "requests by {} are refused"
        note = "browsers ask by it before some requests" if "OPTIONS" in lost else ""
        yield teller.tell(Topic.DELIVERY, text, listed(lost), note=note)
    for how, methods in (
        ("are", now.cached_methods - was.cached_methods - gained),
        ("are no longer", was.cached_methods - now.cached_methods - lost),
    ):
        if methods:
            text = f"answers to {{}} {how} cached"
            yield teller.tell(Topic.LIFETIME, text, listed(methods))
    if was.compress != now.compress:
        how = "is" if now.compress else "is no longer"
        text = f"what the origin did not compress {how} compressed at the edge"
        yield teller.tell(Topic.DELIVERY, text)
