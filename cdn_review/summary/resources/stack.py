"""A stack's own settings: protections, outputs, parameters, account and region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_review.delivery.plain import Json, canonical, mapping, text
from cdn_review.delivery.reading import DISTRIBUTION
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.matching import Match
from cdn_review.summary.resources.buckets import BUCKET
from cdn_review.summary.resources.distributions import is_kept
from cdn_review.summary.values import count, listed, shown
from dj_cloudfront.contract import Output

_OURS = frozenset(str(one) for one in Output)
_SECTIONS = ("Conditions", "Hooks", "Mappings", "Parameters", "Rules", "Transform")


def stack_settings(
    before: Stack, after: Stack, matches: Sequence[Match]
) -> Iterator[Change]:
    """What is not said of any one resource."""
    teller = Teller(stack=after, role="stack")
    yield from _place(teller, before, after)
    yield from _protection(teller, before, after)
    yield from _keeping(teller, matches)
    yield from _outputs(teller, before.template, after.template)
    changed = [
        name
        for name in _SECTIONS
        if _differ(name, before.template.get(name), after.template.get(name))
    ]
    if changed:
        yield teller.tell(Topic.OTHER, "its {} change", listed(changed).lower())


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


def _outputs(teller: Teller, before: Json, after: Json) -> Iterator[Change]:
    was, now = mapping(before.get("Outputs")), mapping(after.get("Outputs"))
    gone, come = set(was) - set(now), set(now) - set(was)
    if gone & _OURS:
        note = "settings that use them fail with the next outputs file"
        words = _plural(gone & _OURS, "goes", "go")
        yield teller.tell(Topic.OUTPUTS, words, listed(gone & _OURS), note=note)
    if gone - _OURS:
        words = _plural(gone - _OURS, "goes", "go")
        yield teller.tell(Topic.OUTPUTS, words, listed(gone - _OURS))
    if come:
        words = _plural(come, "is new", "are new")
        yield teller.tell(Topic.OUTPUTS, words, listed(come))
    for name in sorted((set(was) & set(now)) - _OURS):
        first, second = (text(mapping(one[name]).get("Value")) for one in (was, now))
        if first != second and shown(first) == first and shown(second) == second:
            words = "the output {} is {} instead of {}"
            yield teller.tell(Topic.OUTPUTS, words, name, second, first)


def _plural(names: set[str], one: str, several: str) -> str:
    return (
        f"the output {{}} {one}" if len(names) == 1 else f"the outputs {{}} {several}"
    )
