"""A report for a terminal, and for a log that is read as plain text."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.rendering import grouping, markup
from cdn_review.report import Report
from cdn_review.summary import Change
from cdn_review.words import Value, plain

_RED, _GREEN, _YELLOW, _BOLD = "31;1", "32", "33", "1"


def render(report: Report, *, colour: bool) -> str:
    """What changes and what to do, then the raw diff if the report has one.

    Foreign text cannot command the terminal: control characters are replaced.
    """
    lines = list(_lines(report, _Paint(colour)))
    raw = markup.cleaned(report.raw).strip("\n")
    if raw and report.changed:
        lines += ["", "cdk diff", "", *raw.split("\n")]
    return "\n".join(lines) + "\n"


class _Paint:
    """Colours, or none."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _lines(report: Report, paint: _Paint) -> Iterator[str]:
    colour = (_BOLD if report.changed else _GREEN) if report.ok else _RED
    title = grouping.headline(report)
    if not report.changed:
        title += f" in {_names(report.environments) or 'any stack'}"
    yield paint(title, colour)
    yield from _open(report, paint)
    yield from _acknowledged(report, paint)
    for group in grouping.listed(report):
        yield from ("", paint(_names(group.environments), _BOLD))
        for change in group.changes:
            yield f"  {_change(change, paint)}"
    same = grouping.unchanged(report)
    if report.changed and same:
        yield from ("", f"no change in {_names(same)}")
    yield from _remarks(report, paint)


def _open(report: Report, paint: _Paint) -> Iterator[str]:
    waiting = grouping.open_ones(report)
    if not waiting:
        return
    yield from ("", paint("to acknowledge first", _RED))
    for one in waiting:
        yield f"  {_names(one.environments)}: {_change(one.change, paint)}"
    yield from ("", "in cdn-review.toml, each with the reason why it is meant:")
    for one in waiting:
        for identity in one.ids:
            yield from ("", "  [[acknowledged]]")
            yield f"  change = {markup.toml_string(identity)}"
            yield '  reason = ""'


def _acknowledged(report: Report, paint: _Paint) -> Iterator[str]:
    done = grouping.acknowledged_ones(report)
    if done:
        yield from ("", paint("acknowledged", _YELLOW))
    for one in done:
        yield f"  {_names(one.environments)}: {_change(one.change, paint)}"
        for reason in one.reasons:
            yield f"    reason: {Value(reason).text}"


def _remarks(report: Report, paint: _Paint) -> Iterator[str]:
    if report.verdict.unused:
        yield from ("", "cdn-review.toml acknowledges what does not happen here:")
        for identity in report.verdict.unused:
            yield f"  {Value(identity).text}"
    for notice in report.notices:
        yield from (
            "",
            paint(f"note: {' '.join(markup.cleaned(notice).split())}", _YELLOW),
        )
    if report.before_name or report.after_name:
        sides = (report.before_name, report.after_name)
        yield from ("", "compared {} with {}".format(*(Value(s).text for s in sides)))


def _change(change: Change, paint: _Paint) -> str:
    marks = [
        paint(f"[{label}]", _RED if change.stop else _YELLOW)
        for label in grouping.labels(change)
    ]
    note = f" ({change.note})" if change.note else ""
    text = f"{Value(change.role).text}: {plain(change.text)}{note}"
    return " ".join([text, *marks])


def _names(environments: tuple[str, ...]) -> str:
    return ", ".join(Value(one).text for one in environments)
