"""What templates and scripts show: sprites and workers of the CDN's host, mails, caches.

A scan by patterns that are hardly ever wrong: what a script puts together is not seen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.template import engines

from dj_cloudfront.builds.retention import RetentionRules
from dj_cloudfront.checks import ids
from dj_cloudfront.checks.ids import SystemCheck
from dj_cloudfront.config import Cdn

if TYPE_CHECKING:
    from dj_cloudfront.staticfiles.publish import SourceFile

MOST_FILES = 10_000
MOST_BYTES = 1_000_000
_SHOWN = 5
_KEPT = RetentionRules().superseded_for
_MOST_SECONDS = int(_KEPT.total_seconds())

_TEMPLATES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".svg")
_SCRIPTS = (".js", ".mjs")

# {% static … %}, {% get_static_prefix %}, {{ static(…) }} of Jinja, {{ STATIC_URL }}
_STATIC = r"\{(?:%-?\s*(?:static|get_static_prefix)\b|\{-?\s*(?:static\(|STATIC_URL\b))"
_OWN = (
    r"new\s+URL\(\s*[^,()]{1,200},\s*(?:import\.meta\.url|document\.currentScript\.src)"
)
_WORKER = r"new\s+(?:Shared)?Worker\(\s*"
_SERVICE = r"serviceWorker\s*\.\s*register\(\s*"

# A host, or a variable that has one, right before the URL.
_HOST = r"(?:(?<![\w:])(?:https?:)?//[\w.:-]*|\}\})"
_MAIL = re.compile(
    r"(?:^|/)(?:e?mails?|newsletters?)/|[._-]e?mail\.\w+$", re.IGNORECASE
)
# What a page has and no mail: an app of newsletters has pages too.
_OF_A_PAGE = re.compile(r"<script\b|\bcsrf_token\b|\bcsrf_input\b")

IN_TEMPLATES: Mapping[SystemCheck, re.Pattern[str]] = {
    ids.SPRITE: re.compile(
        rf"<use\b[^>]*?\s(?:xlink:)?href\s*=\s*[\"']?\s*{_STATIC}", re.IGNORECASE
    ),
    ids.WORKER: re.compile(rf"{_WORKER}[\"'`]?\s*{_STATIC}"),
    ids.SERVICE_WORKER: re.compile(rf"{_SERVICE}[\"'`]?\s*{_STATIC}"),
    ids.HOST_BEFORE_STATIC_TAG: re.compile(rf"{_HOST}{_STATIC}"),
    ids.CACHED_TOO_LONG: re.compile(r"\{%-?\s*cache\s+(None|\d+)\s"),
}
IN_SCRIPTS: Mapping[SystemCheck, re.Pattern[str]] = {
    ids.WORKER: re.compile(_WORKER + _OWN),
    ids.SERVICE_WORKER: re.compile(_SERVICE + _OWN),
}
_MESSAGES = {
    ids.SPRITE: "templates must not use a sprite of the static files with <use href>",
    ids.WORKER: "pages must not start a worker of the static files",
    ids.SERVICE_WORKER: "pages must not register a service worker of the static files",
    ids.HOST_BEFORE_STATIC_TAG: "templates must not put a host before the URLs of static files",
    ids.STATIC_IN_MAIL: "mails must not refer to static files",
    ids.CACHED_TOO_LONG: f"fragments must be cached for less than {_KEPT.days} days, for they "
    "refer to builds that are pruned",
}


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """Places in templates and scripts. It reads up to ``MOST_FILES`` files of each kind."""
    if cdn.static_origin is None:
        return
    order = settings.MIDDLEWARE
    is_cached = any(path.endswith("UpdateCacheMiddleware") for path in order)
    if is_cached and settings.CACHE_MIDDLEWARE_SECONDS > _MOST_SECONDS:
        yield ids.CACHED_TOO_LONG.found(
            f"CACHE_MIDDLEWARE_SECONDS must be less than {_MOST_SECONDS}, such as 600, got "
            f"{settings.CACHE_MIDDLEWARE_SECONDS!r}: pages in the cache refer to builds that "
            "are pruned"
        )
    places: dict[SystemCheck, list[str]] = {}
    for name, path in islice(_templates(), MOST_FILES):
        text = read_text(path)
        patterns = dict(IN_TEMPLATES)
        if _MAIL.search(name) and not _OF_A_PAGE.search(text):
            patterns[ids.STATIC_IN_MAIL] = re.compile(_STATIC)
        for rule, line in search(text, patterns):
            places.setdefault(rule, []).append(f"{path}:{line}")
    for source in islice(_scripts(), MOST_FILES):
        for rule, line in search(_source_text(source), IN_SCRIPTS):
            places.setdefault(rule, []).append(f"{source.where}:{line}")
    for rule, message in _MESSAGES.items():
        if found := places.get(rule):
            more = len(found) - _SHOWN
            yield rule.found(
                f"{message}, got {', '.join(found[:_SHOWN])}"
                + (f" and {more} more" if more > 0 else "")
            )


def read_text(path: Path) -> str:
    """The text of a file; none of one that cannot be read, or is huge."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return ""
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _source_text(source: SourceFile) -> str:
    if (path := source.file_path) is not None:
        return read_text(path)
    # On no disk: what the storage can do besides opening it is not known.
    with suppress(Exception), source.storage.open(source.path) as file:
        data = file.read(MOST_BYTES + 1)
        if len(data) <= MOST_BYTES:
            return data if isinstance(data, str) else data.decode("utf-8", "replace")
    return ""


def search(
    text: str, patterns: Mapping[SystemCheck, re.Pattern[str]]
) -> Iterator[tuple[SystemCheck, int]]:
    """The mistakes in a text, by line."""
    for rule, pattern in patterns.items():
        for match in pattern.finditer(text):
            if rule is not ids.CACHED_TOO_LONG or _is_too_long(match[1]):
                yield rule, text.count("\n", 0, match.start()) + 1


def _is_too_long(seconds: str) -> bool:
    return seconds == "None" or int(seconds) > _MOST_SECONDS


def _templates() -> Iterator[tuple[str, Path]]:
    folders = dict.fromkeys(
        os.fspath(folder) for engine in engines.all() for folder in engine.template_dirs
    )
    return (
        (path.relative_to(folder).as_posix(), path)
        for folder in folders
        for path in _files(folder, _TEMPLATES)
    )


def _scripts() -> Iterator[SourceFile]:
    if not apps.is_installed("django.contrib.staticfiles"):
        return
    # Imported here: Django's own module wants its app to be installed.
    from dj_cloudfront.staticfiles.publish import find_sources

    for source in find_sources().sources:
        if source.name.endswith(_SCRIPTS):
            yield source


def _files(folder: str, ends: Iterable[str]) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(tuple(ends)):
                yield Path(parent, name)
