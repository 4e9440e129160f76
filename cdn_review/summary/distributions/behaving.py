"""The rules for the paths of one pattern, and which patterns there are."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import Behavior, Delivery, Forwarding, Selection
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.answers import answers
from cdn_review.summary.distributions.caching import cache_key, lifetimes
from cdn_review.summary.distributions.fetching import fetching
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import listed, shown

_VIEWERS = {
    "allow-all": "are answered by http:// too",
    "redirect-to-https": "by http:// are redirected to https://",
    "https-only": "by http:// are refused",
}


def behaving(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    """The default behavior, then those of patterns that both sides have."""
    yield from _behavior(teller, was.default, now.default)
    before = {one.pattern: one for one in was.behaviors}
    after = {one.pattern: one for one in now.behaviors}
    told = (was.default.origins, now.default.origins)
    for pattern in [one for one in before if one in after]:
        old, new = before[pattern], after[pattern]
        under = teller.under(pattern)
        yield from _behavior(
            under, old, new, origins=(old.origins, new.origins) != told
        )
    yield from _patterns(teller, before, after)


def _behavior(
    teller: Teller, was: Behavior, now: Behavior, *, origins: bool = True
) -> Iterator[Change]:
    if was == now:
        return
    if origins:
        yield from fetching(teller, was, now)
    yield from _signers(teller, was, now)
    yield from _viewers(teller, was, now)
    yield from cache_key(teller, was.key, now.key)
    yield from lifetimes(teller, was, now)
    yield from _forwarding(teller, was.forwarding, now.forwarding)
    yield from answers(teller, was.answer, now.answer)
    yield from _methods(teller, was, now)
    yield from _code(teller, was, now)
    others = {name for name, _ in set(was.rest) ^ set(now.rest)}
    if others:
        yield teller.tell(Topic.OTHER, "other settings change: {}", listed(others))


def _signers(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    if bool(was.signers) == bool(now.signers):
        return
    if now.signers:
        text = "files need a signed URL or cookie"
        note = "everybody without one gets a 403"
        yield teller.tell(Topic.ACCESS, text, note=note)
        return
    yield teller.tell(
        Topic.ACCESS,
        "files no longer need a signed URL or cookie",
        note="what was private is open to everybody",
        stop=Stop.ACCESS_WIDENED,
        was=True,
        now=False,
    )


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


def _forwarding(teller: Teller, was: Forwarding, now: Forwarding) -> Iterator[Change]:
    if was.policy != now.policy:
        text = "the origin request policy is {} instead of {}"
        values = [
            shown(one) or "none that is unseen" for one in (now.policy, was.policy)
        ]
        yield teller.tell(Topic.ORIGIN, text, *values)
        return
    for noun, before, after in (
        ("headers", was.headers, now.headers),
        ("query strings", was.query_strings, now.query_strings),
        ("cookies", was.cookies, now.cookies),
    ):
        if before != after:
            text = f"the {noun} that reach the origin beside the cache key are {{}} instead of {{}}"
            note = _forwarding_note(noun, after)
            yield teller.tell(Topic.ORIGIN, text, after, before, note=note)


def _forwarding_note(noun: str, now: Selection) -> str:
    if noun == "headers" and _sends_host(now):
        return "the origin and its certificate have to know the distribution's names"
    if now.kind != "none" and noun != "headers":
        return "an answer for one visitor can be cached for others, as it is not in the key"
    return ""


def _sends_host(headers: Selection) -> bool:
    named = "host" in headers.names
    return {"all": True, "some": named, "all but": not named}.get(headers.kind, False)


def _methods(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    gained, lost = now.methods - was.methods, was.methods - now.methods
    writing = gained - {"GET", "HEAD", "OPTIONS"}
    if gained:
        yield teller.tell(
            Topic.ACCESS if writing else Topic.DELIVERY,
            "requests by {} reach the origin",
            listed(gained),
            stop=Stop.ACCESS_WIDENED if writing else None,
            was=was.methods,
            now=now.methods,
        )
    if lost:
        text = "requests by {} are refused"
        yield teller.tell(Topic.DELIVERY, text, listed(lost))
    kept = (now.cached_methods ^ was.cached_methods) - gained - lost
    for method in sorted(kept):
        how = "are" if method in now.cached_methods else "are no longer"
        yield teller.tell(Topic.LIFETIME, f"answers to {{}} {how} cached", method)
    if was.compress != now.compress:
        how = "is" if now.compress else "is no longer"
        text = f"what the origin did not compress {how} compressed at the edge"
        yield teller.tell(Topic.DELIVERY, text)


def _code(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    for code in sorted(now.functions - was.functions):
        text = "code runs at the edge: {}"
        note = "charged for each request"
        yield teller.tell(Topic.DELIVERY, text, shown(code), note=note, costs=True)
    for code in sorted(was.functions - now.functions):
        text = "code no longer runs at the edge: {}"
        yield teller.tell(Topic.DELIVERY, text, shown(code))
    if was.real_time_logs != now.real_time_logs:
        begins = bool(now.real_time_logs) and not was.real_time_logs
        how = "begin" if begins else "go elsewhere" if now.real_time_logs else "end"
        note = "charged for each line" if begins else ""
        text = f"real-time logs {how}"
        yield teller.tell(Topic.WATCHING, text, note=note, costs=begins)


def _patterns(
    teller: Teller, before: dict[str, Behavior], after: dict[str, Behavior]
) -> Iterator[Change]:
    for pattern in [one for one in after if one not in before]:
        text = "paths like {} have rules of their own, served from {}"
        values = pattern, _origin(after[pattern])
        yield teller.tell(Topic.DELIVERY, text, *values)
        yield from _opened(teller, before, after[pattern])
    for pattern in [one for one in before if one not in after]:
        signed = bool(before[pattern].signers)
        yield teller.tell(
            Topic.ACCESS if signed else Topic.DELIVERY,
            "paths like {} follow the rules of all others",
            pattern,
            note="they needed a signed URL or cookie" if signed else "",
            stop=Stop.ACCESS_WIDENED if signed else None,
            was=pattern,
        )
    common = [one for one in before if one in after]
    if common != [one for one in after if one in before]:
        text = "path patterns are tried in another order: {}"
        order = ", ".join([one for one in after if one in before])
        yield teller.tell(Topic.DELIVERY, text, order)


def _opened(
    teller: Teller, before: dict[str, Behavior], added: Behavior
) -> Iterator[Change]:
    """A new pattern without a signature, where all others need one."""
    if before and all(one.signers for one in before.values()) and not added.signers:
        yield teller.tell(
            Topic.ACCESS,
            "paths like {} need no signed URL or cookie",
            added.pattern,
            stop=Stop.ACCESS_WIDENED,
            now=added.pattern,
        )


def _origin(behavior: Behavior) -> str:
    return shown(behavior.origins[0].domain_name) if behavior.origins else "nowhere"
