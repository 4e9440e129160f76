"""A report in a terminal, and in a log that is read as plain text."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator

from cdn_review import markup
from cdn_review.change import Untrusted, to_text
from cdn_review.report import Line, Report

_RED, _GREEN, _YELLOW, _BOLD = "31;1", "32", "33", "1"
_WIDTH = 80
_Painter = Callable[[str, str], str]


def is_coloured(choice: str) -> bool:
    """Whether ``auto``, ``always`` or ``never`` means colours, by https://no-color.org."""
    if choice != "auto":
        return choice == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def render(report: Report, *, colour: bool) -> str:
    """What changes and what to do, then the raw diff if the report has one.

    Untrusted text cannot command the terminal: control characters are replaced.
    """
    lines = list(_lines(report, _paint if colour else _plain))
    raw = markup.cleaned(report.raw).strip("\n")
    if raw and report.changed:
        lines += ["", "cdk diff", "", *raw.split("\n")]
    return "\n".join(lines) + "\n"


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, code: str) -> str:
    return text


def _lines(report: Report, paint: _Painter) -> Iterator[str]:
    colour = (_BOLD if report.changed else _GREEN) if report.ok else _RED
    title = report.headline
    if not report.changed:
        title += f" in {_names(report.environments) or 'any stack'}"
    yield from (paint(line, colour) for line in _wrapped(title))
    if report.before or report.after:
        yield f"{_shown(report.before)} -> {_shown(report.after)}"
    for notice in report.notices:
        text = f"warning: {' '.join(markup.cleaned(notice).split())}"
        yield from ("", *(paint(line, _YELLOW) for line in _wrapped(text)))
    yield from _blocking(report, paint)
    if report.acknowledged:
        yield from ("", paint("acknowledged", _YELLOW))
    for line in report.acknowledged:
        yield from _line(line, paint, prefix=f"{_names(line.environments)}: ")
        yield from _wrapped(f"reason: {_shown(line.reason)}", indent=4)
    for environments, lines in report.others.items():
        yield from ("", paint(_names(environments), _BOLD))
        for line in lines:
            yield from _line(line, paint)
    yield from _end(report)


def _blocking(report: Report, paint: _Painter) -> Iterator[str]:
    if report.ok:
        return
    yield from ("", paint("to acknowledge first", _RED))
    for line in report.blocking:
        yield from _line(line, paint, prefix=f"{_names(line.environments)}: ")
    yield from ("", "in cdn-review.toml, each with the reason why it is meant:")
    for id_ in dict.fromkeys(id_ for line in report.blocking for id_ in line.ids):
        yield from ("", "  [[acknowledged]]", f"  change = {markup.toml_string(id_)}")
        yield '  reason = ""'


def _end(report: Report) -> Iterator[str]:
    if report.changed and report.unchanged:
        yield from ("", *_wrapped(f"no change in {_names(report.unchanged)}"))
    if report.unused:
        yield from ("", "cdn-review.toml acknowledges changes that are not made here:")
        yield from (f"  {_shown(id_)}" for id_ in report.unused)


def _line(line: Line, paint: _Painter, *, prefix: str = "") -> Iterator[str]:
    note = f" ({line.note})" if line.note else ""
    text = f"{prefix}{_shown(line.role)}: {to_text(line.message)}{note}"
    *first, last = _wrapped(text, indent=2)
    yield from first
    marks = [f"[{label}]" for label in line.labels]
    painted = " ".join(paint(mark, _RED if line.block else _YELLOW) for mark in marks)
    if len(last) + len(" ".join(["", *marks])) <= _WIDTH:
        yield f"{last} {painted}".rstrip()
    else:
        yield from (last, f"    {painted}")


def _wrapped(text: str, *, indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _shown(text: str) -> str:
    return Untrusted(text).text


def _names(environments: Iterable[str]) -> str:
    return ", ".join(map(_shown, environments))
