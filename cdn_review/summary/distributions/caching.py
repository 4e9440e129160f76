"""The cache key, and how long files and errors stay at the edges."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.delivery.model import Behavior, CacheKey, Delivery, Number, Selection
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.values import duration, header, listed, shown
from cdn_review.words import Own

_REFETCH = "every cached file is fetched again: the hit ratio starts from zero"
_ORIGINS = Own("the origin's")
_LATER = "acts on files fetched from then on"


def caching(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    """The key and the lifetimes, or that there is a cache at all."""
    if was.is_cached and not now.is_cached:
        note = "the origin answers every request"
        yield teller.tell(Topic.LIFETIME, "nothing is cached any more", note=note)
    elif now.is_cached and not was.is_cached and not was.key.policy:
        yield teller.tell(Topic.LIFETIME, "files are cached", note=_times(now))
    elif now.is_cached:
        yield from _cache_key(teller, was.key, now.key)
        yield from _lifetimes(teller, was, now)


def _times(now: Behavior) -> str:
    if now.key.policy:
        return "for how long is not known here"
    most, default = now.lifetime.most, now.lifetime.default
    return f"{duration(most)} at most, {duration(default)} without Cache-Control"


def _cache_key(teller: Teller, was: CacheKey, now: CacheKey) -> Iterator[Change]:
    if was.policy != now.policy:
        yield _other_policy(teller, was.policy, now.policy)
        return
    yield from _part(teller, "header", was.headers, now.headers)
    yield from _part(teller, "query string", was.query_strings, now.query_strings)
    yield from _part(teller, "cookie", was.cookies, now.cookies)
    for encoding in sorted(was.encodings ^ now.encodings):
        verb = "gains" if encoding in now.encodings else "loses"
        text = f"the cache key {verb} the encoding {{}}"
        yield teller.tell(Topic.CACHE_KEY, text, encoding, note=_REFETCH)


def _other_policy(teller: Teller, was: str, now: str) -> Change:
    note = "what is in it cannot be seen here, so nothing is known of key and lifetimes"
    if was and now:
        text = "the cache policy is {} instead of {}"
        return teller.tell(Topic.CACHE_KEY, text, shown(now), shown(was), note=note)
    if now:
        text = "the cache policy is {} instead of one of this stack"
        return teller.tell(Topic.CACHE_KEY, text, shown(now), note=note)
    text = "the cache policy is one that can be seen, instead of {}"
    return teller.tell(Topic.CACHE_KEY, text, shown(was), note=_REFETCH)


def _part(
    teller: Teller, noun: str, was: Selection, now: Selection
) -> Iterator[Change]:
    if was == now:
        return
    plural = f"{noun}s"
    listable = ("none", "some")
    if was.kind in listable and now.kind in listable:
        gained, lost = now.names - was.names, was.names - now.names
        for verb, names in (("gains", gained), ("loses", lost)):
            if names:
                text = f"the cache key {verb} the {noun if len(names) == 1 else plural} {{}}"
                named = map(header, names) if noun == "header" else names
                yield teller.tell(Topic.CACHE_KEY, text, listed(named), note=_REFETCH)
        return
    note = _REFETCH
    if now.is_most:
        note = f"{_REFETCH}, and stays low if hardly two requests are alike"
    text = f"the {plural} in the cache key are {{}} instead of {{}}"
    values = _which(noun, now), _which(noun, was)
    yield teller.tell(Topic.CACHE_KEY, text, *values, note=note)


def _which(noun: str, selection: Selection) -> str:
    names = selection.names
    named = listed(map(header, names) if noun == "header" else names)
    if not named:
        return Own(selection)
    return named if selection.kind == "some" else f"all but {named}"


def _lifetimes(teller: Teller, was: Behavior, now: Behavior) -> Iterator[Change]:
    """How long files stay, if both sides can be seen."""
    if was.key.policy or now.key.policy:
        return
    before, after = was.lifetime, now.lifetime
    if before.default != after.default:
        text = "files that come without Cache-Control stay {} instead of {}"
        yield _longer(teller, text, before.default, after.default)
    if before.most != after.most:
        text = "files stay {} at most instead of {}"
        yield _longer(teller, text, before.most, after.most)
    if before.least != after.least:
        text = "files stay {} at least instead of {}"
        note = "overrides no-store and no-cache of the origin" if after.least else ""
        yield _longer(teller, text, before.least, after.least, note)


def _longer(
    teller: Teller, text: str, was: Number, now: Number, note: str = ""
) -> Change:
    return teller.tell(
        Topic.LIFETIME, text, duration(now), duration(was), note=note or _LATER
    )


def error_lifetimes(teller: Teller, was: Delivery, now: Delivery) -> Iterator[Change]:
    """How long errors stay: codes with the same change share a line."""
    usual = 10
    together: dict[tuple[Number, Number], list[str]] = {}
    for code in sorted(was.errors.keys() | now.errors.keys()):
        pair = was.errors.get(code, usual), now.errors.get(code, usual)
        if pair[0] != pair[1]:
            together.setdefault(pair, []).append(code)
    for (before, after), codes in together.items():
        text = "answers {} stay {} at least instead of {}"
        values = listed(codes), duration(after), duration(before)
        yield teller.tell(Topic.LIFETIME, text, *values, note=_error_note(after))
    for code in sorted(was.error_pages.keys() | now.error_pages.keys()):
        before_page, after_page = was.error_pages.get(code), now.error_pages.get(code)
        if before_page != after_page:
            text = "the page for answers {} is {} instead of {}"
            values = code, after_page or _ORIGINS, before_page or _ORIGINS
            yield teller.tell(Topic.DELIVERY, text, *values)


def _error_note(after: Number) -> str:
    if isinstance(after, int) and after > 60:
        return "a file that is missing for a moment stays missing for that long"
    return ""
