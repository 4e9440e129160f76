"""What a change of the settings for a path means: caching, headers, access, edge code."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_model.header_strength import SECURITY_HEADERS, weakens
from cdn_review.change import BlockReason, Tag, Topic
from cdn_review.leaves import Key, Leaf, Selection
from cdn_review.message import Message, Trusted, format_message
from cdn_review.rules import (
    Difference,
    Line,
    Lines,
    Rule,
    Rules,
    duration,
    elements,
    header,
    known,
    listed,
    shown,
    shown_selection,
)

_REFETCHED = "every cached file is fetched again: the hit ratio starts from zero"
_LATER = "applies to files fetched from then on"
_VIEWER_PROTOCOLS = {
    "allow-all": "answered",
    "https-only": "refused",
    "redirect-to-https": "redirected to https://",
}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_NOUNS = {"Headers": "header", "QueryStrings": "query string", "Cookies": "cookie"}


# --- Caching ---


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


# --- Headers of responses ---


def _header(difference: Difference) -> Iterator[Line]:
    name, before, after = difference.key, difference.before, difference.after
    is_security = name in SECURITY_HEADERS
    protects = is_security and before is not None and _is_weaker(name, before, after)
    shown_name = header(name)
    if after is None:
        message = format_message("the header {} is no longer sent", shown_name)
    elif before is None:
        message = format_message("the header {} is sent: {}", shown_name, shown(after))
    else:
        rule = Rule(
            path="",
            topic=Topic.HEADERS,
            message="the header {key} is {after} instead of {before}",
        )
        message = rule.message_for(difference, key=shown_name)
    yield Line(
        topic=Topic.SECURITY if is_security else Topic.HEADERS,
        message=message,
        note=_HEADER_NOTES.get(name, "") if protects else "",
        block=BlockReason.HEADER_DROPPED if protects else None,
        values=(name, before, after),
    )


def _is_weaker(name: str, before: Leaf, after: Leaf) -> bool:
    was, now = known(before), known(after)
    if now is None:
        return True
    return weakens(name, None if was is None else str(was), str(now))


_HEADER_NOTES = {
    "content-security-policy": "a file that is opened on its own may do more",
    "strict-transport-security": "browsers may use http:// again",
    "x-content-type-options": "browsers may run a file that is not declared a script",
}


def _override(difference: Difference) -> Iterator[Line]:
    """Whose value holds where the origin sends the same header."""
    name, is_security = difference.key, difference.key in SECURITY_HEADERS
    yields = difference.after is not True
    protects = yields and is_security
    if isinstance(difference.after, bool | None):
        text = "the origin's header {} replaces that of the edge"
        text = text if yields else "the edge's header {} replaces that of the origin"
        message = format_message(text, header(name))
    else:
        message = format_message(
            "whether the edge's header {} replaces the origin's is {} instead of {}",
            header(name),
            shown(difference.after),
            shown(difference.before),
        )
    yield Line(
        topic=Topic.SECURITY if is_security else Topic.HEADERS,
        message=message,
        block=BlockReason.HEADER_DROPPED if protects else None,
        values=(difference.path, difference.before, difference.after),
    )


def _unremoved(difference: Difference) -> Iterator[Line]:
    if difference.added:
        message = "the origin's header {} is removed from responses"
        yield Line(
            topic=Topic.HEADERS, message=format_message(message, header(difference.key))
        )
        return
    cookie = difference.key == "set-cookie"
    yield Line(
        topic=Topic.SECURITY if cookie else Topic.HEADERS,
        message=format_message(
            "the origin's header {} reaches viewers again", header(difference.key)
        ),
        note="a cached cookie of one visitor could reach others" if cookie else "",
        block=BlockReason.HEADER_DROPPED if cookie else None,
        values=(difference.path,),
    )


# --- CORS ---


def _sites(value: Leaf) -> object:
    if "*" in elements(value):
        return Trusted("any site")
    return listed(elements(value)) if value is not None else Trusted("no site")


def _cors_origins(difference: Difference) -> Iterator[Line]:
    before, after = difference.before, difference.after
    if "Cors" not in difference.now:
        return
    grew = bool(difference.gained) and difference.was.get(_CREDENTIALS) not in (
        None,
        False,
    )
    if "Cors" in difference.was:
        message = format_message(
            "pages of {} may read the files instead of {}",
            _sites(after),
            _sites(before),
        )
    else:
        message = format_message(
            "the edge itself lets pages of {} read the files", _sites(after)
        )
    yield Line(
        topic=Topic.CORS,
        message=message,
        note=""
        if "*" in elements(after)
        else "pages of all other sites cannot read them",
        block=BlockReason.ACCESS_WIDENED if grew else None,
        values=(difference.path, before, after),
    )


_CREDENTIALS = "Cors.AccessControlAllowCredentials"


def _credentials(difference: Difference) -> Iterator[Line]:
    after = difference.after
    sites = _sites(difference.now.get("Cors.AccessControlAllowOrigins"))
    if after is False or after is None:
        message = format_message(
            "pages of other sites may no longer send requests as the logged-in visitor"
        )
    elif after is True:
        message = format_message(
            "pages of {} may send requests as the logged-in visitor", sites
        )
    else:
        message = format_message(
            "whether pages of {} may send requests as the logged-in visitor is {} instead of {}",
            sites,
            shown(after),
            shown(difference.before),
        )
    yield Line(
        topic=Topic.CORS if after in (False, None) else Topic.ACCESS,
        message=message,
        block=None if after in (False, None) else BlockReason.ACCESS_WIDENED,
        values=(difference.path, difference.before, after),
    )


def _cors_list(what: str) -> Lines:
    def lines(difference: Difference) -> Iterator[Line]:
        names = [
            _cors_names(what, value) for value in (difference.after, difference.before)
        ]
        yield Line(
            topic=Topic.CORS,
            message=format_message(
                f"the {what} for other sites are {{}} instead of {{}}", *names
            ),
        )

    return lines


def _cors_names(what: str, value: Leaf) -> object:
    names = elements(value)
    if what == "methods" or not all(isinstance(name, str) for name in names):
        return listed(names)
    return listed(map(header, names))


# --- Access and edge code ---


def _keys(difference: Difference) -> Iterator[Line]:
    """Who can sign URLs and cookies: whoever has a private key opens every file."""
    before, after = elements(difference.before), elements(difference.after)
    gained, lost = difference.gained, difference.lost
    values = (difference.path, before, after)
    if gained and listed(gained) == listed(lost):
        # A key that is changed under its name: the deploy refuses it.
        return
    if not before:
        yield Line(
            topic=Topic.ACCESS,
            message=format_message(
                "files need a signed URL or cookie, with the {}", _key_names(gained)
            ),
            note="everybody without one gets a 403",
            tags=(Tag.SECURITY,),
        )
        return
    if not after:
        yield Line(
            topic=Topic.ACCESS,
            message=format_message("files no longer need a signed URL or cookie"),
            note="what was private is open to everybody",
            block=BlockReason.ACCESS_WIDENED,
            values=values,
        )
        return
    if gained:
        yield Line(
            topic=Topic.ACCESS,
            message=format_message(
                "signatures with the {} are accepted", _key_names(gained)
            ),
            note="whoever has the private key can open every private file",
            block=BlockReason.ACCESS_WIDENED,
            values=values,
        )
    if lost:
        yield Line(
            topic=Topic.ACCESS,
            message=format_message(
                "signatures with the {} are refused", _key_names(lost)
            ),
            note="URLs and cookies that it signed stop working"
            if len(lost) == 1
            else "URLs and cookies that they signed stop working",
        )


def _key_names(keys: frozenset[Key | Leaf]) -> object:
    return format_message(f"key{'' if len(keys) == 1 else 's'} {{}}", listed(keys))


def _methods(difference: Difference) -> Iterator[Line]:
    gained, lost = difference.gained, difference.lost
    writing = gained - _READING
    if gained:
        yield Line(
            topic=Topic.ACCESS if writing else Topic.DELIVERY,
            message=format_message("{} requests reach the origin", listed(gained)),
            note="visitors can try to change what is there" if writing else "",
            block=BlockReason.ACCESS_WIDENED if writing else None,
            values=(difference.path, gained),
        )
    if lost:
        yield Line(
            topic=Topic.DELIVERY,
            message=format_message("{} requests are refused", listed(lost)),
            note="browsers send them before some requests" if "OPTIONS" in lost else "",
        )


def _cached_methods(difference: Difference) -> Iterator[Line]:
    allowed = [
        elements(side.get("AllowedMethods"))
        for side in (difference.was, difference.now)
    ]
    for how, methods in (
        ("are", difference.gained - (allowed[1] - allowed[0])),
        ("are no longer", difference.lost - (allowed[0] - allowed[1])),
    ):
        if methods:
            yield Line(
                topic=Topic.TTL,
                message=format_message(
                    f"responses to {{}} {how} cached", listed(methods)
                ),
            )


def _protocol(value: Leaf) -> object:
    how = _VIEWER_PROTOCOLS.get(str(value))
    return Trusted(how) if how else shown(value)


def _less_safe(difference: Difference) -> BlockReason | None:
    safe = ("https-only", "redirect-to-https")
    return None if known(difference.after) in safe else BlockReason.PROTECTION_DROPPED


def _guards(difference: Difference) -> BlockReason | None:
    """Code that sees requests may be what lets in some visitors only."""
    is_new = difference.path.startswith("Code[") and difference.added
    on_request = difference.key.endswith("request")
    return BlockReason.PROTECTION_DROPPED if on_request and not is_new else None


_ASSOCIATION = r"(?:Lambda)?FunctionAssociations\[([\w-]+)\]"
_GUARD_NOTE = "if it let in some visitors only, others may get in"


def _guard_note(difference: Difference) -> str:
    return _GUARD_NOTE if _guards(difference) else ""


BEHAVIOR_RULES = Rules(
    (
        Rule(
            path="Cached",
            topic=Topic.TTL,
            lines=_cached,
            hides=r"CacheKey\..*|CachePolicy\.(Default|Max|Min)TTL",
            hides_when=lambda d: (
                isinstance(d.before, bool) and isinstance(d.after, bool)
            ),
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
        Rule(
            path=r"CacheKey\.Encoding\[(\w+)\]", topic=Topic.CACHE_KEY, lines=_encoding
        ),
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
        Rule(
            path=r"ResponseHeadersPolicy\.Id",
            topic=Topic.HEADERS,
            message="the response headers policy is {after} instead of {before}",
            absent="a policy of this stack, or none",
            note="a policy of another stack cannot be seen: its headers are unknown",
            hides=r"(Removed)?Header\[.*|Cors.*|ServerTiming",
            block=lambda d: (
                BlockReason.HEADER_DROPPED
                if d.before is not None
                or any(
                    path[7:-1] in SECURITY_HEADERS
                    for path in d.was
                    if path.startswith("Header[")
                )
                else None
            ),
        ),
        Rule(
            path=r"Header\[([^\]]*)\]",
            topic=Topic.HEADERS,
            lines=_header,
            hides=r"Header\[{key}\]\.Override",
        ),
        Rule(
            path=r"Header\[([^\]]*)\]\.Override", topic=Topic.HEADERS, lines=_override
        ),
        Rule(path=r"RemovedHeader\[([^\]]*)\]", topic=Topic.HEADERS, lines=_unremoved),
        Rule(
            path="ServerTiming",
            topic=Topic.HEADERS,
            message="Server-Timing is sent for {after} % of responses instead of {before} %",
            absent="0",
        ),
        Rule(
            path="Cors",
            topic=Topic.CORS,
            added="",
            removed="the edge sends no CORS headers of its own: the origin decides",
            hides=r"Cors\.(?!AccessControlAllow(Origins|Credentials)).*",
        ),
        Rule(
            path=r"Cors\.AccessControlAllowOrigins",
            topic=Topic.CORS,
            lines=_cors_origins,
        ),
        Rule(
            path=r"Cors\.AccessControlAllowCredentials",
            topic=Topic.CORS,
            lines=_credentials,
        ),
        Rule(
            path=r"Cors\.AccessControlAllowMethods",
            topic=Topic.CORS,
            lines=_cors_list("methods"),
        ),
        Rule(
            path=r"Cors\.AccessControlAllowHeaders",
            topic=Topic.CORS,
            lines=_cors_list("request headers"),
        ),
        Rule(
            path=r"Cors\.AccessControlExposeHeaders",
            topic=Topic.CORS,
            lines=_cors_list("readable headers"),
        ),
        Rule(
            path=r"Cors\.AccessControlMaxAgeSec",
            topic=Topic.CORS,
            message="browsers remember a preflight for {after} instead of {before}",
            show=duration,
            absent="5 seconds",
        ),
        Rule(
            path=r"Cors\.OriginOverride",
            topic=Topic.CORS,
            message="whether the edge's CORS headers replace the origin's is {after} instead of {before}",
            absent="false",
        ),
        Rule(path="TrustedKeyGroups|TrustedSigners", topic=Topic.ACCESS, lines=_keys),
        Rule(
            path="ViewerProtocolPolicy",
            topic=Topic.SECURITY,
            message="http:// requests are {after} instead of {before}",
            show=_protocol,
            note=lambda d: (
                "others can read and change what visitors get" if _less_safe(d) else ""
            ),
            block=_less_safe,
        ),
        Rule(path="AllowedMethods", topic=Topic.DELIVERY, lines=_methods),
        Rule(path="CachedMethods", topic=Topic.TTL, lines=_cached_methods),
        Rule(
            path="Compress",
            topic=Topic.DELIVERY,
            message="whether the edge compresses files is {after} instead of {before}",
            absent="false",
        ),
        Rule(
            path=r"Code\[([\w-]+)\]",
            topic=Topic.SECURITY,
            added="{after} code runs on {key}",
            removed="{before} code no longer runs on {key}",
            message="{after} code runs on {key} instead of {before} code",
            note=lambda d: "charged for each request" if d.added else _guard_note(d),
            show=lambda value: Trusted(value),
            block=_guards,
            tags=lambda d: (Tag.COST,) if d.added else (),
            hides=r"(?:Lambda)?FunctionAssociations\[{key}\].*",
        ),
        Rule(
            path=_ASSOCIATION
            + r"\.Function\.(?:FunctionCode|(?:Code|Handler|Layers)\b.*)",
            topic=Topic.SECURITY,
            message="another version of the code runs on {key}",
            note=_guard_note,
            block=_guards,
        ),
        Rule(
            path=_ASSOCIATION + r"\.(?:Lambda)?FunctionARN",
            topic=Topic.SECURITY,
            message="the code that runs on {key} is {after} instead of {before}",
            absent="a function of this stack",
            note=_guard_note,
            block=_guards,
        ),
        Rule(
            path=r"FieldLevelEncryptionId",
            topic=Topic.SECURITY,
            message="the field-level encryption is {after} instead of {before}",
            absent="off",
            block=lambda d: BlockReason.PROTECTION_DROPPED if d.removed else None,
        ),
        Rule(
            path="RealtimeLogConfigArn",
            topic=Topic.MONITORING,
            added="real-time logs are written by {after}",
            removed="real-time logs are no longer written, by {before} until now",
            message="real-time logs are written by {after} instead of {before}",
            note=lambda d: "charged for each line" if d.added else "",
            tags=lambda d: (Tag.COST, Tag.VISITOR_DATA) if d.added else (),
        ),
        Rule(
            path=r"OriginGroup\.FailoverCriteria\.StatusCodes",
            topic=Topic.ORIGIN,
            message="the second origin is asked on {after} instead of {before}",
            absent="nothing",
        ),
        # Which origins are asked is said of them.
        Rule(path="OriginGroup", topic=Topic.ORIGIN, hides=r"OriginGroup\..*"),
        Rule(
            path=r"OriginGroup\.SelectionCriteria",
            topic=Topic.ORIGIN,
            message="the origin of a group is selected by {after} instead of {before}",
            absent="default",
        ),
    )
)
