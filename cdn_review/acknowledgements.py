"""Which changes need an acknowledgement, and which acknowledgements count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cdn_review.change import Change
from cdn_review.snapshot import NESTED, Snapshot


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A change, and what became of it.

    :param id: The id of the acknowledgement that it needs, such as
        ``prod/distribution-replaced/1a2b3c4d``. Default: it needs none.
    :param reason: The reason of its acknowledgement. Default: it is not acknowledged.
    """

    change: Change
    id: str = ""
    reason: str = ""


def judge(
    changes: Iterable[Change], before: Snapshot, after: Snapshot
) -> tuple[list[Judged], list[str]]:
    """The changes, judged, and the added acknowledgements that match none of them.

    Every environment is protected unless the base says otherwise: a change cannot free
    itself. An acknowledgement counts only in the change that adds it, so that the same
    change needs another reason when it is made a second time.
    """
    added = {
        id_: reason
        for id_, reason in after.acknowledged.items()
        if before.acknowledged.get(id_) != reason
    }
    judged = []
    for change in changes:
        id_ = _id(change) if change.block and _is_protected(change, before) else ""
        judged.append(Judged(change=change, id=id_, reason=added.get(id_, "")))
    return judged, sorted(added.keys() - {one.id for one in judged})


def _id(change: Change) -> str:
    """Without the role: one cause that changes three distributions is one block to add."""
    return f"{change.environment}/{change.block}/{change.fingerprint}"


def _is_protected(change: Change, before: Snapshot) -> bool:
    outer = change.stack.partition(NESTED)[0]
    return not {change.environment, outer} & set(before.unprotected)
