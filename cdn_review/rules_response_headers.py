"""What a change of response headers means: security headers, CORS and the rest."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_model.header_strength import SECURITY_HEADERS, weakens
from cdn_review.change import BlockReason, Change, Topic
from cdn_review.leaves import Leaf
from cdn_review.message import Trusted
from cdn_review.rules import (
    Difference,
    Rule,
    about,
    alike,
    duration,
    elements,
    header,
    known,
    listed,
    say,
    shown_pair,
)

_HEADER_NOTES = {
    "content-security-policy": "a file that is opened on its own may do more",
    "strict-transport-security": "browsers may use http:// again",
    "x-content-type-options": "browsers may run a file that is not declared a script",
}
_CREDENTIALS = "Cors.AccessControlAllowCredentials"


def _header(d: Difference) -> Iterator[Change]:
    before, after = shown_pair(d.before, d.after)
    text, values = "the header {} is {} instead of {}", [after, before]
    if d.removed:
        text, values = "the header {} is no longer sent", []
    elif d.added:
        text, values = "the header {} is sent: {}", [after]
    protects = not d.added and d.key in SECURITY_HEADERS and _is_weaker(d)
    yield _header_line(
        d,
        text,
        *values,
        note=_HEADER_NOTES.get(d.key, "") if protects else "",
        block=protects,
        of=(d.key, d.before, d.after),
    )


def _header_line(
    d: Difference, text: str, *values: object, note: str = "", block: bool, of: object
) -> Change:
    return say(
        Topic.SECURITY if d.key in SECURITY_HEADERS else Topic.HEADERS,
        text,
        header(d.key),
        *values,
        note=note,
        block=BlockReason.HEADER_DROPPED if block else None,
        of=of,
    )


def _is_weaker(d: Difference) -> bool:
    was, now = known(d.before), known(d.after)
    if now is None:
        return True
    return weakens(d.key, None if was is None else str(was), str(now))


def _override(d: Difference) -> Iterator[Change]:
    """Whose value holds where the origin sends the same header."""
    yields = d.after is not True
    text, values = "the edge's header {} replaces that of the origin", list[object]()
    if not isinstance(d.after, bool | None):
        text = "whether the edge's header {} replaces the origin's is {} instead of {}"
        values = [*reversed(shown_pair(d.before, d.after))]
    elif yields:
        text = "the origin's header {} replaces that of the edge"
    protects = yields and d.key in SECURITY_HEADERS
    yield _header_line(d, text, *values, block=protects, of=d.values)


def _unremoved(d: Difference) -> Iterator[Change]:
    if d.added:
        text = "the origin's header {} is removed from responses"
        yield say(Topic.HEADERS, text, header(d.key))
        return
    cookie = d.key == "set-cookie"
    yield say(
        Topic.SECURITY if cookie else Topic.HEADERS,
        "the origin's header {} reaches viewers again",
        header(d.key),
        note="a cached cookie of one visitor could reach others" if cookie else "",
        block=BlockReason.HEADER_DROPPED if cookie else None,
        of=(d.path,),
    )


def _protected(d: Difference) -> bool:
    """Whether security headers may go with a policy."""
    paths = {f"Header[{name}]" for name in SECURITY_HEADERS}
    return not d.added or not paths.isdisjoint(d.was)


# --- CORS ---


def _sites(value: Leaf) -> object:
    if "*" in elements(value):
        return Trusted("any site")
    return listed(elements(value)) if value is not None else Trusted("no site")


def _cors_origins(d: Difference) -> Iterator[Change]:
    if "Cors" not in d.now:
        return
    text, values = "the edge itself lets pages of {} read the files", [_sites(d.after)]
    if "Cors" in d.was:
        text = "pages of {} may read the files instead of {}"
        values.append(_sites(d.before))
    everybody = "*" in elements(d.after)
    grew = d.gained and d.was.get(_CREDENTIALS) not in (None, False)
    yield say(
        Topic.CORS,
        text,
        *values,
        note="" if everybody else "pages of all other sites cannot read them",
        block=BlockReason.ACCESS_WIDENED if grew else None,
        of=d.values,
    )


def _credentials(d: Difference) -> Iterator[Change]:
    if d.after in (False, None):
        text = (
            "pages of other sites may no longer send requests as the logged-in visitor"
        )
        yield say(Topic.CORS, text)
        return
    values = [_sites(d.now.get("Cors.AccessControlAllowOrigins"))]
    text = "pages of {} may send requests as the logged-in visitor"
    if d.after is not True:
        text = f"whether {text} is {{}} instead of {{}}"
        values += reversed(shown_pair(d.before, d.after))
    block = BlockReason.ACCESS_WIDENED
    yield say(Topic.ACCESS, text, *values, block=block, of=d.values)


def _names(value: Leaf) -> object:
    names = elements(value)
    if not all(isinstance(name, str) for name in names):
        return listed(names)
    return listed(map(header, names))


RESPONSE_HEADERS_RULES = (
    Rule(
        r"ResponseHeadersPolicy\.Id",
        "the response headers policy is {after} instead of {before}",
        topic=Topic.HEADERS,
        absent="a policy of this stack, or none",
        note="a policy of another stack cannot be seen: its headers are unknown",
        hides=r"(Removed)?Header\[.*|Cors.*|ServerTiming",
        block=lambda d: BlockReason.HEADER_DROPPED if _protected(d) else None,
    ),
    Rule(r"Header\[([^\]]*)\]", lines=_header, hides=r"Header\[{key}\]\.Override"),
    Rule(r"Header\[([^\]]*)\]\.Override", lines=_override),
    Rule(r"RemovedHeader\[([^\]]*)\]", lines=_unremoved),
    Rule(
        "ServerTiming",
        "Server-Timing is sent for {after} % of responses instead of {before} %",
        topic=Topic.HEADERS,
        absent="0",
    ),
    Rule(r"Cors\.AccessControlAllowOrigins", lines=_cors_origins),
    Rule(r"Cors\.AccessControlAllowCredentials", lines=_credentials),
    *about(
        Topic.CORS,
        Rule(
            "Cors",
            added="",
            removed="the edge sends no CORS headers of its own: the origin decides",
            hides=r"Cors\.(?!AccessControlAllow(Origins|Credentials)).*",
        ),
        *alike(
            {
                r"Cors\.AccessControlAllowMethods": "the methods for other sites are {after} instead of {before}",
                r"Cors\.AccessControlAllowHeaders": "the request headers for other sites are {after} instead of {before}",
                r"Cors\.AccessControlExposeHeaders": "the readable headers for other sites are {after} instead of {before}",
            },
            show=_names,
            absent="none",
        ),
        Rule(
            r"Cors\.AccessControlMaxAgeSec",
            "browsers remember a preflight for {after} instead of {before}",
            show=duration,
            absent="5 seconds",
        ),
        Rule(
            r"Cors\.OriginOverride",
            "whether the edge's CORS headers replace the origin's is {after} instead of {before}",
            absent="false",
        ),
    ),
)
