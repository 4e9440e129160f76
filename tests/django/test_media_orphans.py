"""``cdn media``: uploads that nothing in the databases names, and their way to the trash."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings
from project_support import Project
from storage_support import set_up

from dj_cloudfront.management.commands.cdn import Command
from dj_cloudfront.media import orphans
from dj_cloudfront.media.names import unique_name
from dj_cloudfront.storage import MediaStorage

set_up()
SETTINGS = """\
import dj_cloudfront

INSTALLED_APPS += ["mysite"]
DATABASES = {
    alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / f"{alias}.sqlite3"}
    for alias in ("default", "old")
}
DATABASE_ROUTERS = ["mysite.routers.Legacy"]
CDN = dj_cloudfront.config(static_root=BASE_DIR / "static", local=True)
STATIC_URL, MEDIA_ROOT = CDN.static_url, BASE_DIR / "media"
STORAGES = {"default": {"BACKEND": "dj_cloudfront.storage.MediaStorage"}}
"""
MODELS = """\
from django.db import models


class Blocks(models.Field):
    # As the fields of page builders: no text, and an object in Python.

    def db_type(self, connection):
        return "text"

    def from_db_value(self, value, expression, connection):
        return object()

    def get_prep_value(self, value):
        return value


class Page(models.Model):
    blocks = Blocks(default="")
    text = models.TextField(default="")
    data = models.JSONField(default=dict)
    raw = models.BinaryField(default=bytes)
    file = models.FileField(upload_to="files", blank=True)


class Present(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(is_gone=False)


class Soft(models.Model):
    name = models.TextField()
    is_gone = models.BooleanField(default=False)
    objects = Present()

    class Meta:
        base_manager_name = "objects"


class Legacy(models.Model):
    name = models.TextField(primary_key=True)

    class Meta:
        db_table = "legacy"


class Old(models.Model):
    class Meta:
        managed = False


class NoTable(models.Model):
    # As models that are there for their permissions.

    class Meta:
        managed = False
"""
ROUTERS = """
class Legacy:
    def db_for_read(self, model, **hints):
        return "old" if model._meta.model_name == "legacy" else "default"

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return db == "default" and model_name != "legacy"
"""
ROWS = """
import json, os, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connections
call_command("migrate", "--run-syncdb", "-v0")
from mysite.models import Page, Soft
named = json.loads(sys.argv[1])
Page.objects.create(
    file=named["file"], text=f'<img src="/{named["text"]}">', data={"a": [named["data"]]},
    blocks=named["blocks"], raw=named["raw"].encode(),
)
for text in (
    named["encoded"].replace("/", "%2f"),
    named["escaped"].replace("/", "\\\\u002f"),
    f"abc{os.path.dirname(named['joined'])[6:]}def",
):
    Page.objects.create(text=text)
Soft(name=named["hidden"], is_gone=True).save(force_insert=True)
for alias, table, kind in (
    ("default", '"a table"', "plain"), ("default", "unmanaged", "unmanaged"),
    ("default", "mysite_old", "model"), ("old", "legacy", "legacy"), ("old", "other", "schema"),
):
    cursor = connections[alias].cursor()
    cursor.execute(f"create table {table} (id integer, name text)")
    cursor.execute(f"insert into {table} values (1, %s)", [named[kind]])
call_command("cdn", "media", "--orphans", "--json")
"""
KINDS = (
    *("file", "text", "data", "raw", "blocks", "encoded", "escaped", "joined"),
    *("hidden", "plain", "unmanaged", "model", "legacy", "schema"),
)


def put(folder, *names):
    """Write uploads that are old."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (0, 0))


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path, SETTINGS)
    made.write("mysite/models.py", MODELS)
    made.write("mysite/routers.py", ROUTERS)
    return made


def test_orphans_are_what_nothing_names(project):
    named = {kind: unique_name(f"files/{kind}.png") for kind in KINDS}
    lost, young = unique_name("files/lost.png"), unique_name("files/young.png")
    # The trash of a storage of thumbnails.
    hidden = f"thumbs/.cdn/trash/2026-01-01/{unique_name('files/gone.png')}"
    beside = f"{os.path.dirname(named['file'])}/small.png"
    put(project.folder / "media", *named.values(), lost, young, hidden, beside)
    os.utime(project.folder / "media" / young)
    variables = {"DJANGO_SETTINGS_MODULE": "mysite.settings"}
    done = project.run(sys.executable, "-c", ROWS, json.dumps(named), **variables)
    assert done.returncode == 0, done.stderr
    found = [one["folder"] for one in json.loads(done.stdout)["orphans"]]
    assert found == [os.path.dirname(lost)]


def test_orphans_need_the_tables(project):
    name = unique_name("files/a.png")
    put(project.folder / "media", name)
    done = project.manage("cdn", "media", "--orphans", "--yes")
    assert done.returncode == 1
    assert "run 'manage.py migrate' first" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project.folder / "media" / name).exists()


# -- without a database


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """The storage of a site whose tables name nothing."""
    monkeypatch.setattr(orphans, "named_in_databases", lambda tokens: set())
    given = {"BACKEND": "dj_cloudfront.storage.MediaStorage"}
    options = {"location": tmp_path, "base_url": "/media/", "invalidate": True}
    with override_settings(STORAGES={"default": given | {"OPTIONS": options}}):
        yield MediaStorage(**options)


def media(*arguments):
    out = io.StringIO()
    try:
        call_command(Command(), "media", *arguments, stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


def test_names_that_can_come_again_are_listed(storage, tmp_path):
    put(tmp_path, "old.png", unique_name("images/new.png"))
    assert media().splitlines() == [
        "old.png",
        "1 uploads have names that can be given again",
    ]


def test_orphans_go_into_the_trash_and_then_for_good(storage, tmp_path):
    lost, trash = unique_name("files/lost.png"), tmp_path / ".cdn" / "trash"
    put(tmp_path, lost)
    assert "--yes moves them to the trash" in media("--orphans")
    assert (tmp_path / lost).exists()
    # It comes back, as from a backup, and goes twice in a day.
    for count in (1, 2):
        put(tmp_path, lost)
        assert json.loads(media("--orphans", "--yes", "--json"))["left"] == []
        assert not (tmp_path / lost).exists()
        (today,) = trash.iterdir()
        assert len(list(today.glob("files/*"))) == count
    assert (today / lost).read_text() == "x"
    assert {one.path for one in storage.deletions.pending()} == {f"/media/{lost}"}
    old = today.rename(trash / "2020-01-01")
    media("--orphans", "--yes", "--trash", "999999")
    assert old.exists()
    assert f"deleted for good: {old}" in media("--orphans", "--yes")
    assert not old.exists()


def test_a_folder_that_cannot_be_moved_keeps_no_other_back(
    storage, tmp_path, monkeypatch
):
    names = sorted(unique_name("files/a.png") for _ in "123")
    put(tmp_path, *names)
    first, second, _ = map(os.path.dirname, names)
    rename = os.rename

    def moved(source, target):
        if str(source).endswith(first):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        if str(source).endswith(second):
            shutil.rmtree(source)
        return rename(source, target)

    monkeypatch.setattr(os, "rename", moved)
    said = media("--orphans", "--yes")
    assert "left where it is: Invalid cross-device link" in said
    assert "gone meanwhile" in said
    assert "1 of 3 folders were left where they are" in said
    assert [name for name in names if (tmp_path / name).exists()] == names[:1]
    assert len(storage.deletions.pending()) == 2


@pytest.mark.parametrize(
    "arguments", [("--older-than", "-1"), ("--trash", "-1"), ("--older-than", "nan")]
)
def test_days_are_not_negative(storage, arguments):
    said = media("--orphans", *arguments)
    assert f"{arguments[0]}: must be a number of days" in said


def test_only_orphans_are_moved(storage):
    assert "--yes must be beside --orphans" in media("--yes")
