"""What a change of a policy means: for the cache key, TTLs, forwarding and response headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_model.header_strength import SECURITY_HEADERS, weakens
from cdn_review.change import BlockReason, Change, Tag, Topic, Trusted, format_message
from cdn_review.leaves import Leaf, NameSet
from cdn_review.rules import SETTING, Difference, Rule, about, say
from cdn_review.shown import (
    duration,
    elements,
    header,
    known,
    listed,
    plural,
    shown_pair,
    shown_selection,
)

_NOUNS = {"Headers": "header", "QueryStrings": "query string", "Cookies": "cookie"}
_FOR_OTHERS = "a response for one visitor can be cached for others"
_RESTARTS = "every cached file is fetched again: the hit ratio starts from zero"
_DROPPED = BlockReason.HEADER_DROPPED
_HEADER_NOTES = {
    "content-security-policy": "a file that is opened on its own may do more",
    "strict-transport-security": "browsers may use http:// again",
    "x-content-type-options": "browsers may run a file that is not declared a script",
}


# --- Cache policies and origin request policies ---


def _cached(d: Difference) -> Iterator[Change]:
    if d.before is False and d.after is True:
        text = "files are cached, for at most {}, and for {} without Cache-Control"
        times = (d.now.get(f"CachePolicy.{name}TTL") for name in ("Max", "Default"))
        yield say(Topic.TTL, text, *map(duration, times))
    elif d.before is True and d.after is False:
        note = "the origin answers every request"
        yield say(Topic.TTL, "nothing is cached any more", note=note)


def _cache_key(d: Difference) -> Iterator[Change]:
    """What two requests must have in common to get one cached copy."""
    noun = _NOUNS[d.key]
    before, after = _selection(d.before), _selection(d.after)
    yield from _still_sent(d, before - after)
    if before.all_but or after.all_but:
        text = f"the {noun}s in the cache key are {{}} instead of {{}}"
        few = ", and stays low if hardly two requests are alike"
        yield say(
            Topic.CACHE_KEY,
            text,
            *(_selected(d.key, one) for one in (after, before)),
            note=f"{_RESTARTS}{few if after.all_but else ''}",
            tags=(Tag.CACHE_RESTARTS,),
        )
        return
    gained, lost = after.names - before.names, before.names - after.names
    for verb, names in (("gains", gained), ("loses", lost)):
        if names:
            yield say(
                Topic.CACHE_KEY,
                f"the cache key {verb} the {plural(names, noun)} {{}}",
                _names(d.key, names),
                note=_RESTARTS,
                tags=(Tag.CACHE_RESTARTS,),
            )


def _still_sent(d: Difference, lost: NameSet) -> Iterator[Change]:
    """What leaves the cache key and is forwarded all the same: visitors get each other's."""
    forwarded = _selection(d.now.get(f"OriginRequest.{d.key}"))
    still = forwarded - (forwarded - lost)
    if still and d.now.get("Cached") is True:
        text = "the origin is sent {}, which the cache key no longer has"
        sent, tags = _sent(d.key, still), (Tag.VISITOR_DATA,)
        yield say(Topic.ORIGIN, text, sent, note=_FOR_OTHERS, tags=tags)


def _forwarded(d: Difference) -> Iterator[Change]:
    """What the origin is sent besides the cache key. What leaves the key can still come."""
    part = d.key
    keys = [_selection(side.get(f"CacheKey.{part}")) for side in (d.was, d.now)]
    own = [_selection(value) for value in (d.before, d.after)]
    first, second = keys[0] | own[0], keys[1] | own[1]
    gained = (second - first) - (keys[1] - keys[0])
    lost = (first - second) - (keys[0] - keys[1])
    if gained:
        cached = d.now.get("Cached") is True
        yield say(
            Topic.ORIGIN,
            f"the origin is sent {{}}{', which the cache key lacks' if cached else ''}",
            _sent(part, gained),
            note=_forwarded_note(part, gained, cached),
            tags=(Tag.VISITOR_DATA,) if part == "Cookies" else (),
        )
    if lost:
        yield say(Topic.ORIGIN, "the origin is no longer sent {}", _sent(part, lost))
    if not gained and not lost and own[0] != own[1]:
        text = f"the origin request policy has the {_NOUNS[part]}s {{}} instead of {{}}"
        selected = (_selected(part, one) for one in reversed(own))
        yield say(Topic.ORIGIN, text, *selected, note="the cache key sends them too")


def _forwarded_note(part: str, gained: NameSet, cached: bool) -> str:
    if part != "Headers":
        return _FOR_OTHERS if cached else ""
    names_host = ("host" in gained.names) != gained.all_but
    needs = "the origin and its certificate must know the distribution's domain names"
    return needs if names_host else ""


def _selection(value: Leaf) -> NameSet:
    return value if isinstance(value, NameSet) else NameSet(all_but=bool(value))


def _sent(part: str, selection: NameSet) -> object:
    noun, names = _NOUNS[part], _names(part, selection.names)
    if not selection.all_but:
        return format_message(f"the {plural(selection.names, noun)} {{}}", names)
    if selection.names:
        return format_message(f"all {noun}s but {{}}", names)
    return Trusted(f"all {noun}s")


def _selected(part: str, value: NameSet) -> object:
    if part == "Headers":
        value = NameSet(frozenset(map(header, value.names)), value.all_but)
    return shown_selection(value)


def _names(part: str, names: frozenset[str]) -> object:
    return listed(map(header, names) if part == "Headers" else names)


# --- Response headers policies ---


def _is_weaker(d: Difference) -> bool:
    was, now = known(d.before), known(d.after)
    if d.added or now is None:
        return not d.added
    return weakens(d.key, None if was is None else str(was), str(now))


def _protected(d: Difference) -> BlockReason | None:
    """Security headers may go with a policy."""
    paths = {f"Header[{name}]" for name in SECURITY_HEADERS}
    is_of_headers = d.path.startswith("ResponseHeaders")
    may_go = is_of_headers and (not d.added or not paths.isdisjoint(d.was))
    return _DROPPED if may_go else None


def _sites(value: Leaf) -> object:
    if "*" in elements(value):
        return Trusted("any site")
    return listed(elements(value)) if value is not None else Trusted("no site")


def _read_by(d: Difference) -> str:
    return (
        "pages of {after} may read the files instead of {before}"
        if "Cors" in d.now
        else ""
    )


def _more_sites(d: Difference) -> BlockReason | None:
    credentials = d.was.get("Cors.AccessControlAllowCredentials")
    grew = d.gained and credentials not in (None, False)
    return BlockReason.ACCESS_WIDENED if grew else None


def _credentials(d: Difference) -> Iterator[Change]:
    text = "pages of other sites may no longer send requests as the logged-in visitor"
    if d.after in (False, None):
        yield say(Topic.CORS, text)
        return
    text = "pages of {} may send requests as the logged-in visitor"
    values = [_sites(d.now.get("Cors.AccessControlAllowOrigins"))]
    block, of = BlockReason.ACCESS_WIDENED, (d.path, d.before, d.after)
    if d.after is not True:
        text = f"whether {text} is {{}} instead of {{}}"
        values += reversed(shown_pair(d.before, d.after))
    yield say(Topic.ACCESS, text, *values, block=block, of=of)


_SECURITY = rf"\[({'|'.join(sorted(SECURITY_HEADERS))})\]"
_SENT: dict[str, Any] = {
    "added": "the header {header} is sent: {after}",
    "removed": "the header {header} is no longer sent",
    "hides": r"Header\[{key}\]\.Override",
}
_REPLACES = "whether the edge's header {header} replaces that of the origin is …"
_REMOVED: dict[str, Any] = {
    "added": "the origin's header {header} is removed from responses",
    "removed": "the origin's header {header} reaches viewers again",
}

_HEADERS = r"(Removed)?Header\[.*|Cors.*|ResponseHeadersPolicy\.S.*"
_HIDDEN_POLICIES = {
    ("Cache", Topic.CACHE_KEY): r"Cached|CacheKey\..*|CachePolicy\..*TTL",
    ("OriginRequest", Topic.ORIGIN): r"OriginRequest\..*",
    ("ResponseHeaders", Topic.HEADERS): _HEADERS,
}

POLICY_RULES = (
    *(
        Rule(
            rf"{name}Policy\.Id",
            SETTING,
            topic=topic,
            absent="a policy of this stack, or none",
            note="a policy of another stack cannot be seen",
            block=_protected,
            hides=hides,
        )
        for (name, topic), hides in _HIDDEN_POLICIES.items()
    ),
    Rule(
        "Cached",
        lines=_cached,
        hides=r"CacheKey\..*|CachePolicy\.(Default|Max|Min)TTL",
        hides_when=lambda d: isinstance(d.before, bool) and isinstance(d.after, bool),
    ),
    *about(
        Topic.TTL,
        *(
            Rule(
                rf"CachePolicy\.{name}TTL",
                message,
                show=duration,
                absent="an unknown time",
                note="applies to files fetched from then on",
            )
            for name, message in (
                ("Max", "files are cached for at most …"),
                ("Default", "files without Cache-Control are cached for …"),
            )
        ),
        Rule(
            r"CachePolicy\.MinTTL",
            "files are cached for at least …",
            show=duration,
            absent="an unknown time",
            when=lambda d: d.after,
            note="overrides no-store and no-cache of the origin",
        ),
    ),
    Rule(r"CacheKey\.(Headers|QueryStrings|Cookies)", lines=_cache_key),
    Rule(
        r"CacheKey\.Encoding\[(\w+)\]",
        lambda d: (
            f"the cache key {'gains' if d.after else 'loses'} the encoding {{key}}"
        ),
        topic=Topic.CACHE_KEY,
        note=_RESTARTS,
        tags=(Tag.CACHE_RESTARTS,),
    ),
    Rule(r"OriginRequest\.(Headers|QueryStrings|Cookies)", lines=_forwarded),
    *about(
        Topic.HEADERS,
        Rule(
            f"Header{_SECURITY}",
            "the header {header} is …",
            topic=Topic.SECURITY,
            when=_is_weaker,
            note=lambda d: _HEADER_NOTES.get(d.key, ""),
            block=_DROPPED,
            **_SENT,
        ),
        Rule(r"Header\[([^\]]*)\]", "the header {header} is …", **_SENT),
        Rule(
            rf"Header{_SECURITY}\.Override",
            _REPLACES,
            topic=Topic.SECURITY,
            when=lambda d: d.after is not True,
            block=_DROPPED,
        ),
        Rule(r"Header\[([^\]]*)\]\.Override", _REPLACES),
        Rule(
            r"RemovedHeader\[(set-cookie)\]",
            topic=Topic.SECURITY,
            when=lambda d: d.removed,
            note="a cached cookie of one visitor could reach others",
            block=_DROPPED,
            **_REMOVED,
        ),
        Rule(r"RemovedHeader\[([^\]]*)\]", **_REMOVED),
    ),
    Rule(r"Cors\.AccessControlAllowCredentials", lines=_credentials),
    *about(
        Topic.CORS,
        Rule(
            "Cors",
            added="",
            removed="the edge sends no CORS headers of its own: the origin decides",
            hides=r"Cors\.(?!AccessControlAllow(Origins|Credentials)).*",
        ),
        Rule(
            r"Cors\.AccessControlAllowOrigins",
            _read_by,
            added="the edge itself lets pages of {after} read the files",
            show=_sites,
            note=lambda d: (
                ""
                if "*" in elements(d.after)
                else "pages of all other sites cannot read them"
            ),
            block=_more_sites,
        ),
        Rule(r"Cors\..*", SETTING),
    ),
)
