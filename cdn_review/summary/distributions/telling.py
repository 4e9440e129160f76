"""Who tells: the stack, the environment and the role that all changes of a rule share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cdn_review.fingerprints import fingerprint
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Stop, Topic
from cdn_review.words import Words, plain, say


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Makes changes of one resource."""

    stack: Stack
    role: str

    def tell(
        self,
        topic: Topic,
        text: str,
        *values: object,
        note: str = "",
        stop: Stop | None = None,
        costs: bool = False,
        was: Any = None,
        now: Any = None,
    ) -> Change:
        """A change. ``was`` and ``now`` are what an acknowledgement of it holds for."""
        return Change(
            stack=self.stack.name,
            environment=self.stack.environment,
            role=self.role,
            topic=topic,
            text=say(text, *values),
            note=note,
            stop=stop,
            costs=costs,
            fingerprint=fingerprint(_plain(was), _plain(now)) if stop else "",
        )


def within(change: Change, where: Words) -> Change:
    """The same for some paths only."""
    return replace(
        change,
        text=(*where, *change.text),
        fingerprint=fingerprint(change.fingerprint, plain(where))
        if change.stop and where
        else change.fingerprint,
    )


def _plain(value: Any) -> Any:
    """The same for the same value, in any order of what has none."""
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
