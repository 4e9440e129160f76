"""What a change of response headers means: security headers, CORS and the rest."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_model.header_strength import SECURITY_HEADERS, weakens
from cdn_review.change import BlockReason, Topic
from cdn_review.leaves import Leaf
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Line,
    Lines,
    Rule,
    duration,
    elements,
    header,
    known,
    listed,
    shown,
)


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


RESPONSE_HEADERS_RULES = (
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
    Rule(path=r"Header\[([^\]]*)\]\.Override", topic=Topic.HEADERS, lines=_override),
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
)
