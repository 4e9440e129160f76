"""What a change of the settings for a path means: access, methods and edge code."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.change import BlockReason, Change, Tag, Topic, Trusted, format_message
from cdn_review.rules import SETTING, Difference, Rule, Rules, about, say
from cdn_review.rules_policies import POLICY_RULES
from cdn_review.shown import elements, known, listed, plural, words

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
    gained, lost = (
        format_message(f"{plural(keys, 'key')} {{}}", listed(keys))
        for keys in (d.gained, d.lost)
    )
    before, after = elements(d.before), elements(d.after)
    if d.gained and listed(d.gained) == listed(d.lost):
        # A key that is changed under its name: the deploy refuses it.
        return
    if not before:
        text = "files need a signed URL or cookie, with the {}"
        note = "everybody without one gets a 403"
        yield say(Topic.ACCESS, text, gained, note=note, tags=(Tag.SECURITY,))
    elif d.gained or not after:
        text, values = "signatures with the {} are accepted", [gained]
        note = "whoever has the private key can open every private file"
        if not after:
            text, values = "files no longer need a signed URL or cookie", []
            note = "what was private is open to everybody"
        block, of = BlockReason.ACCESS_WIDENED, (d.path, before, after)
        yield say(Topic.ACCESS, text, *values, note=note, block=block, of=of)
    if d.lost and after:
        signed = plural(d.lost, "it signed", "they signed")
        note = f"URLs and cookies that {signed} stop working"
        yield say(Topic.ACCESS, "signatures with the {} are refused", lost, note=note)


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
        asked = "browsers send them before some requests" if "OPTIONS" in d.lost else ""
        text = "{} requests are refused"
        yield say(Topic.DELIVERY, text, listed(d.lost), note=asked)


def _cached_methods(d: Difference) -> str:
    """Nothing, where a method is cached since it is allowed."""
    was, now = (elements(side.get("AllowedMethods")) for side in (d.was, d.now))
    return SETTING if (d.gained - (now - was)) | (d.lost - (was - now)) else ""


def _guards(d: Difference) -> bool:
    """Code that sees requests may be what lets in some visitors only."""
    is_new = d.path.startswith("Code[") and d.added
    return d.key.endswith("request") and not is_new


_ASSOCIATION = r"(?:Lambda)?FunctionAssociations\[([\w-]+)\]"

BEHAVIOR_RULES = Rules(
    (
        *POLICY_RULES,
        Rule("TrustedKeyGroups|TrustedSigners", lines=_keys),
        Rule("AllowedMethods", lines=_methods),
        Rule("CachedMethods", _cached_methods, topic=Topic.TTL),
        Rule(
            "Compress", "whether the edge compresses files is …", topic=Topic.DELIVERY
        ),
        *about(
            Topic.SECURITY,
            Rule(
                "ViewerProtocolPolicy",
                "http:// requests are …",
                show=words(_VIEWER_PROTOCOLS),
                when=lambda d: (
                    known(d.after) not in ("https-only", "redirect-to-https")
                ),
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
                "the code that runs on {key} is …",
                absent="a function of this stack",
                when=_guards,
                note=_GUARDED,
                block=_DROPPED,
            ),
            Rule(
                "FieldLevelEncryptionId",
                SETTING,
                when=lambda d: d.removed,
                block=_DROPPED,
            ),
        ),
        Rule(
            "RealtimeLogConfigArn",
            "real-time logs are written by …",
            topic=Topic.MONITORING,
            absent="nothing",
            when=lambda d: d.added,
            note="charged for each line",
            tags=(Tag.COST, Tag.VISITOR_DATA),
        ),
        *about(
            Topic.ORIGIN,
            # Which origins are asked is said of them.
            Rule("OriginGroup", hides=r"OriginGroup\..*"),
            Rule(r"OriginGroup\..*", SETTING),
        ),
    )
)
