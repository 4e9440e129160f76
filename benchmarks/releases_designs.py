"""Ways to give static files URLs over releases, each as its own tools make it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command
from django.test import override_settings

import dj_cloudfront
from benchmarks.releases_site import Files

HOST = "static.example.com"
_LONG = "public, max-age=31536000, immutable"
_MINUTE = "public, max-age=60"
_HOUR = "public, max-age=3600"


@dataclass(kw_only=True)
class Server:
    """What one server has by URL path: a body and its Cache-Control."""

    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)


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
    files: Mapping[str, tuple[bytes, str]]
    replaces: bool


@dataclass(frozen=True, kw_only=True)
class Design:
    """:param is_faulty: Whether pages are known to mix releases or to lose assets with it.

    :param by_query: Whether the query string is in the key of the cache.
    :param invalidates: Whether a release invalidates all.
    """

    name: str
    make: Callable[[Path, int, Files], Release]
    is_faulty: bool = False
    by_query: bool = False
    invalidates: bool = False


def designs() -> Iterable[Design]:
    """This one first."""
    finer = ["site/img", "site/fonts"]
    return (
        Design(name="hashed folders", make=_ours(hashed_folders=finer)),
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
    def make(folder: Path, number: int, files: Files) -> Release:
        source = _written(folder / "source", files)
        os.environ["STATIC_DOMAIN_NAME"] = HOST
        root = folder / "static"
        cdn = dj_cloudfront.config(static_root=root, build_version=f"r{number}")
        backend = {"BACKEND": f"dj_cloudfront.storage.{storage}", "OPTIONS": options}
        with override_settings(
            CDN=cdn,
            STATICFILES_DIRS=[source],
            STATIC_ROOT=cdn.static_root,
            STATIC_URL=cdn.static_url,
            STORAGES={"staticfiles": backend},
        ):
            call_command("cdn", "publish", verbosity=0)
            from django.contrib.staticfiles.storage import staticfiles_storage

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


def _hashed(folder: Path, number: int, files: Files) -> tuple[dict[str, str], Files]:
    """Hashed names of each file, and all files, by Django's own storage."""
    target = folder / f"collected{number}"
    with override_settings(
        STATICFILES_DIRS=[_written(folder / "source", files)],
        STATIC_ROOT=target,
        STATIC_URL="/static/",
        STORAGES={
            "staticfiles": {
                "BACKEND": "benchmarks.releases_designs.LenientManifestStorage"
            }
        },
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
        storage = LenientManifestStorage(target, "/static/")
        names = {name: storage.stored_name(name) for name in files}
    collected = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }
    return names, collected


class LenientManifestStorage(ManifestStaticFilesStorage):
    """Django's, which would refuse a package's reference that leads nowhere."""

    manifest_strict = False


def _of_hashed_names(
    folder: Path, number: int, files: Files, *, early: bool, replaces: bool
) -> Release:
    names, collected = _hashed(folder, number, files)
    hashed = set(names.values()) - set(names)
    served = {
        f"/static/{name}": (body, _LONG if name in hashed else _MINUTE)
        for name, body in collected.items()
    }
    return Release(
        url=lambda name: f"/static/{names[name]}",
        content=frozenset(collected.values()),
        early=early,
        files=served,
        replaces=replaces,
    )


def _whitenoise(folder: Path, number: int, files: Files) -> Release:
    return _of_hashed_names(folder, number, files, early=False, replaces=True)


def _bucket(folder: Path, number: int, files: Files) -> Release:
    """The recipe of django-storages: collectstatic uploads, and nothing is removed."""
    return _of_hashed_names(folder, number, files, early=True, replaces=False)


def _query(folder: Path, number: int, files: Files) -> Release:
    return _of_plain_names(files, _LONG, query=f"?v={number}")


def _plain(folder: Path, number: int, files: Files) -> Release:
    return _of_plain_names(files, _HOUR)


def _of_plain_names(files: Files, caching: str, query: str = "") -> Release:
    return Release(
        url=lambda name: f"/static/{name}{query}",
        content=frozenset(files.values()),
        early=False,
        files={f"/static/{name}": (body, caching) for name, body in files.items()},
        replaces=True,
    )


def _path(url: str) -> str:
    return url.removeprefix(f"https://{HOST}")


def _written(folder: Path, files: Files) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder
