"""A report as a comment on GitHub, in which untrusted text has no effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from cdn_review import markup
from cdn_review.change import Topic
from cdn_review.report import Line, Report

LIMIT = 60_000
"""In bytes. GitHub refuses a comment of more than 65,536 characters."""
NO_CHANGE = "**CDN review: no change**"
"""How the comment begins when nothing changes."""

_MOST_NOTICES = 8
_LEAST_RAW = 200
_RAW_FRAME = 120
_HOW_TO = (
    "Each of these needs an entry in `cdn-review.toml` of this pull request, "
    "with the reason why it is meant:"
)


class _Rank(IntEnum):
    """How long an item is kept; those with the highest number go first."""

    FIXED = 0
    BLOCKING = 1
    ACKNOWLEDGED = 2
    LABELLED = 3
    PLAIN = 4
    OTHER = 5


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Items, each shown whole or not at all. Without items, nothing is shown."""

    items: Sequence[tuple[_Rank, str]]
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return self.before + "\n".join(text for _, text in self.items) + self.after


def render(report: Report, *, limit: int = LIMIT) -> str:
    """The comment: what to do first, then what changes, then the raw diff.

    It has at most ``limit`` bytes: the raw diff is cut first, then settings that no
    sentence explains. What needs an acknowledgement is cut last.
    """
    room = limit - 2 * _RAW_FRAME
    kept, gone = _fit(list(_blocks(report)), room)
    parts = [str(block) for block in kept]
    if gone:
        parts.append(f"{gone} more lines do not fit here. The log has them.")
    body = "\n\n".join(parts)
    raw = _raw(report, room - _size(body)) if report.changed else ""
    return f"{body}\n\n{raw}".rstrip() + "\n"


def _blocks(report: Report) -> Iterator[_Block]:
    yield _fixed(_title(report))
    notices = [markup.own(one[:400]) for one in report.notices[:_MOST_NOTICES]]
    yield _fixed("\n\n".join(f"⚠️ **{one}**" for one in notices))
    yield from _blocking(report)
    yield _Block(
        before="**Acknowledged**\n\n",
        items=[(_Rank.ACKNOWLEDGED, _acknowledged(one)) for one in report.acknowledged],
    )
    for environments, lines in report.others.items():
        yield _Block(
            before=f"**{markup.names(environments)}**\n\n",
            items=[(_rank(line), f"- {_sentence(line)}") for line in lines],
        )
    if report.changed and report.unchanged:
        yield _fixed(f"No change in {markup.names(report.unchanged)}.")
    yield _Block(
        before="`cdn-review.toml` acknowledges changes that are not made here:\n\n",
        items=[(_Rank.PLAIN, f"- {markup.code(one)}") for one in report.unused],
    )


def _title(report: Report) -> str:
    sides = ""
    if report.before or report.after:
        sides = f"{markup.code(report.before)} → {markup.code(report.after)}"
    if not report.changed:
        where = markup.names(report.environments) or "any stack"
        return f"{NO_CHANGE} in {where}{f' ({sides})' if sides else ''}."
    sign = "" if report.ok else "⛔ "
    return f"### {sign}{markup.own(report.headline)}\n\n{sides}".rstrip()


def _blocking(report: Report) -> Iterator[_Block]:
    yield _Block(
        before="**To acknowledge first**\n\n",
        items=[(_Rank.BLOCKING, f"- {_placed(one)}") for one in report.blocking],
    )
    entries = [
        f"[[acknowledged]]\nchange = {markup.toml_string(id_)}\n"
        'reason = ""  # why it is meant\n'
        for id_ in dict.fromkeys(id_ for one in report.blocking for id_ in one.ids)
    ]
    fence = markup.fenced("\n".join(entries), "toml").partition("toml\n")[0]
    yield _Block(
        before=f"{_HOW_TO}\n\n{fence}toml\n",
        items=[(_Rank.BLOCKING, entry) for entry in entries],
        after=fence,
    )


def _acknowledged(line: Line) -> str:
    return f"- {_placed(line)}<br>Reason: {markup.code(line.reason)}"


def _placed(line: Line) -> str:
    return f"{markup.names(line.environments)}: {_sentence(line)}"


def _sentence(line: Line) -> str:
    labels = "".join(f"**{label}** · " for label in line.labels)
    note = f" ({markup.own(line.note)})" if line.note else ""
    return f"{labels}{markup.role(line.role)}: {markup.sentence(line.message)}{note}"


def _rank(line: Line) -> _Rank:
    if line.labels:
        return _Rank.LABELLED
    return _Rank.OTHER if line.topic is Topic.OTHER else _Rank.PLAIN


def _raw(report: Report, room: int) -> str:
    if not report.raw.strip() or room < _LEAST_RAW:
        return ""
    text = markup.cleaned(report.raw).strip("\n")
    data = text.encode("utf-8", "replace")[: room - _RAW_FRAME]
    shown = data.decode("utf-8", "ignore")
    title = "cdk diff"
    if len(shown) < len(text):
        # Whole lines, unless the first is longer than the room.
        shown = shown.rpartition("\n")[0] or shown
        title = "cdk diff, its beginning"
    block = markup.fenced(shown, "diff")
    # A text of nothing but backticks has a fence as long as itself.
    if _size(block) > room:
        return ""
    return f"<details><summary>{title}</summary>\n\n{block}\n\n</details>"


def _fit(blocks: Sequence[_Block], room: int) -> tuple[list[_Block], int]:
    """The blocks within a limit, and how many items had to go."""
    order = sorted(
        (rank, at, index)
        for at, block in enumerate(blocks)
        for index, (rank, _) in enumerate(block.items)
    )
    kept: list[list[int]] = [[] for _ in blocks]
    for rank, at, index in order:
        block = blocks[at]
        size = _size(block.items[index][1]) + 1
        if not kept[at]:
            size += _size(block.before + block.after) + 2
        room -= size
        if room < 0 and rank is not _Rank.FIXED:
            break
        kept[at].append(index)
    shown = [
        replace(block, items=[block.items[index] for index in sorted(indexes)])
        for block, indexes in zip(blocks, kept, strict=True)
        if indexes
    ]
    return shown, len(order) - sum(map(len, kept))


def _size(text: str) -> int:
    """In bytes, so that it is enough however GitHub counts."""
    return len(text.encode("utf-8", "replace"))


def _fixed(text: str) -> _Block:
    return _Block(items=[(_Rank.FIXED, text)] if text else [])
