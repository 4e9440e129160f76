"""A Wagtail site with a folder of its own, and the static files of ten releases of it."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

StaticFiles = Mapping[str, bytes]

PINNED = {
    "before": ("wagtail==7.4", "django==5.2.19"),
    "after": ("wagtail==8.0.1", "django==5.2.19"),
}
"""The packages of the site. The upgrade comes with release ``UPGRADE``."""

RELEASES, UPGRADE = 10, 6
CHANGED = 2
"""How many of the site's own files a release changes: 1 % of them."""

_SEED = 20261130
_OWN = {
    "css": (20, 6_000),
    "js": (40, 7_000),
    "img": (130, 14_000),
    "fonts": (10, 30_000),
}
_SUFFIX = {"css": "css", "js": "mjs", "img": "png", "fonts": "woff2"}


def releases(folder: Path) -> Iterator[dict[str, bytes]]:
    """The static files of each release, packages and the site's own.

    :param folder: Where packages are installed, once.
    """
    packages = {when: _of_packages(folder, when) for when in PINNED}
    states = dict.fromkeys(own_names(), 0)
    dice = random.Random(_SEED)
    for number in range(RELEASES):
        if number:
            code = [name for name in states if name.startswith(("site/css", "site/js"))]
            # Every third release has a new picture too.
            pool = [code, list(states)] if number % 3 == 0 else [code, code]
            for names in pool[:CHANGED]:
                states[dice.choice(names)] += 1
        when = "after" if number >= UPGRADE else "before"
        own = {name: _content(name, state) for name, state in states.items()}
        yield {**packages[when], **own}


def own_names() -> list[str]:
    return [
        f"site/{kind}/{number}.{_SUFFIX[kind]}"
        for kind, (count, _) in _OWN.items()
        for number in range(count)
    ]


def _content(name: str, state: int) -> bytes:
    _, kind, last = name.split("/")
    number = int(last.partition(".")[0])
    dice = random.Random(f"{_SEED} {name} {state}")
    filler = dice.randbytes(_OWN[kind][1] // 2).hex().encode()
    if kind == "css":
        image, font = number % 20 + 40, number % 10
        return (
            b"/* %s */\n.a { background: url(../img/%d.png) }\n" % (filler, image)
            + b"@font-face { src: url(../fonts/%d.woff2) }\n" % font
        )
    if kind == "js":
        # A module imports the next ones; a script that is left open loads one more.
        more = b'import "./%d.mjs";\n' % (number + 5) if number < 20 else b""
        late = b'const late = new URL("./" + %d + ".mjs", import.meta.url);\n' % (
            number + 20
        )
        return more + (late if number < 20 else b"") + b"/* %s */\n" % filler
    return filler


def _of_packages(folder: Path, when: str) -> dict[str, bytes]:
    target = folder / when
    if not (target / "wagtail").is_dir():
        command = ("-m", "pip", "install", "--quiet", "--no-deps", "--target")
        subprocess.run([sys.executable, *command, target, *PINNED[when]], check=True)
    found = {}
    for place in sorted(
        (*target.glob("wagtail/**/static"), *target.glob("django/contrib/admin/static"))
    ):
        parts = place.relative_to(target).parts
        if {"test", "tests", "project_template"} & set(parts):
            continue
        for path in sorted(place.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                found[path.relative_to(place).as_posix()] = path.read_bytes()
    return found
