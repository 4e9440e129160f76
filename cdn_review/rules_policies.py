"""What a change of a cache policy or an origin request policy means."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.change import Change, Tag, Topic
from cdn_review.leaves import Leaf, NameSet
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Rule,
    about,
    alike,
    duration,
    header,
    listed,
    plural,
    say,
    shown_selection,
)

_NOUNS = {"Headers": "header", "QueryStrings": "query string", "Cookies": "cookie"}
_FOR_OTHERS = "a response for one visitor can be cached for others"


def _cached(d: Difference) -> Iterator[Change]:
    if d.before is False and d.after is True:
        yield say(
            Topic.TTL,
            "files are cached, for at most {}, and for {} without Cache-Control",
            duration(d.now.get("CachePolicy.MaxTTL")),
            duration(d.now.get("CachePolicy.DefaultTTL")),
        )
    elif d.before is True and d.after is False:
        note = "the origin answers every request"
        yield say(Topic.TTL, "nothing is cached any more", note=note)


def _cache_key(d: Difference) -> Iterator[Change]:
    """What two requests must have in common to get one cached copy."""
    part, noun = d.key, _NOUNS[d.key]
    before, after = _selection(d.before), _selection(d.after)
    yield from _still_sent(d, before - after)
    if before.by_exclusion or after.by_exclusion:
        yield _key_line(
            f"the {noun}s in the cache key are {{}} instead of {{}}",
            _selected(part, after),
            _selected(part, before),
            note=", and stays low if hardly two requests are alike"
            if after.by_exclusion
            else "",
        )
        return
    for text, names in (
        ("the cache key gains the {} {{}}", after.names - before.names),
        ("the cache key loses the {} {{}}", before.names - after.names),
    ):
        if names:
            yield _key_line(text.format(plural(names, noun)), _names(part, names))


def _still_sent(d: Difference, lost: NameSet) -> Iterator[Change]:
    """What leaves the cache key and is forwarded all the same: visitors get each other's."""
    forwarded = _selection(d.now.get(f"OriginRequest.{d.key}"))
    still = forwarded - (forwarded - lost)
    if still.chosen and d.now.get("Cached") is True:
        yield say(
            Topic.ORIGIN,
            "the origin is sent {}, which the cache key no longer has",
            _sent(d.key, still),
            note=_FOR_OTHERS,
            tags=(Tag.VISITOR_DATA,),
        )


def _key_line(text: str, *values: object, note: str = "") -> Change:
    restarts = "every cached file is fetched again: the hit ratio starts from zero"
    return say(
        Topic.CACHE_KEY,
        text,
        *values,
        note=f"{restarts}{note}",
        tags=(Tag.CACHE_RESTARTS,),
    )


def _encoding(d: Difference) -> Iterator[Change]:
    verb = "gains" if d.after else "loses"
    yield _key_line(f"the cache key {verb} the encoding {{}}", d.key)


def _selected(part: str, value: NameSet) -> object:
    if part == "Headers":
        value = NameSet(value.behavior, frozenset(map(header, value.names)))
    return shown_selection(value)


def _names(part: str, names: frozenset[str]) -> object:
    return listed(map(header, names) if part == "Headers" else names)


def _forwarded(d: Difference) -> Iterator[Change]:
    """What the origin is sent besides the cache key. What leaves the key can still come."""
    part = d.key
    keys = [_selection(side.get(f"CacheKey.{part}")) for side in (d.was, d.now)]
    own = [_selection(value) for value in (d.before, d.after)]
    first, second = keys[0] | own[0], keys[1] | own[1]
    gained = (second - first) - (keys[1] - keys[0])
    lost = (first - second) - (keys[0] - keys[1])
    cached = d.now.get("Cached") is True
    if gained.chosen:
        yield say(
            Topic.ORIGIN,
            "the origin is sent {}, which the cache key lacks"
            if cached
            else "the origin is sent {}",
            _sent(part, gained),
            note=_forwarded_note(part, gained, cached),
            tags=(Tag.VISITOR_DATA,) if part == "Cookies" else (),
        )
    if lost.chosen:
        yield say(Topic.ORIGIN, "the origin is no longer sent {}", _sent(part, lost))
    if not gained.chosen and not lost.chosen and own[0] != own[1]:
        yield say(
            Topic.ORIGIN,
            f"the origin request policy has the {_NOUNS[part]}s {{}} instead of {{}}",
            _selected(part, own[1]),
            _selected(part, own[0]),
            note="the cache key sends them too",
        )


def _selection(value: Leaf) -> NameSet:
    if isinstance(value, NameSet):
        return value
    return NameSet("all" if value else "none")


def _sent(part: str, selection: NameSet) -> object:
    noun, names = _NOUNS[part], _names(part, selection.names)
    if not selection.by_exclusion:
        return format_message(f"the {plural(selection.names, noun)} {{}}", names)
    if selection.names:
        return format_message(f"all {noun}s but {{}}", names)
    return Trusted(f"all {noun}s")


def _forwarded_note(part: str, gained: NameSet, cached: bool) -> str:
    if part == "Headers":
        names_host = ("host" in gained.names) != gained.by_exclusion
        needs = (
            "the origin and its certificate must know the distribution's domain names"
        )
        return needs if names_host else ""
    return _FOR_OTHERS if cached else ""


_ELSEWHERE = "a policy of this stack, or none"

POLICY_RULES = (
    Rule(
        "Cached",
        lines=_cached,
        hides=r"CacheKey\..*|CachePolicy\.(Default|Max|Min)TTL",
        hides_when=lambda d: isinstance(d.before, bool) and isinstance(d.after, bool),
    ),
    *about(
        Topic.TTL,
        *alike(
            {
                r"CachePolicy\.MaxTTL": "files are cached for at most {after} instead of {before}",
                r"CachePolicy\.DefaultTTL": "files without Cache-Control are cached for {after} instead of {before}",
            },
            show=duration,
            absent="an unknown time",
            note="applies to files fetched from then on",
        ),
        Rule(
            r"CachePolicy\.MinTTL",
            "files are cached for at least {after} instead of {before}",
            show=duration,
            absent="an unknown time",
            when=lambda d: d.after,
            note="overrides no-store and no-cache of the origin",
        ),
    ),
    Rule(r"CacheKey\.(Headers|QueryStrings|Cookies)", lines=_cache_key),
    Rule(r"CacheKey\.Encoding\[(\w+)\]", lines=_encoding),
    Rule(
        r"CachePolicy\.Id",
        "the cache policy is {after} instead of {before}",
        topic=Topic.CACHE_KEY,
        absent=_ELSEWHERE,
        note="a policy of another stack cannot be seen: cache key and TTLs are unknown",
        hides=r"Cached|CacheKey\..*|CachePolicy\..*TTL",
    ),
    Rule(
        r"OriginRequestPolicy\.Id",
        "the origin request policy is {after} instead of {before}",
        topic=Topic.ORIGIN,
        absent=_ELSEWHERE,
        note="a policy of another stack cannot be seen: what the origin is sent is unknown",
        hides=r"OriginRequest\..*",
    ),
    Rule(r"OriginRequest\.(Headers|QueryStrings|Cookies)", lines=_forwarded),
)
