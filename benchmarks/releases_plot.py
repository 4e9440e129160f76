"""The figures of the releases as bars, without a library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

_ROW, _LABEL, _BAR, _GAP = 30, 270, 190, 130
_COLUMNS = (
    ("again", "bytes fetched again", 1e6, "MB"),
    ("origin_bytes", "bytes of the origin", 1e6, "MB"),
)


def plot(results: Sequence[dict[str, Any]]) -> str:
    """A row for each design, with what is wrong with it behind."""
    width = _LABEL + len(_COLUMNS) * (_BAR + _GAP) - 40
    height = _ROW * (len(results) + 2)
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, (key, title, unit, name) in enumerate(_COLUMNS):
        left = _LABEL + number * (_BAR + _GAP)
        rows.append(f'<text x="{left}" y="20" font-weight="bold">{title}</text>')
        most = max(one[key] for one in results)
        for row, one in enumerate(results, 1):
            size = max(1, round(_BAR * one[key] / most))
            top = row * _ROW + 4
            colour = "#c44" if one["is_faulty"] else "#279" if row == 1 else "#8bc"
            rows.append(
                f'<rect x="{left}" y="{top}" width="{size}" height="18" fill="{colour}"/>'
                f'<text x="{left + size + 6}" y="{top + 14}">{one[key] / unit:.1f} {name}</text>'
            )
    for row, one in enumerate(results, 1):
        rows.append(f'<text x="4" y="{row * _ROW + 18}">{escape(one["design"])}</text>')
    rows.append(
        f'<text x="4" y="{height - 8}" fill="#c44">red: pages that mixed releases, or assets '
        "that failed</text></svg>"
    )
    return "\n".join(rows) + "\n"


def table(results: Sequence[dict[str, Any]]) -> str:
    """The same in Markdown. The release with the upgrade is left out of the last column."""
    rows = [
        "| design | fetched again | requests of the origin | bytes of the origin | hit ratio "
        "| pages that mixed releases | failed assets | keep their URL |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in results:
        kept = sorted(one["kept"])[1:]
        cells = (
            one["design"],
            f"{one['again'] / 1e6:.0f} MB",
            f"{one['origin_requests']:,}",
            f"{one['origin_bytes'] / 1e6:.0f} MB",
            f"{one['hit_ratio']:.1%}",
            f"{one['mixed']} of {one['pages']}",
            str(one["failed"]),
            f"{kept[0]:.1%} to {kept[-1]:.1%}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
