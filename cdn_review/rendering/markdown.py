"""A report as a comment on GitHub, in which foreign text has no effect."""

from __future__ import annotations

import re

from cdn_review.rendering import grouping, markup
from cdn_review.rendering.fitting import Block, Line, Rank, fit, joined, length
from cdn_review.report import Report
from cdn_review.summary import Change, Topic

MARKER = "<!-- cdn-review{} -->"
LIMIT = 60_000
"""In bytes. GitHub refuses a body of more than 65,536 characters."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?")
_MOST_NOTICES = 8
_LEAST_RAW = 200
_RAW_FRAME = 120
_HOW_TO = (
    "Each of these needs an entry in `cdn-review.toml` of this pull request, "
    "with the reason why it is meant:"
)


def marker(name: str = "") -> str:
    """The line by which a comment is found again; one for each name in a repository.

    Raises ValueError for a name that is not letters, digits and inner hyphens.
    """
    if name and not _NAME.fullmatch(name):
        raise ValueError(
            "--name must be at most 40 letters, digits and hyphens, such as shop, "
            f"got {name!r}"
        )
    return MARKER.format(f" {name}" if name else "")


def render(
    report: Report,
    *,
    limit: int = LIMIT,
    name: str = "",
    deployed: Report | None = None,
) -> str:
    """The comment: what to do first, then what changes, then the raw diff.

    It never has more than ``limit`` bytes: the raw diff is cut first, then go settings
    without a meaning of their own, and what must be acknowledged goes last of all.
    """
    blocks = [_headline(report, name), *_halted(report), *_lists(report)]
    blocks += [_deployed(deployed)] if deployed else []
    blocks += [_unused(report), _notices(report)]
    footer = _footer(report)
    room = limit - length(footer) - 2 * _RAW_FRAME
    kept, gone = fit(blocks, room)
    if gone:
        kept.append(_fixed(f"{gone} more lines do not fit here. The log has them."))
    body = joined(kept)
    raw = _raw(report, limit - length(body) - length(footer) - 2 * _RAW_FRAME)
    return "\n\n".join(part for part in (body, raw, footer) if part) + "\n"


def failure(text: str, *, name: str = "") -> str:
    """The comment when nothing could be compared: one sentence of ours."""
    subject = f"CDN review of {name}" if name else "CDN review"
    return f"{marker(name)}\n**{markup.own(subject)}:** {markup.own(text)}\n"


def _headline(report: Report, name: str) -> Block:
    text = markup.own(grouping.headline(report, name=name))
    if not report.changed:
        sides = f" ({_sides(report, 'to')})" if _sides(report, "to") else ""
        return _fixed(f"{marker(name)}\n**{text}** in {_where(report)}{sides}.")
    sign = "" if report.ok else "⛔ "
    return _fixed(f"{marker(name)}\n### {sign}{text}")


def _where(report: Report) -> str:
    return markup.names(report.environments) if report.environments else "any stack"


def _sides(report: Report, word: str) -> str:
    if not report.before_name and not report.after_name:
        return ""
    before, after = markup.code(report.before_name), markup.code(report.after_name)
    return f"{before} {word} {after}"


def _halted(report: Report) -> list[Block]:
    waiting, done = grouping.open_ones(report), grouping.acknowledged_ones(report)
    entries = [
        Line(
            f"[[acknowledged]]\nchange = {markup.toml_string(one)}\n"
            'reason = ""  # why it is meant\n',
            Rank.STOP,
        )
        for halted in waiting
        for one in halted.ids
    ]
    fence = markup.fenced("\n".join(line.text for line in entries), "toml")
    opening, _, _ = fence.partition("\n")
    return [
        Block(
            before="**To acknowledge first**\n\n",
            lines=tuple(_halted_line(one, Rank.STOP) for one in waiting),
        ),
        Block(
            before=f"{_HOW_TO}\n\n{opening}\n",
            lines=tuple(entries),
            after=opening.removesuffix("toml"),
        ),
        Block(
            before="**Acknowledged**\n\n",
            lines=tuple(_halted_line(one, Rank.ACKNOWLEDGED) for one in done),
        ),
    ]


def _halted_line(halted: grouping.Halted, rank: Rank) -> Line:
    where = markup.names(halted.environments)
    reasons = markup.names(halted.reasons, most=4)
    reason = f"<br>Reason: {reasons}" if reasons else ""
    return Line(f"- {where}: {_change(halted.change)}{reason}", rank)


def _lists(report: Report) -> list[Block]:
    blocks = [
        Block(
            before=f"**{markup.names(one.environments)}**\n\n",
            lines=tuple(Line(f"- {_change(c)}", _rank(c)) for c in one.changes),
        )
        for one in grouping.listed(report)
    ]
    same = grouping.unchanged(report)
    if report.changed and same:
        blocks.append(_fixed(f"No change in {markup.names(same)}."))
    return blocks


def _change(change: Change) -> str:
    marks = "".join(f"**{label}** · " for label in grouping.labels(change))
    note = f" ({markup.own(change.note)})" if change.note else ""
    return f"{marks}{markup.role(change.role)}: {markup.sentence(change.text)}{note}"


def _rank(change: Change) -> Rank:
    if grouping.labels(change):
        return Rank.FLAGGED
    return Rank.OTHER if change.topic is Topic.OTHER else Rank.PLAIN


def _deployed(report: Report) -> Block:
    """What a deploy would do to the stacks as they are now, for information."""
    if not report.changed:
        return _fixed(f"**Against what is deployed:** no change in {_where(report)}.")
    return Block(
        before="**Against what is deployed**\n\n",
        lines=tuple(
            Line(f"- {markup.code(c.environment)}: {_change(c)}", _rank(c))
            for c in report.changes
        ),
    )


def _unused(report: Report) -> Block:
    return Block(
        before="`cdn-review.toml` acknowledges what does not happen here:\n\n",
        lines=tuple(
            Line(f"- {markup.code(one)}", Rank.PLAIN) for one in report.verdict.unused
        ),
    )


def _notices(report: Report) -> Block:
    shown = report.notices[:_MOST_NOTICES]
    return Block(lines=tuple(Line(f"- ℹ️ {markup.own(one[:400])}") for one in shown))


def _footer(report: Report) -> str:
    sides = _sides(report, "with") if report.changed else ""
    return f"<sub>Compared {sides}.</sub>" if sides else ""


def _raw(report: Report, room: int) -> str:
    if not report.raw.strip() or not report.changed or room < _LEAST_RAW:
        return ""
    text = markup.cleaned(report.raw[:room]).strip("\n")
    shown = _cut(text, room)
    is_cut = len(shown) < len(text) or len(report.raw) > room
    title = "cdk diff, its beginning" if is_cut else "cdk diff"
    block = markup.fenced(shown, "diff")
    # A text of nothing but backticks has a fence as long as itself.
    if length(block) > room:
        return ""
    return f"<details><summary>{title}</summary>\n\n{block}\n\n</details>"


def _cut(text: str, room: int) -> str:
    """Whole lines, as many as there is room for with their fences."""
    data = text.encode("utf-8", "replace")
    if len(data) <= room - _RAW_FRAME:
        return text
    short = data[: max(room - _RAW_FRAME, 0)].decode("utf-8", "ignore")
    whole, newline, _ = short.rpartition("\n")
    return whole if newline else short


def _fixed(text: str) -> Block:
    return Block(lines=(Line(text),))
