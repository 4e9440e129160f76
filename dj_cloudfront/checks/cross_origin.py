"""Sprites and workers of the CDN's host, which browsers refuse: found in templates and scripts.

A scan by patterns that are hardly ever wrong: what a script puts together is not seen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from django.apps import apps
from django.core.checks import CheckMessage
from django.template import engines

from dj_cloudfront.checks import ids
from dj_cloudfront.checks.ids import SystemCheck
from dj_cloudfront.config import Cdn

MOST_FILES = 10_000
MOST_BYTES = 1_000_000
_SHOWN = 5

_TEMPLATES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".svg")
_SCRIPTS = (".js", ".mjs")

# {% static … %}, {% get_static_prefix %}, {{ static(…) }} of Jinja, {{ STATIC_URL }}
_STATIC = r"\{(?:%-?\s*(?:static|get_static_prefix)\b|\{-?\s*(?:static\(|STATIC_URL\b))"
_OWN = (
    r"new\s+URL\(\s*[^,()]{1,200},\s*(?:import\.meta\.url|document\.currentScript\.src)"
)
_WORKER = r"new\s+(?:Shared)?Worker\(\s*"
_SERVICE = r"serviceWorker\s*\.\s*register\(\s*"

IN_TEMPLATES: Mapping[SystemCheck, re.Pattern[str]] = {
    ids.SPRITE: re.compile(
        rf"<use\b[^>]*?\s(?:xlink:)?href\s*=\s*[\"']?\s*{_STATIC}", re.IGNORECASE
    ),
    ids.WORKER: re.compile(rf"{_WORKER}[\"'`]?\s*{_STATIC}"),
    ids.SERVICE_WORKER: re.compile(rf"{_SERVICE}[\"'`]?\s*{_STATIC}"),
}
IN_SCRIPTS: Mapping[SystemCheck, re.Pattern[str]] = {
    ids.WORKER: re.compile(_WORKER + _OWN),
    ids.SERVICE_WORKER: re.compile(_SERVICE + _OWN),
}
_MESSAGES = {
    ids.SPRITE: "templates must not use a sprite of the static files with <use href>",
    ids.WORKER: "pages must not start a worker of the static files",
    ids.SERVICE_WORKER: "pages must not register a service worker of the static files",
}


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """Places in templates and scripts. It reads up to ``MOST_FILES`` files of each kind."""
    if cdn.static_origin is None:
        return
    places: dict[SystemCheck, list[str]] = {}
    for files, patterns in (
        (templates(), IN_TEMPLATES),
        (scripts(), IN_SCRIPTS),
    ):
        for path in islice(files, MOST_FILES):
            for rule, line in search(path, patterns):
                places.setdefault(rule, []).append(f"{path}:{line}")
    for rule, message in _MESSAGES.items():
        if found := places.get(rule):
            more = len(found) - _SHOWN
            yield rule.found(
                f"{message}, got {', '.join(found[:_SHOWN])}"
                + (f" and {more} more" if more > 0 else "")
            )


def search(
    path: Path, patterns: Mapping[SystemCheck, re.Pattern[str]]
) -> Iterator[tuple[SystemCheck, int]]:
    """The mistakes in a file, by line. A file that cannot be read, or a huge one, has none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return
        text = path.read_text("utf-8", "replace")
    except OSError:
        return
    for rule, pattern in patterns.items():
        for match in pattern.finditer(text):
            yield rule, text.count("\n", 0, match.start()) + 1


def templates() -> Iterator[Path]:
    """The templates of all engines that keep them in folders."""
    folders = dict.fromkeys(
        os.fspath(folder) for engine in engines.all() for folder in engine.template_dirs
    )
    return (path for folder in folders for path in _files(folder, _TEMPLATES))


def scripts() -> Iterator[Path]:
    """The scripts that ``collectstatic`` would find on the disk."""
    if not apps.is_installed("django.contrib.staticfiles"):
        return
    # Imported here: Django's own module wants its app to be installed.
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for name, storage in finder.list([]):
            if name.endswith(_SCRIPTS):
                yield Path(storage.path(name))


def _files(folder: str, ends: Iterable[str]) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(tuple(ends)):
                yield Path(parent, name)
