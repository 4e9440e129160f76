"""What a change of the settings for a path means: access, methods and edge code."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.change import BlockReason, Change, Tag, Topic
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Rule,
    Rules,
    about,
    elements,
    known,
    listed,
    plural,
    say,
    words,
)
from cdn_review.rules_policies import POLICY_RULES
from cdn_review.rules_response_headers import RESPONSE_HEADERS_RULES

_VIEWER_PROTOCOLS = {
    "allow-all": "answered",
    "https-only": "refused",
    "redirect-to-https": "redirected to https://",
}
_DROPPED = BlockReason.PROTECTION_DROPPED
_GUARDED = "if it let in some visitors only, others may get in"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def _keys(d: Difference) -> Iterator[Change]:
    """Who can sign URLs and cookies: whoever has a private key opens every file."""
    names = [
        format_message(f"{plural(keys, 'key')} {{}}", listed(keys))
        for keys in (d.gained, d.lost)
    ]
    before, after = elements(d.before), elements(d.after)
    if d.gained and listed(d.gained) == listed(d.lost):
        # A key that is changed under its name: the deploy refuses it.
        return
    if not before:
        text = "files need a signed URL or cookie, with the {}"
        note = "everybody without one gets a 403"
        yield say(Topic.ACCESS, text, names[0], note=note, tags=(Tag.SECURITY,))
    elif d.gained or not after:
        text = "signatures with the {} are accepted"
        note = "whoever has the private key can open every private file"
        values = names[:1]
        if not after:
            text, values = "files no longer need a signed URL or cookie", []
            note = "what was private is open to everybody"
        block, of = BlockReason.ACCESS_WIDENED, (d.path, before, after)
        yield say(Topic.ACCESS, text, *values, note=note, block=block, of=of)
    if d.lost and after:
        text = "signatures with the {} are refused"
        note = plural(
            d.lost,
            "URLs and cookies that it signed stop working",
            "URLs and cookies that they signed stop working",
        )
        yield say(Topic.ACCESS, text, names[1], note=note)


def _methods(d: Difference) -> Iterator[Change]:
    writing = d.gained - _READING
    if d.gained:
        yield say(
            Topic.ACCESS if writing else Topic.DELIVERY,
            "{} requests reach the origin",
            listed(d.gained),
            note="visitors can try to change what is there" if writing else "",
            block=BlockReason.ACCESS_WIDENED if writing else None,
            of=(d.path, d.gained),
        )
    if d.lost:
        yield say(
            Topic.DELIVERY,
            "{} requests are refused",
            listed(d.lost),
            note="browsers send them before some requests"
            if "OPTIONS" in d.lost
            else "",
        )


def _cached_methods(d: Difference) -> Iterator[Change]:
    was, now = (elements(side.get("AllowedMethods")) for side in (d.was, d.now))
    for text, methods in (
        ("responses to {} are cached", d.gained - (now - was)),
        ("responses to {} are no longer cached", d.lost - (was - now)),
    ):
        if methods:
            yield say(Topic.TTL, text, listed(methods))


def _less_safe(d: Difference) -> bool:
    return known(d.after) not in ("https-only", "redirect-to-https")


def _guards(d: Difference) -> bool:
    """Code that sees requests may be what lets in some visitors only."""
    is_new = d.path.startswith("Code[") and d.added
    return d.key.endswith("request") and not is_new


_ASSOCIATION = r"(?:Lambda)?FunctionAssociations\[([\w-]+)\]"

BEHAVIOR_RULES = Rules(
    (
        *POLICY_RULES,
        *RESPONSE_HEADERS_RULES,
        Rule("TrustedKeyGroups|TrustedSigners", lines=_keys),
        Rule("AllowedMethods", lines=_methods),
        Rule("CachedMethods", lines=_cached_methods),
        Rule(
            "Compress",
            "whether the edge compresses files is {after} instead of {before}",
            topic=Topic.DELIVERY,
            absent="false",
        ),
        *about(
            Topic.SECURITY,
            Rule(
                "ViewerProtocolPolicy",
                "http:// requests are {after} instead of {before}",
                show=words(_VIEWER_PROTOCOLS),
                when=_less_safe,
                note="others can read and change what visitors get",
                block=_DROPPED,
            ),
            Rule(
                r"Code\[([\w-]+)\]",
                "{after} code runs on {key} instead of {before} code",
                added="{after} code runs on {key}",
                removed="{before} code no longer runs on {key}",
                show=lambda value: Trusted(value),
                when=lambda d: d.added or _guards(d),
                note=lambda d: "charged for each request" if d.added else _GUARDED,
                block=lambda d: None if d.added else _DROPPED,
                tags=lambda d: (Tag.COST,) if d.added else (),
                hides=r"(?:Lambda)?FunctionAssociations\[{key}\].*",
            ),
            Rule(
                rf"{_ASSOCIATION}\.Function\.(?:FunctionCode|(?:Code|Handler|Layers)\b.*)",
                "another version of the code runs on {key}",
                when=_guards,
                note=_GUARDED,
                block=_DROPPED,
            ),
            Rule(
                rf"{_ASSOCIATION}\.(?:Lambda)?FunctionARN",
                "the code that runs on {key} is {after} instead of {before}",
                absent="a function of this stack",
                when=_guards,
                note=_GUARDED,
                block=_DROPPED,
            ),
            Rule(
                "FieldLevelEncryptionId",
                "the field-level encryption is {after} instead of {before}",
                absent="off",
                when=lambda d: d.removed,
                block=_DROPPED,
            ),
        ),
        Rule(
            "RealtimeLogConfigArn",
            "real-time logs are written by {after} instead of {before}",
            topic=Topic.MONITORING,
            added="real-time logs are written by {after}",
            removed="real-time logs are no longer written, by {before} until now",
            when=lambda d: d.added,
            note="charged for each line",
            tags=(Tag.COST, Tag.VISITOR_DATA),
        ),
        *about(
            Topic.ORIGIN,
            Rule(
                r"OriginGroup\.FailoverCriteria\.StatusCodes",
                "the second origin is asked on {after} instead of {before}",
                absent="nothing",
            ),
            # Which origins are asked is said of them.
            Rule("OriginGroup", hides=r"OriginGroup\..*"),
            Rule(
                r"OriginGroup\.SelectionCriteria",
                "the origin of a group is selected by {after} instead of {before}",
                absent="default",
            ),
        ),
    )
)
