"""Web ACLs that let more through than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdn_review.delivery.plain import Json, canonical, mapping, sequence
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.matching import Match, renames
from cdn_review.summary.resources.settings import changed, plainly

WEB_ACL = "AWS::WAFv2::WebACL"
SETTINGS = frozenset({"DefaultAction", "Rules"})


def filters(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """Of what a rule does nothing is known: one that goes or changes may have refused."""
    names = renames(matches)
    for one in matches:
        if is_looser(one, names):
            yield Teller(stack=stack, role=one.role).tell(
                Topic.ACCESS,
                "its rules change",
                note="what was refused may be let through",
                stop=Stop.ACCESS_WIDENED,
                was=canonical(_settings(one.before or {}, names)),
                now=canonical(_settings(one.after or {}, {})),
            )


def is_looser(one: Match, names: Mapping[str, str]) -> bool:
    """Whether more than rules that refuse was added."""
    if one.kind != WEB_ACL or one.before is None or one.after is None:
        return False
    if not changed(one.before, one.after, names) & SETTINGS:
        return False
    was, now = _settings(one.before, names), _settings(one.after, {})
    refused = "Block" in mapping(was.get("DefaultAction"))
    if refused and "Block" not in mapping(now.get("DefaultAction")):
        return True
    old, new = _rules(was), _rules(now)
    come = (new[rule] for rule in new.keys() - old.keys())
    has_gone = not old.keys() <= new.keys()
    return has_gone or any(map(_lets_through, come))


def _lets_through(rule: Json) -> bool:
    return any("Allow" in mapping(one) for one in sequence(rule.get("Action")))


def _settings(resource: Json, names: Mapping[str, str]) -> Json:
    found = plainly(mapping(resource.get("Properties")), names)
    return {name: found.get(name) for name in sorted(SETTINGS)}


def _rules(found: Json) -> dict[str, Json]:
    """By what they say, whole."""
    return {canonical(one): mapping(one) for one in sequence(found.get("Rules"))}
