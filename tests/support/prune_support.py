"""Builds on a disk for the tests of what removes them, and the command that does."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

import dj_cloudfront
from dj_cloudfront.builds import pruning
from dj_cloudfront.builds.hashed_folders import assign, make_folders
from dj_cloudfront.builds.in_use import register_server
from dj_cloudfront.builds.index import INDEX_NAME, File, Index, render
from dj_cloudfront.builds.retention import RetentionRules
from dj_cloudfront.management.commands.cdn import Command

DAY = 86400
AGES = {"b1": 400, "b2": 300, "b3": 200, "b4": 100, "b5": 50}
ONE = RetentionRules(keep=1)
NO_TRASH, A_DAY = timedelta(0), timedelta(days=1)
ROOT = Path(__file__).parents[2]
FILES = {
    "css/site.css": b"p { color: red }",
    "js/app.js": b"app()",
    "img/big.png": b"x" * 5000,
}


def make_build(
    root, version, *, age=None, files=None, like=None, index=True, hashed=False
):
    """A build, with links to the equal files of another one, published so many days ago."""
    files = FILES | {"only.txt": version.encode()} if files is None else files
    for name, data in files.items():
        path = root / version / name
        path.parent.mkdir(parents=True, exist_ok=True)
        other = root / (like or version) / name
        if like and other.exists() and other.read_bytes() == data:
            os.link(other, path)
        else:
            path.write_bytes(data)
    if index:
        held = {
            name: File(size=len(data), sha256=hashlib.sha256(data).hexdigest())
            for name, data in files.items()
        }
        content = Index(version=version, files=held)
        if hashed:
            folders, _ = assign(content, (), ())
            content = replace(content, hashed_folders=folders)
            make_folders(root, root / version, content)
            for folder in set(folders.values()):
                set_age(root / folder, age or 0)
        (root / version / INDEX_NAME).write_bytes(render(content))
    if age is not None:
        set_age(root / version / INDEX_NAME if index else root / version, age)
    return root / version


def make_builds(root, ages=AGES):
    """Builds by age in days, oldest first, each linked to the one before."""
    before = None
    for version, age in ages.items():
        make_build(root, version, age=age, like=before)
        before = version


def set_age(path, days):
    """Give a file the time of so many days ago; of days to come, if negative."""
    time = disk_time(path.parent) - days * DAY
    os.utime(path, (time, time))


def disk_time(folder):
    """What the disk takes for now."""
    probe = folder / ".probe"
    probe.touch()
    time = probe.stat().st_mtime
    probe.unlink()
    return time


def use(root, server, version, *, ago=0):
    """Declare, so many days ago."""
    before = register_server(root, version, server=server)
    if before not in (None, version):
        set_last_used(root, before, ago)


def set_last_used(root, version, days):
    set_age(root / ".cdn" / "last-used" / version, days)


def forget_times(root):
    """As if the first declaration had been made before all builds that are there."""
    for path in (root / ".cdn" / "last-used").iterdir():
        path.unlink()


def go(root, *, current="b5", rules=ONE, trash_for=A_DAY):
    return pruning.prune(root, current=current, rules=rules, trash_for=trash_for)


def would_go(root, *, current="b5", rules=ONE, trash_for=A_DAY):
    return pruning.preview(root, current=current, rules=rules, trash_for=trash_for)


def tree(folder):
    """All files below, with their bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def versions(root):
    """The builds that a web server would answer for."""
    return sorted(path.name for path in root.iterdir() if path.name[0] not in "._")


def in_trash(root):
    """The builds in the trash."""
    trash = root / ".cdn" / "trash"
    return sorted(path.name for path in trash.glob("[!.]*/*"))


def assert_whole(root, *wanted):
    """Each build has all that its index says, byte for byte."""
    for version in wanted:
        content = json.loads((root / version / INDEX_NAME).read_bytes())
        for name, entry in content["files"].items():
            data = (root / version / name).read_bytes()
            assert hashlib.sha256(data).hexdigest() == entry["sha256"], (version, name)
        for folder, hashed in content.get("hashed_folders", {}).items():
            assert tree(root / hashed / folder) == tree(root / version / folder)


@contextlib.contextmanager
def site(root, version="b9", *, local=False):
    """Settings with builds under ``root``, of which ``version`` is in service."""
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8")
    os.environ["STATIC_DOMAIN_NAME"] = "static.example.com"
    try:
        cdn = dj_cloudfront.config(static_root=root, build_version=version, local=local)
    finally:
        del os.environ["STATIC_DOMAIN_NAME"]
    with override_settings(CDN=cdn):
        yield


def cdn(*arguments):
    """Run ``manage.py cdn``: what it says to a person, and what it complains about."""
    out, complaints = io.StringIO(), io.StringIO()
    call_command(Command(), *arguments, stdout=out, stderr=complaints, no_color=True)
    return out.getvalue(), complaints.getvalue()


def cdn_json(*arguments):
    return json.loads(cdn(*arguments, "--json")[0])
