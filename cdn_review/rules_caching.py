"""What a change of caching means: TTLs, the cache key, and what the origin is sent."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.change import Tag, Topic
from cdn_review.leaves import Leaf, Selection
from cdn_review.message import Message, Trusted, format_message
from cdn_review.rules import (
    Difference,
    Line,
    Rule,
    duration,
    header,
    listed,
    shown_selection,
)

_REFETCHED = "every cached file is fetched again: the hit ratio starts from zero"
_LATER = "applies to files fetched from then on"
_NOUNS = {"Headers": "header", "QueryStrings": "query string", "Cookies": "cookie"}


def _cached(difference: Difference) -> Iterator[Line]:
    default, highest = (
        difference.now.get(f"CachePolicy.{ttl}") for ttl in ("DefaultTTL", "MaxTTL")
    )
    if difference.before is False and difference.after is True:
        yield Line(
            topic=Topic.TTL,
            message=format_message(
                "files are cached, for at most {}, and for {} without Cache-Control",
                duration(highest),
                duration(default),
            ),
        )
    elif difference.before is True and difference.after is False:
        yield Line(
            topic=Topic.TTL,
            message=format_message("nothing is cached any more"),
            note="the origin answers every request",
        )


def _cache_key(difference: Difference) -> Iterator[Line]:
    """What two requests must have in common to get one cached copy."""
    part, noun = difference.key, _NOUNS[difference.key]
    before, after = _selection(difference.before), _selection(difference.after)
    yield from _still_sent(difference, before - after)
    listable = ("none", "whitelist")
    if before.behavior in listable and after.behavior in listable:
        for verb, names in (
            ("gains", after.names - before.names),
            ("loses", before.names - after.names),
        ):
            if names:
                plural = "" if len(names) == 1 else "s"
                text = f"the cache key {verb} the {noun}{plural} {{}}"
                yield _key_line(format_message(text, _names(part, names)))
        return
    message = format_message(
        f"the {noun}s in the cache key are {{}} instead of {{}}",
        _selected(part, after),
        _selected(part, before),
    )
    unlike = ", and stays low if hardly two requests are alike"
    yield _key_line(message, unlike if after.by_exclusion else "")


def _still_sent(difference: Difference, lost: Selection) -> Iterator[Line]:
    """What leaves the cache key and is forwarded all the same: visitors get each other's."""
    part = difference.key
    forwarded = _selection(difference.now.get(f"OriginRequest.{part}"))
    still = forwarded - (forwarded - lost)
    if still.behavior != "none" and difference.now.get("Cached") is True:
        yield Line(
            topic=Topic.ORIGIN,
            message=format_message(
                "the origin is sent {}, which the cache key no longer has",
                _sent(part, still),
            ),
            note="a response for one visitor can be cached for others",
            tags=(Tag.VISITOR_DATA,),
        )


def _key_line(message: Message, note: str = "") -> Line:
    return Line(
        topic=Topic.CACHE_KEY,
        message=message,
        note=f"{_REFETCHED}{note}",
        tags=(Tag.CACHE_RESTARTS,),
    )


def _encoding(difference: Difference) -> Iterator[Line]:
    verb = "gains" if difference.after else "loses"
    yield _key_line(
        format_message(f"the cache key {verb} the encoding {{}}", difference.key)
    )


def _selected(part: str, value: Selection) -> object:
    if part == "Headers":
        value = Selection(value.behavior, frozenset(map(header, value.names)))
    return shown_selection(value)


def _names(part: str, names: frozenset[str]) -> object:
    return listed(map(header, names) if part == "Headers" else names)


def _forwarded(difference: Difference) -> Iterator[Line]:
    """What the origin is sent besides the cache key. What leaves the key can still come."""
    part = difference.key
    keys = [
        _selection(side.get(f"CacheKey.{part}"))
        for side in (difference.was, difference.now)
    ]
    own = [_selection(value) for value in (difference.before, difference.after)]
    first, second = keys[0] | own[0], keys[1] | own[1]
    gained = (second - first) - (keys[1] - keys[0])
    lost = (first - second) - (keys[0] - keys[1])
    cached = difference.now.get("Cached") is True
    if gained.behavior != "none":
        yield Line(
            topic=Topic.ORIGIN,
            message=format_message(
                "the origin is sent {}"
                + (", which the cache key lacks" if cached else ""),
                _sent(part, gained),
            ),
            note=_forwarded_note(part, gained, cached),
            tags=(Tag.VISITOR_DATA,) if part == "Cookies" else (),
        )
    if lost.behavior != "none":
        yield Line(
            topic=Topic.ORIGIN,
            message=format_message(
                "the origin is no longer sent {}", _sent(part, lost)
            ),
        )
    if gained.behavior == lost.behavior == "none" and own[0] != own[1]:
        yield Line(
            topic=Topic.ORIGIN,
            message=format_message(
                f"the origin request policy has the {_NOUNS[part]}s {{}} instead of {{}}",
                _selected(part, _selection(difference.after)),
                _selected(part, _selection(difference.before)),
            ),
            note="the cache key sends them too",
        )


def _selection(value: Leaf) -> Selection:
    return (
        value if isinstance(value, Selection) else Selection("all" if value else "none")
    )


def _sent(part: str, selection: Selection) -> object:
    noun, names = _NOUNS[part], _names(part, selection.names)
    if not selection.by_exclusion:
        plural = "" if len(selection.names) == 1 else "s"
        return format_message(f"the {noun}{plural} {{}}", names)
    if selection.names:
        return format_message(f"all {noun}s but {{}}", names)
    return Trusted(f"all {noun}s")


def _forwarded_note(part: str, gained: Selection, cached: bool) -> str:
    names_host = (part, "host" in gained.names) == ("Headers", not gained.by_exclusion)
    if names_host:
        return (
            "the origin and its certificate must know the distribution's domain names"
        )
    if part == "Headers":
        return ""
    return "a response for one visitor can be cached for others" if cached else ""


def _other_policy(noun: str, note: str, hides: str) -> Rule:
    return Rule(
        path=rf"{noun}\.Id",
        topic=Topic.CACHE_KEY if noun == "CachePolicy" else Topic.ORIGIN,
        message=f"{_POLICY_NOUNS[noun]} is {{after}} instead of {{before}}",
        absent="a policy of this stack, or none",
        note=note,
        hides=hides,
    )


_POLICY_NOUNS = {
    "CachePolicy": "the cache policy",
    "OriginRequestPolicy": "the origin request policy",
}


CACHING_RULES = (
    Rule(
        path="Cached",
        topic=Topic.TTL,
        lines=_cached,
        hides=r"CacheKey\..*|CachePolicy\.(Default|Max|Min)TTL",
        hides_when=lambda d: isinstance(d.before, bool) and isinstance(d.after, bool),
    ),
    Rule(
        path=r"CachePolicy\.MaxTTL",
        topic=Topic.TTL,
        message="files are cached for at most {after} instead of {before}",
        show=duration,
        absent="an unknown time",
        note=_LATER,
    ),
    Rule(
        path=r"CachePolicy\.DefaultTTL",
        topic=Topic.TTL,
        message="files without Cache-Control are cached for {after} instead of {before}",
        show=duration,
        absent="an unknown time",
        note=_LATER,
    ),
    Rule(
        path=r"CachePolicy\.MinTTL",
        topic=Topic.TTL,
        message="files are cached for at least {after} instead of {before}",
        show=duration,
        absent="an unknown time",
        note=lambda d: (
            "overrides no-store and no-cache of the origin" if d.after else ""
        ),
    ),
    Rule(
        path=r"CacheKey\.(Headers|QueryStrings|Cookies)",
        topic=Topic.CACHE_KEY,
        lines=_cache_key,
    ),
    Rule(path=r"CacheKey\.Encoding\[(\w+)\]", topic=Topic.CACHE_KEY, lines=_encoding),
    _other_policy(
        "CachePolicy",
        "a policy of another stack cannot be seen: cache key and TTLs are unknown",
        r"Cached|CacheKey\..*|CachePolicy\..*TTL",
    ),
    _other_policy(
        "OriginRequestPolicy",
        "a policy of another stack cannot be seen: what the origin is sent is unknown",
        r"OriginRequest\..*",
    ),
    Rule(
        path=r"OriginRequest\.(Headers|QueryStrings|Cookies)",
        topic=Topic.ORIGIN,
        lines=_forwarded,
    ),
)
