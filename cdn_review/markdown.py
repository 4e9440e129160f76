"""A report as a comment on GitHub, in which untrusted text has no effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cdn_review import markup
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


class _Block(NamedTuple):
    """Items, each shown whole or not at all. Without items, nothing is shown."""

    items: Iterable[str]
    before: str = ""
    after: str = ""


def render(report: Report, *, limit: int = LIMIT) -> str:
    """The comment: what to do first, then what changes, then the raw diff.

    It has at most ``limit`` bytes: the raw diff is cut first, then lines from the end.
    """
    room = limit - 2 * _RAW_FRAME
    parts: list[str] = []
    gone = 0
    for block in _blocks(report):
        left = room - _size(block.before + block.after) - 2
        kept: list[str] = []
        for item in block.items:
            left -= _size(item) + 1
            if left >= 0 and not gone:
                kept.append(item)
                room = left
            else:
                gone += 1
        if kept:
            parts.append(block.before + "\n".join(kept) + block.after)
    if gone:
        parts.append(f"{gone} more lines do not fit here. The log has them.")
    body = "\n\n".join(parts)
    raw = _raw(report, room) if report.changed and not gone else ""
    return f"{body}\n\n{raw}".rstrip() + "\n"


def _blocks(report: Report) -> Iterator[_Block]:
    yield _Block([_title(report)])
    for notice in report.notices[:_MOST_NOTICES]:
        yield _Block([f"⚠️ **{markup.own(notice[:400])}**"])
    yield from _blocking(report)
    yield _Block(map(_acknowledged, report.acknowledged), before="**Acknowledged**\n\n")
    for environments, lines in report.others.items():
        items = [f"- {_sentence(line)}" for line in lines]
        yield _Block(items, before=f"**{markup.names(environments)}**\n\n")
    if report.changed and report.unchanged:
        yield _Block([f"No change in {markup.names(report.unchanged)}."])
    yield _Block(
        [f"- {markup.code(one)}" for one in report.unused],
        before="`cdn-review.toml` acknowledges changes that are not made here:\n\n",
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
        [f"- {_placed(one)}" for one in report.blocking],
        before="**To acknowledge first**\n\n",
    )
    entries = [
        f"[[acknowledged]]\nchange = {markup.toml_string(id_)}\n"
        'reason = ""  # why it is meant\n'
        for id_ in dict.fromkeys(id_ for one in report.blocking for id_ in one.ids)
    ]
    fence = markup.fenced("\n".join(entries), "toml").partition("toml\n")[0]
    yield _Block(entries, before=f"{_HOW_TO}\n\n{fence}toml\n", after=fence)


def _acknowledged(line: Line) -> str:
    return f"- {_placed(line)}<br>Reason: {markup.code(line.reason)}"


def _placed(line: Line) -> str:
    return f"{markup.names(line.environments)}: {_sentence(line)}"


def _sentence(line: Line) -> str:
    labels = "".join(f"**{label}** · " for label in line.labels)
    note = f" ({markup.own(line.note)})" if line.note else ""
    return f"{labels}{markup.role(line.role)}: {markup.sentence(line.message)}{note}"


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


def _size(text: str) -> int:
    """In bytes, so that it is enough however GitHub counts."""
    return len(text.encode("utf-8", "replace"))
