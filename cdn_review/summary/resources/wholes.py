"""Several resources that are one thing to a reader, such as access logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cdn_review.packs import Stack
from cdn_review.summary.change import Change
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import Kind, kind_of
from cdn_review.summary.matching import Match
from cdn_review.summary.resources.distributions import is_kept


def wholes(stack: Stack, some: Iterable[Match]) -> Iterator[Change]:
    """One line for each whole of which a part comes or goes."""
    groups: dict[str, list[Match]] = {}
    for one in some:
        kind = kind_of(one.kind)
        if kind.is_whole:
            groups.setdefault(kind.nouns, []).append(one)
    for parts in groups.values():
        yield from _whole(stack, kind_of(parts[0].kind), parts)


def comes_or_goes(one: Match) -> bool:
    """Whether it is a part that is there on one side alone."""
    is_part = kind_of(one.kind).is_whole
    return is_part and (one.before is None or one.after is None)


def _whole(stack: Stack, kind: Kind, parts: list[Match]) -> Iterator[Change]:
    come = [one for one in parts if one.before is None]
    gone = [one for one in parts if one.after is None]
    if not (come or gone):
        return
    is_new, is_gone = len(come) == len(parts), len(gone) == len(parts)
    costs = bool(kind.price) and bool(come) and not gone
    note = kind.price if costs else ""
    if is_gone and any(is_kept(one.before or {}) for one in gone):
        note = "what was written stays in the account"
    verb = "are" if kind.nouns.endswith("s") else "is"
    what = "added" if is_new else "removed" if is_gone else _changed(come, gone)
    yield Teller(stack=stack, role=kind.nouns).tell(
        kind.topic, f"{verb} {what}", note=note, costs=costs
    )


def _changed(come: list[Match], gone: list[Match]) -> str:
    if come and gone:
        return "set up in another way"
    return "extended" if come else "reduced"
