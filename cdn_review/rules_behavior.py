"""What a change of the settings for a path means: access, methods and edge code."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.change import BlockReason, Tag, Topic
from cdn_review.leaves import Key, Leaf
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Line,
    Rule,
    Rules,
    elements,
    known,
    listed,
    shown,
)
from cdn_review.rules_caching import CACHING_RULES
from cdn_review.rules_response_headers import RESPONSE_HEADERS_RULES

_VIEWER_PROTOCOLS = {
    "allow-all": "answered",
    "https-only": "refused",
    "redirect-to-https": "redirected to https://",
}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


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
        *CACHING_RULES,
        *RESPONSE_HEADERS_RULES,
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
