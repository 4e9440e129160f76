"""Sources of static files, and builds that Django's command or ours makes of them."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import BaseStorageFinder, FileSystemFinder
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.core.management import call_command
from django.test import override_settings

import dj_cloudfront
from dj_cloudfront.builds.index import INDEX_NAME
from dj_cloudfront.management.commands.cdn import Command
from dj_cloudfront.storage import BuildStorage

PLAIN = "dj_cloudfront.storage.BuildStorage"
HASHED = "dj_cloudfront.storage.ManifestBuildStorage"
DJANGOS = "django.contrib.staticfiles.storage.StaticFilesStorage"
DJANGOS_HASHED = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
FINDER = "django.contrib.staticfiles.finders.FileSystemFinder"
MANIFEST = ".staticfiles.json"
HOST = "static.example.com"
FILES = {
    "css/base.css": b"@font-face { src: url(../fonts/sans.woff2) }\n",
    "css/site.css": b'@import "base.css";\np { background: url(../img/logo.png) }\n',
    "fonts/sans.woff2": b"font" * 100,
    "img/logo.png": b"logo" * 100,
    "js/app.js": b"app()\n",
}


def set_up():
    """Django, ready for override_settings whichever test comes first."""
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8")
    if not apps.ready:
        django.setup()


class Site:
    """:param folder: With the sources in ``assets`` and the builds in ``static``."""

    def __init__(self, folder, files=FILES):
        set_up()
        self.assets = Path(folder) / "assets"
        self.root = Path(folder) / "static"
        self.write(files)

    def write(self, files):
        for name, data in files.items():
            path = self.assets / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def cdn(self, version, **options):
        return dj_cloudfront.config(
            static_root=self.root, build_version=version, **options
        )

    @contextlib.contextmanager
    def settings(self, version="b1", storage=PLAIN, *, local=False, options=(), **more):
        """The settings of a server whose pages are of that build."""
        with named_by_the_environment():
            cdn = self.cdn(version, local=local)
        given = {
            "CDN": cdn,
            "INSTALLED_APPS": ["dj_cloudfront", "django.contrib.staticfiles"],
            "STATIC_URL": cdn.static_url,
            "STATIC_ROOT": cdn.static_root,
            "STATICFILES_DIRS": [self.assets],
            "STATICFILES_FINDERS": [FINDER],
            "STORAGES": {"staticfiles": {"BACKEND": storage, "OPTIONS": dict(options)}},
        }
        with override_settings(**given | more):
            yield

    def collect(self, version="b1", storage=PLAIN, *, command=None, **given):
        """Run ``collectstatic``; returns what it says."""
        return self.collect_both(version, storage, command=command, **given)[0]

    def collect_both(self, version="b1", storage=PLAIN, *, command=None, **given):
        """The same, and what it complains about."""
        names = (
            *("clear", "dry_run", "ignore_patterns", "interactive", "link"),
            "post_process",
        )
        options = {"interactive": False, "verbosity": 2}
        options |= {name: given.pop(name) for name in names if name in given}
        out, complaints = io.StringIO(), io.StringIO()
        streams = {"stdout": out, "stderr": complaints, "no_color": True}
        with self.settings(version, storage, **given):
            call_command(command or "collectstatic", **streams, **options)
        return out.getvalue(), complaints.getvalue()

    def publish(self, *arguments, version="b1", storage=PLAIN, **given):
        """Run ``cdn publish``; returns what it says, and what it complains about."""
        out, complaints = io.StringIO(), io.StringIO()
        streams = {"stdout": out, "stderr": complaints, "no_color": True}
        with self.settings(version, storage, **given):
            call_command(Command(), "publish", *arguments, **streams)
        return out.getvalue(), complaints.getvalue()

    def publish_json(self, *arguments, **given):
        return json.loads(self.publish(*arguments, "--json", **given)[0])

    def file(self, version, name):
        return self.root / version / name

    def builds(self):
        """What a web server would show."""
        return sorted(p.name for p in self.root.glob("*") if p.name[0] != ".")

    def leftovers(self):
        """Hidden folders, but for the one that always is there."""
        return sorted(p.name for p in self.root.glob(".*") if p.name != ".cdn")

    def published_files(self, version="b1"):
        """The files of a build and their bytes, without hidden ones."""
        return {
            name: data
            for name, data in content(self.root / version).items()
            if not name.startswith(".")
        }

    def snapshot(self):
        """All there is below the root, to the inode and the time."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            stat = path.lstat()
            found[str(path)] = (stat.st_ino, stat.st_mtime_ns, stat.st_mode)
        return {name: one for name, one in found.items() if "/.cdn" not in name}


@contextlib.contextmanager
def named_by_the_environment():
    os.environ["STATIC_DOMAIN_NAME"] = HOST
    try:
        yield
    finally:
        del os.environ["STATIC_DOMAIN_NAME"]


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def manifest(site, version="b1"):
    return json.loads(site.file(version, MANIFEST).read_bytes())


def index_of(build):
    return set(json.loads((build / INDEX_NAME).read_bytes())["files"])


class Remote(Storage):
    """Files that are on no disk."""

    files = {"remote/a.css": b"p {}\n", "remote/b.txt": b"text\n"}

    def listdir(self, path):
        inside = [name for name in self.files if name.startswith(path)]
        parts = {name.removeprefix(path).strip("/").split("/")[0] for name in inside}
        folders = {one for one in parts if "." not in one}
        return sorted(folders), sorted(parts - folders)

    def exists(self, name):
        return name in self.files

    def _open(self, name, mode="rb"):
        return ContentFile(self.files[name], name)


class RemoteFinder(BaseStorageFinder):
    storage = Remote


class Shouting(FileSystemStorage):
    """Gives other content than the files that it names."""

    def _open(self, name, mode="rb"):
        with super()._open(name, mode) as file:
            return ContentFile(file.read().upper(), name)


class ShoutingFinder(FileSystemFinder):
    def list(self, ignore_patterns):
        for path, storage in super().list(ignore_patterns):
            yield path, Shouting(storage.location)


class Elsewhere(StaticFilesStorage):
    """Not ours."""

    def url(self, name):
        return f"elsewhere:{name}"


class Tagged(BuildStorage):
    def url(self, name):
        return super().url(name) + "?tag"
