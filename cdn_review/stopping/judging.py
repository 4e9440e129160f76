"""Which changes stop, and which of them are acknowledged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cdn_review.fingerprints import fingerprint
from cdn_review.packs import Pack
from cdn_review.summary import Change
from cdn_review.words import plain

_FINGERPRINT = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """A change that has to be acknowledged.

    :param id: Such as ``prod/static-distribution/distribution-replaced/1a2b3c4d``. It is
        the same for the same change of the same values.
    """

    change: Change
    id: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What stops, what is acknowledged, and what was acknowledged and does not happen.

    :param acknowledged: Each with its reason.
    :param unused: Ids that the change acknowledges, and that are not in it.
    """

    open: tuple[Stopped, ...] = ()
    acknowledged: tuple[tuple[Stopped, str], ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing waits for an acknowledgement."""
        return not self.open


def judge(changes: Sequence[Change], before: Pack, after: Pack) -> Verdict:
    """Hold changes against the rules of the base and the acknowledgements of the change.

    Every environment is protected unless the base says otherwise: a change cannot free
    itself. An acknowledgement counts where it is added, not where it was already: the same
    thing done a second time is to be said a second time.
    """
    added = {
        change: reason
        for change, reason in after.acknowledged.items()
        if change not in before.acknowledged
    }
    stopped = _stopped(changes, before)
    return Verdict(
        open=tuple(one for one in stopped if one.id not in added),
        acknowledged=tuple((one, added[one.id]) for one in stopped if one.id in added),
        unused=tuple(sorted(set(added) - {one.id for one in stopped})),
    )


def _stopped(changes: Sequence[Change], before: Pack) -> list[Stopped]:
    """Those in protected environments, each with an id of its own."""
    stopping = [
        change
        for change in dict.fromkeys(changes)
        if change.stop is not None
        and not {change.environment, change.stack} & set(before.unprotected)
    ]
    ids = [_id(change, _values(change)) for change in stopping]
    times = Counter(ids)
    return [
        Stopped(
            change=change, id=one if times[one] == 1 else _id(change, _sentence(change))
        )
        for change, one in zip(stopping, ids, strict=True)
    ]


def _id(change: Change, values: str) -> str:
    role = re.sub(r"[^a-z0-9]+", "-", change.role.lower()).strip("-") or "stack"
    return "/".join((change.environment, role, str(change.stop), values))


def _values(change: Change) -> str:
    """The fingerprint of the change; of its sentence, if it came without one."""
    if _FINGERPRINT.fullmatch(change.fingerprint):
        return change.fingerprint
    return _sentence(change)


def _sentence(change: Change) -> str:
    """Of all that is said: two headers may go that had the same value."""
    return fingerprint(change.fingerprint, [change.stack, plain(change.text)])
