"""A stack's own settings: protections, outputs, parameters, account and region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_review.delivery.plain import Json, canonical, mapping, properties, text
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.matching import Match
from cdn_review.summary.resources.access.buckets import BUCKET
from cdn_review.summary.resources.distributions import is_kept
from cdn_review.summary.resources.settings import plainly
from cdn_review.summary.values import count, listed
from cdn_review.words import Own

NESTED = " (nested "
_SECTIONS = ("Conditions", "Hooks", "Mappings", "Parameters", "Rules")
# Of AWS, and they add nothing from elsewhere.
_HARMLESS_MACROS = {"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"}


def stack_settings(
    before: Stack, after: Stack, matches: Sequence[Match]
) -> Iterator[Change]:
    """What is not said of any one resource."""
    teller = of_stack(after)
    yield from _place(teller, before, after)
    yield from _protection(teller, before, after)
    yield from _keeping(teller, matches)
    yield from _macros(teller, before.template, after.template)
    yield from _existing(after, matches)
    yield from _tags(teller, matches)
    yield from _sections(teller, before, after, matches)


def of_stack(stack: Stack) -> Teller:
    """Tells of a stack as a whole."""
    is_nested = NESTED in stack.name
    return Teller(stack=stack, role="nested stack" if is_nested else "stack")


def _sections(
    teller: Teller, before: Stack, after: Stack, matches: Sequence[Match]
) -> Iterator[Change]:
    changed = [
        name
        for name in _SECTIONS
        if _differ(name, before.template.get(name), after.template.get(name))
    ]
    if changed:
        conditional = "Conditions" in changed and any(map(_is_conditional, matches))
        yield teller.tell(
            Topic.REPLACEMENT if conditional else Topic.OTHER,
            "its {} change",
            Own(listed(changed).lower()),
            note="a distribution is there under one of them only"
            if conditional
            else "",
            stop=Stop.DISTRIBUTION_DELETED if conditional else None,
            was=before.template.get("Conditions"),
            now=after.template.get("Conditions"),
        )


def _is_conditional(one: Match) -> bool:
    return one.kind == DISTRIBUTION and bool(mapping(one.after).get("Condition"))


def _differ(section: str, before: object, after: object) -> bool:
    """A constant or a condition that comes or goes matters only where it is used."""
    was, now = mapping(before), mapping(after)
    if section in ("Conditions", "Mappings"):
        both = was.keys() & now.keys()
        was, now = ({name: one[name] for name in both} for one in (was, now))
        return canonical(was) != canonical(now)
    return canonical(before) != canonical(after)


def _place(teller: Teller, before: Stack, after: Stack) -> Iterator[Change]:
    for noun, was, now in (
        ("account", before.account, after.account),
        ("region", before.region, after.region),
    ):
        if was and now and was != now:
            yield teller.tell(
                Topic.REPLACEMENT,
                f"moves to another {noun}: {{}} instead of {{}}",
                now,
                was,
                note="everything in it is made anew there, and what exists stays behind",
                stop=Stop.DISTRIBUTION_REPLACED,
                was=was,
                now=now,
            )


def _protection(teller: Teller, before: Stack, after: Stack) -> Iterator[Change]:
    if before.termination_protection and not after.termination_protection:
        yield teller.tell(
            Topic.STACK,
            "can be deleted",
            note="termination protection goes",
            stop=Stop.PROTECTION_DROPPED,
            was=True,
            now=False,
        )
    if after.termination_protection and not before.termination_protection:
        yield teller.tell(Topic.STACK, "can no longer be deleted by mistake")


def _keeping(teller: Teller, matches: Sequence[Match]) -> Iterator[Change]:
    """Whether resources stay in the account when they leave the stack."""
    both = [one for one in matches if one.before and one.after]
    lost = [one for one in both if is_kept(one.before or {}) > is_kept(one.after or {})]
    gained = [
        one for one in both if is_kept(one.before or {}) < is_kept(one.after or {})
    ]
    if lost:
        matters = any(one.kind in (DISTRIBUTION, BUCKET) for one in lost)
        yield teller.tell(
            Topic.STACK,
            "deletes {} that leave it, which stayed in the account until now",
            count(len(lost), "resource"),
            stop=Stop.PROTECTION_DROPPED if matters else None,
            was=sorted(one.role for one in lost),
        )
    if gained:
        words = "keeps {} in the account when they leave it"
        yield teller.tell(Topic.STACK, words, count(len(gained), "resource"))


def _macros(teller: Teller, before: Json, after: Json) -> Iterator[Change]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html"""
    was, now = _macros_of(before), _macros_of(after)
    if now != was and now != (0, []):
        yield teller.tell(
            Topic.ACCESS,
            "is rewritten at deploy time by macros",
            note="what they make of it cannot be reviewed here",
            stop=Stop.ACCESS_WIDENED,
            was=was,
            now=now,
        )


def _macros_of(template: Json) -> tuple[int, list[str]]:
    inside = canonical(template.get("Resources")).count('"Fn::Transform":')
    named = {text(mapping(one).get("Name") or one) for one in _transforms(template)}
    return inside, sorted(named - _HARMLESS_MACROS)


def _transforms(template: Json) -> list[object]:
    found = template.get("Transform")
    return found if isinstance(found, list) else [found] if found else []


def _existing(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """Resources that will be there under another condition: perhaps no longer at all."""
    for one in matches:
        if one.before is None or one.after is None:
            continue
        was, now = (text(side.get("Condition")) for side in (one.before, one.after))
        if was == now:
            continue
        may_go = bool(now) and one.kind == DISTRIBUTION
        yield Teller(stack=stack, role=one.role).tell(
            Topic.REPLACEMENT if one.kind == DISTRIBUTION else Topic.STACK,
            "exists under a condition only" if now else "exists under any condition",
            note="it is deleted where that does not hold" if now else "",
            stop=Stop.DISTRIBUTION_DELETED if may_go else None,
            was=was,
            now=now,
        )


def _tags(teller: Teller, matches: Sequence[Match]) -> Iterator[Change]:
    """Once for all resources but distributions, which say so themselves."""
    changed_ones = [
        one
        for one in matches
        if one.before is not None
        and one.after is not None
        and one.kind != DISTRIBUTION
        and _tags_of(one.before) != _tags_of(one.after)
    ]
    if changed_ones:
        number = count(len(changed_ones), "resource")
        yield teller.tell(Topic.STACK, "the tags of {} change", number)


def _tags_of(resource: Json) -> str:
    return canonical(plainly({"Tags": properties(resource).get("Tags")}, {}))
