"""Builds of the generated site: Django's into a folder each, ours under one root."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

import dj_cloudfront
from benchmarks.site import Site, make_site

STATIC = "django.contrib.staticfiles.storage"
HOST = "static.example.com"
APPS = ["dj_cloudfront", "django.contrib.staticfiles"]


@contextmanager
def workshop() -> Iterator[Workshop]:
    """The site on the disk, and Django set up for it."""
    set_up()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield Workshop(Path(folder), make_site(Path(folder) / "site"))


def set_up() -> None:
    if not settings.configured:
        settings.configure(INSTALLED_APPS=APPS, STATIC_URL="/static/", USE_TZ=True)
        django.setup()


@contextmanager
def collected(source: Path, target: Path, storage: str, url: str) -> Iterator[None]:
    """Django's collectstatic was run, and its settings hold."""
    with override_settings(
        STATICFILES_DIRS=[source],
        STATIC_ROOT=target,
        STATIC_URL=url,
        STORAGES={"staticfiles": {"BACKEND": storage}},
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield


@contextmanager
def published(
    source: Path, root: Path, version: str, storage: str, **options: object
) -> Iterator[Path]:
    """The folder of a new build of ours, while its settings hold."""
    os.environ["STATIC_DOMAIN_NAME"] = HOST
    cdn = dj_cloudfront.config(static_root=root, build_version=version)
    backend = {"BACKEND": f"dj_cloudfront.storage.{storage}", "OPTIONS": options}
    with override_settings(
        CDN=cdn,
        STATICFILES_DIRS=[source],
        STATIC_ROOT=cdn.static_root,
        STATIC_URL=cdn.static_url,
        STORAGES={"staticfiles": backend},
    ):
        call_command("cdn", "publish", verbosity=0)
        yield Path(cdn.static_root)


class Workshop:
    """Makes builds of the site as it was and as it is by turns: 1 % changes each time."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.root = folder / "builds"
        self.plain = folder / "plain"
        self._collected = itertools.cycle((site.before, site.after))
        self._published = itertools.cycle((site.before, site.after))
        self._numbers = itertools.count(1)

    def collect(self, storage: str) -> Path:
        """Django's command and storage, into a folder that is not there yet."""
        target = self.plain / f"n{next(self._numbers)}"
        url = f"https://{HOST}/{target.name}/"
        with collected(next(self._collected), target, f"{STATIC}.{storage}", url):
            return target

    def publish(
        self, storage: str, root: Path | None = None, **options: object
    ) -> Path:
        """Ours, beside the build before."""
        source, version = next(self._published), f"b{next(self._numbers)}"
        with published(source, root or self.root, version, storage, **options) as build:
            return build

    def clean(self) -> None:
        """Leave nothing of what was built but our last build."""
        shutil.rmtree(self.plain, ignore_errors=True)
        builds = sorted(self.root.glob("b*"), key=lambda path: int(path.name[1:]))
        for build in builds[:-1]:
            shutil.rmtree(build)
        # What one has written must not be the other's to wait for.
        os.sync()
