"""A generated site of 5,000 static files and 100 MB, and the same with 1 % of them changed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

APPS = 20
_SEED = 20261123
_WORDS = (
    *("margin", "padding", "color", "display", "grid", "flex", "border", "radius"),
    *("function", "const", "return", "window", "document", "element", "value"),
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Files of one kind, so many and of so many bytes on average."""

    suffix: str
    count: int
    size: int


KINDS = (
    Kind(suffix="png", count=2600, size=25_000),
    Kind(suffix="svg", count=450, size=4_000),
    Kind(suffix="woff2", count=150, size=40_000),
    Kind(suffix="css", count=500, size=10_000),
    Kind(suffix="js", count=1300, size=18_000),
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """:param before: The folder as it was; ``after``: with 1 % of the files changed."""

    before: Path
    after: Path


def make_site(folder: Path) -> Site:
    """Write both. The same bytes come out each time."""
    site = Site(before=folder / "before", after=folder / "after")
    for kind in KINDS:
        for index in range(kind.count):
            data = _content(kind, index)
            _write(site.before / _name(kind, index), data)
            changed = b"\n/* changed */\n" if index % 100 == 7 else b""
            _write(site.after / _name(kind, index), data + changed)
    return site


def names() -> list[str]:
    """The names of all files."""
    return [_name(kind, index) for kind in KINDS for index in range(kind.count)]


def _name(kind: Kind, index: int) -> str:
    return f"app{index % APPS}/{kind.suffix}/part-{index}.{kind.suffix}"


def _content(kind: Kind, index: int) -> bytes:
    dice = random.Random(f"{_SEED} {kind.suffix} {index}")
    size = int(kind.size * dice.uniform(0.2, 1.8))
    if kind.suffix in ("png", "woff2"):
        return dice.randbytes(size)
    text = " ".join(dice.choices(_WORDS, k=size // 7))
    if kind.suffix == "css":
        return f"{_references(index, dice)}/* {text} */\n".encode()
    if kind.suffix == "js":
        return f"/* {text} */\nexport const part = {index};\n".encode()
    return f"<svg xmlns='http://www.w3.org/2000/svg'><!-- {text} --></svg>\n".encode()


def _references(index: int, dice: random.Random) -> str:
    """What a stylesheet refers to: pictures, a font, and for some another stylesheet."""
    app = index % APPS
    lines = [
        f".p{number} {{ background: url(../png/part-{number}.png) }}\n"
        for number in dice.sample(range(app, KINDS[0].count, APPS), k=6)
    ]
    font = dice.choice(range(app, KINDS[2].count, APPS))
    lines.append(f"@font-face {{ src: url('../woff2/part-{font}.woff2') }}\n")
    if index >= 4 * APPS:
        lines.insert(0, f'@import "part-{app + APPS * (index % 4)}.css";\n')
    return "".join(lines)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
