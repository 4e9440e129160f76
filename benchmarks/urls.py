"""`url()` of the storages and `static()`, against Django's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib.staticfiles.storage import (
    ManifestStaticFilesStorage,
    StaticFilesStorage,
    staticfiles_storage,
)
from django.templatetags.static import static
from django.test import override_settings

from benchmarks import limits
from benchmarks.django_builds import set_up
from benchmarks.pairs import Figure, compare
from benchmarks.site import names

_URL = "https://d111111abcdef8.cloudfront.net/2026-11-23.1/"
_ROOT = "/var/mysite/static/2026-11-23.1"
# As startproject has them, for static() looks through them.
_APPS = [
    *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
    *("django.contrib.sessions", "django.contrib.messages"),
    *("dj_cloudfront", "django.contrib.staticfiles"),
]


def figures() -> Sequence[Figure]:
    """For 5,000 names, each asked for once before."""
    from dj_cloudfront.storage import BuildStorage, ManifestBuildStorage

    set_up()
    settings = {"STATIC_URL": _URL, "STATIC_ROOT": _ROOT, "INSTALLED_APPS": _APPS}
    with override_settings(**settings):
        plain = (BuildStorage(), StaticFilesStorage())
        hashed = (ManifestBuildStorage(), ManifestStaticFilesStorage())
        for storage in hashed:
            storage.hashed_files = {name: _hashed(name) for name in names()}
        return [
            figure
            for ours, theirs in (plain, hashed)
            for figure in (_url_figure(ours, theirs), _static_figure(ours, theirs))
        ]


def _url_figure(ours: StaticFilesStorage, theirs: StaticFilesStorage) -> Figure:
    return _compare(
        f"url() of {type(ours).__name__}",
        lambda: _call(ours.url),
        f"that of {type(theirs).__name__}",
        lambda: _call(theirs.url),
        limits.URL,
    )


def _static_figure(ours: StaticFilesStorage, theirs: StaticFilesStorage) -> Figure:
    def call(storage: StaticFilesStorage) -> list[str]:
        setattr(staticfiles_storage, "_wrapped", storage)  # noqa: B010
        return _call(static)

    return _compare(
        f"static() with {type(ours).__name__}",
        lambda: call(ours),
        f"that with {type(theirs).__name__}",
        lambda: call(theirs),
        limits.STATIC,
    )


def _compare(
    what: str,
    ours: Callable[[], list[str]],
    alternative: str,
    theirs: Callable[[], list[str]],
    limit: float,
) -> Figure:
    assert ours() == theirs(), "the URLs must be Django's"
    return compare(what, ours, alternative, theirs, pairs=15, limit=limit)


def _call(url: Callable[[str], str]) -> list[str]:
    return [url(name) for name in _NAMES]


def _hashed(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.0123456789ab.{suffix}"


_NAMES = names()
