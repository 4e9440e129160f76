"""What a reader is told: the lines from which terminal, comment and JSON are rendered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain

from cdn_review.change import BlockReason, Change, Message, Tag, Topic, to_text
from cdn_review.snapshot import NESTED, Snapshot, environments

_DISTRIBUTION = " distribution"
_TOPICS = list(Topic)


@dataclass(frozen=True, kw_only=True)
class Line:
    """Equal changes of several environments, or of several distributions of each.

    :param ids: The acknowledgements that it needs. Default: none.
    :param reason: Why it is acknowledged. Default: it is not.
    """

    environments: tuple[str, ...]
    stacks: tuple[str, ...]
    role: str
    topic: Topic
    message: Message
    note: str = ""
    block: BlockReason | None = None
    tags: tuple[Tag, ...] = ()
    ids: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_blocking(self) -> bool:
        """Whether the line still needs an acknowledgement."""
        return bool(self.ids) and not self.reason

    @property
    def labels(self) -> list[str]:
        """What a reader should not overlook."""
        block = [str(self.block).replace("-", " ")] if self.block else []
        return block + [str(tag) for tag in self.tags]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What changes between two sides, and what of it needs an acknowledgement.

    :param before: What a reader calls the older side, such as ``1a2b3c4d (origin/main)``.
    :param environments: Those of both sides, changed or not.
    :param unused: The ids of acknowledgements that match no change.
    :param notices: Sentences about the comparison itself, such as a warning.
    :param raw: The CDK CLI's own diff. Untrusted text.
    """

    before: str
    after: str
    environments: tuple[str, ...]
    lines: tuple[Line, ...]
    unused: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    raw: str = ""

    @classmethod
    def of(
        cls,
        before: Snapshot,
        after: Snapshot,
        changes: Iterable[Change],
        *,
        raw: str = "",
        notices: Iterable[str] = (),
    ) -> Report:
        """Judge changes, and put equal ones together.

        An acknowledgement counts only in the change that adds it, so that the same change
        needs another reason when it is made a second time.
        """
        added = {
            id_: reason
            for id_, reason in after.acknowledged.items()
            if before.acknowledged.get(id_) != reason
        }
        lines = [_line(change, before, added) for change in changes]
        names = environments([*before.stacks, *after.stacks])
        return cls(
            before=before.name,
            after=after.name,
            environments=tuple(sorted(set(names.values()))),
            lines=tuple(_together(lines)),
            unused=tuple(
                sorted(added.keys() - {id_ for one in lines for id_ in one.ids})
            ),
            notices=tuple(notices),
            raw=raw,
        )

    @property
    def ok(self) -> bool:
        """Whether nothing needs an acknowledgement any more."""
        return not self.blocking

    @property
    def changed(self) -> bool:
        """Whether there is any change."""
        return bool(self.lines)

    @property
    def blocking(self) -> list[Line]:
        return [line for line in self.lines if line.is_blocking]

    @property
    def acknowledged(self) -> list[Line]:
        return [line for line in self.lines if line.reason]

    @property
    def others(self) -> dict[tuple[str, ...], list[Line]]:
        """The lines that need no acknowledgement, by the environments that share them."""
        groups: dict[tuple[str, ...], list[Line]] = {}
        for line in self.lines:
            if not line.ids:
                groups.setdefault(line.environments, []).append(line)
        return groups

    @property
    def unchanged(self) -> tuple[str, ...]:
        """The environments without any change."""
        changed = {name for line in self.lines for name in line.environments}
        return tuple(name for name in self.environments if name not in changed)

    @property
    def headline(self) -> str:
        """How much there is to read, in lines, and whether there is anything to do."""
        if not self.changed:
            return "CDN review: no change"
        parts = [f"{len(self.lines)} change{'' if len(self.lines) == 1 else 's'}"]
        for found, what in (
            (self.blocking, "to acknowledge"),
            (self.acknowledged, "acknowledged"),
        ):
            parts += [f"{len(found)} {what}"] if found else []
        return f"CDN review: {', '.join(parts)}"

    def to_json(self) -> str:
        """One JSON object, in ASCII, with the keys that docs/review.md lists."""
        lines = [{**asdict(line), "text": to_text(line.message)} for line in self.lines]
        for line in lines:
            del line["message"]
        data = {
            "ok": self.ok,
            "changed": self.changed,
            "before": self.before,
            "after": self.after,
            "environments": self.environments,
            "notices": self.notices,
            "lines": lines,
            "unused": self.unused,
        }
        return json.dumps(data, indent=2) + "\n"


def _line(change: Change, before: Snapshot, added: Mapping[str, str]) -> Line:
    """Every environment is protected unless the base says otherwise: a change cannot free
    itself. Its id is without the role: one cause in three distributions is one entry to add.
    """
    outer = change.stack.partition(NESTED)[0]
    is_protected = not {change.environment, outer} & set(before.unprotected)
    id_ = f"{change.environment}/{change.block}/{change.fingerprint}"
    ids = (id_,) if change.block and is_protected else ()
    return Line(
        environments=(change.environment,),
        stacks=(change.stack,),
        role=change.role,
        topic=change.topic,
        message=change.message,
        note=change.note,
        block=change.block,
        tags=change.tags,
        ids=ids,
        reason=added.get(id_, "") if ids else "",
    )


def _together(lines: Iterable[Line]) -> list[Line]:
    """First equal changes of distributions in one environment, then of environments."""
    same_place: dict[object, list[Line]] = {}
    for line in lines:
        place = line.environments, line.role.endswith(_DISTRIBUTION) or line.role
        same_place.setdefault((place, _content(line)), []).append(line)
    same_line: dict[object, list[Line]] = {}
    for line in map(_merged, same_place.values()):
        same_line.setdefault((line.role, _content(line)), []).append(line)
    merged = map(_merged, same_line.values())
    return sorted(merged, key=lambda line: _TOPICS.index(line.topic))


def _content(line: Line) -> tuple[object, ...]:
    """What a reader sees of a line, apart from its place."""
    state = (bool(line.ids), line.reason)
    return (line.topic, line.message, line.note, line.block, line.tags, state)


def _merged(same: Sequence[Line]) -> Line:
    roles = list(dict.fromkeys(line.role for line in same))
    *first, last = [role.removesuffix(_DISTRIBUTION) for role in roles]
    several = f"{', '.join(first)} and {last}{_DISTRIBUTION}"
    return replace(
        same[0],
        environments=_all(line.environments for line in same),
        stacks=_all(line.stacks for line in same),
        role=several if first else roles[0],
        ids=_all(line.ids for line in same),
    )


def _all(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(parts)))
