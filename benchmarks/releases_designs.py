"""Ways to give static files URLs over releases, each as its own tools make it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.contrib.staticfiles.storage import (
    ManifestStaticFilesStorage,
    staticfiles_storage,
)

from benchmarks.django_builds import HOST, collected, published
from benchmarks.releases_site import StaticFiles

_LONG = "public, max-age=31536000, immutable"
_MINUTE = "public, max-age=60"
_HOUR = "public, max-age=3600"


Served = dict[str, tuple[bytes, str]]
"""What a server has by URL path: a body and its Cache-Control."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """:param url: The URL path, with its query, that pages have for a name.

    :param content: All that a file of this release can be.
    :param early: What is on all servers before pages of it are; None where pages and files
        come together, server by server.
    """

    url: Callable[[str], str]
    content: frozenset[bytes]
    early: bool
    files: Served
    replaces: bool


@dataclass(frozen=True, kw_only=True)
class Design:
    """:param is_faulty: Whether pages are known to mix releases or to lose assets with it.

    :param by_query: Whether the query string is in the key of the cache.
    :param invalidates: Whether a release invalidates all.
    """

    name: str
    make: Callable[[Path, int, StaticFiles], Release]
    is_faulty: bool = False
    by_query: bool = False
    invalidates: bool = False


def designs() -> Iterable[Design]:
    """This one first."""
    subfolders = ["site/img", "site/fonts"]
    return (
        Design(name="hashed folders", make=_ours(hashed_folders=subfolders)),
        Design(name="hashed folders, top only", make=_ours(hashed_folders=True)),
        Design(name="plain build folders", make=_ours()),
        Design(name="hashed names in builds", make=_ours("ManifestBuildStorage")),
        Design(
            name="WhiteNoise, hashed names, whole site",
            make=_whitenoise,
            is_faulty=True,
        ),
        Design(name="query strings", make=_query, is_faulty=True, by_query=True),
        Design(
            name="plain names, invalidated",
            make=_plain,
            is_faulty=True,
            invalidates=True,
        ),
        Design(name="hashed names in a bucket (S3)", make=_bucket, is_faulty=True),
    )


def _ours(storage: str = "BuildStorage", **options: object) -> Callable[..., Release]:
    def make(folder: Path, number: int, files: StaticFiles) -> Release:
        source, root = _written(folder / "source", files), folder / "static"
        with published(source, root, f"r{number}", storage, **options):
            urls = {name: _path(staticfiles_storage.url(name)) for name in files}
        served = {
            f"/{path.relative_to(root).as_posix()}": (path.read_bytes(), _LONG)
            for path in root.rglob("*")
            if path.is_file() and "/." not in f"/{path.relative_to(root)}"
        }
        content = frozenset(
            body
            for path, (body, _) in served.items()
            if path.startswith(f"/r{number}/")
        )
        return Release(
            url=urls.__getitem__,
            content=content,
            early=True,
            files=served,
            replaces=False,
        )

    return make


def _hashed(
    folder: Path, number: int, files: StaticFiles
) -> tuple[dict[str, str], StaticFiles]:
    """Hashed names of each file, and all files, by Django's own storage."""
    target = folder / f"collected{number}"
    backend = "benchmarks.releases_designs.LenientManifestStorage"
    with collected(_written(folder / "source", files), target, backend, "/static/"):
        storage = LenientManifestStorage(target, "/static/")
        names = {name: storage.stored_name(name) for name in files}
    found = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }
    return names, found


class LenientManifestStorage(ManifestStaticFilesStorage):
    """Django's, which would refuse a package's reference that leads nowhere."""

    manifest_strict = False


def _of_hashed_names(
    folder: Path, number: int, files: StaticFiles, *, early: bool, replaces: bool
) -> Release:
    names, found = _hashed(folder, number, files)
    hashed = set(names.values()) - set(names)
    served = {
        f"/static/{name}": (body, _LONG if name in hashed else _MINUTE)
        for name, body in found.items()
    }
    return Release(
        url=lambda name: f"/static/{names[name]}",
        content=frozenset(found.values()),
        early=early,
        files=served,
        replaces=replaces,
    )


def _whitenoise(folder: Path, number: int, files: StaticFiles) -> Release:
    return _of_hashed_names(folder, number, files, early=False, replaces=True)


def _bucket(folder: Path, number: int, files: StaticFiles) -> Release:
    """The recipe of django-storages: collectstatic uploads, and nothing is removed."""
    return _of_hashed_names(folder, number, files, early=True, replaces=False)


def _query(folder: Path, number: int, files: StaticFiles) -> Release:
    return _of_plain_names(files, _LONG, query=f"?v={number}")


def _plain(folder: Path, number: int, files: StaticFiles) -> Release:
    return _of_plain_names(files, _HOUR)


def _of_plain_names(files: StaticFiles, caching: str, query: str = "") -> Release:
    return Release(
        url=lambda name: f"/static/{name}{query}",
        content=frozenset(files.values()),
        early=False,
        files={f"/static/{name}": (body, caching) for name, body in files.items()},
        replaces=True,
    )


def _path(url: str) -> str:
    return url.removeprefix(f"https://{HOST}")


def _written(folder: Path, files: StaticFiles) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder
