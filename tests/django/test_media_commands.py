"""``cdn invalidate``, ``cdn media`` and ``cdn key``, on a project and an emulated AWS."""

from __future__ import annotations

import json
import os

import pytest
from aws_support import client, made_distribution, running_emulator
from cryptography.hazmat.primitives import serialization
from project_support import Project

from dj_cloudfront.media.deletions import Deletions
from dj_cloudfront.media.invalidation import Invalidator, check_path, paths_of
from dj_cloudfront.media.names import unique_name

SETTINGS = """\
import dj_cloudfront

INSTALLED_APPS += ["mysite"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}
}
CDN = dj_cloudfront.config(
    BASE_DIR / "cdn-outputs.json", build_version="b1", static_root=BASE_DIR / "static"
)
STATIC_URL, STATIC_ROOT, MEDIA_URL = CDN.static_url, CDN.static_root, CDN.media_url
MEDIA_ROOT = BASE_DIR / "media"
STORAGES = {
    "default": {
        "BACKEND": "dj_cloudfront.storage.MediaStorage",
        "OPTIONS": {"invalidate": True},
    },
    "staticfiles": {"BACKEND": "dj_cloudfront.storage.BuildStorage"},
    "other": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
}
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


class Old(models.Model):
    path = models.FileField()

    class Meta:
        managed = False


class Page(models.Model):
    blocks = Blocks(default="")
    text = models.TextField(default="")
    data = models.JSONField(default=dict)
    raw = models.BinaryField(default=bytes)
    file = models.FileField(upload_to="files", blank=True)
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        yield url


@pytest.fixture
def distribution(endpoint):
    return made_distribution(client("cloudfront", endpoint))


@pytest.fixture
def project(tmp_path, endpoint, distribution):
    made = Project(
        tmp_path,
        SETTINGS,
        {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
    )
    made.write("mysite/models.py", MODELS)
    made.write(
        "cdn-outputs.json",
        json.dumps(
            {
                "s": {
                    "StaticDomainName": "static.example.com",
                    "MediaDomainName": "media.example.com",
                    "MediaDistributionId": distribution,
                }
            }
        ),
    )
    made.write("media/old.png", "old")
    return made


def deletions(project):
    return Deletions(project.folder / "media" / ".cdn" / "invalidations")


def delete(project, *paths):
    for path in paths:
        with deletions(project).record(path):
            pass


def sent(endpoint, distribution):
    """The paths of each invalidation, as AWS has them."""
    asked = client("cloudfront", endpoint)
    listed = asked.list_invalidations(DistributionId=distribution)
    return [
        sorted(
            asked.get_invalidation(DistributionId=distribution, Id=one["Id"])[
                "Invalidation"
            ]["InvalidationBatch"]["Paths"]["Items"]
        )
        for one in listed["InvalidationList"].get("Items", [])
    ]


def test_what_is_pending_is_sent_once(project, endpoint, distribution):
    upload = unique_name("images/team.png")
    folder = os.path.dirname(upload)
    delete(project, "/a.png", "/a.png", "/b%20c.png")
    delete(project, f"/{upload}", f"/{folder}/small.png")
    status = project.manage("cdn", "invalidate", "--status", "--json")
    assert json.loads(status.stdout)["pending"] == 5
    done = project.manage("cdn", "invalidate", "--pending", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    expected = ["/a.png", "/b%20c.png", f"/{folder}/*"]
    (invalidation,) = json.loads(done.stdout)["invalidations"]
    assert sorted(invalidation["paths"]) == sorted(expected)
    assert sent(endpoint, distribution) == [sorted(expected)]
    assert deletions(project).pending() == []
    again = project.manage("cdn", "invalidate", "--pending")
    assert again.stdout == "nothing is pending\n"


def test_a_damaged_record_is_named_when_the_rest_is_sent(
    project, endpoint, distribution
):
    delete(project, "/a.png", "/b.png")
    damaged = sorted(deletions(project).folder.glob("*.json"))[0]
    damaged.write_text("[]")
    done = project.manage("cdn", "invalidate", "--pending")
    assert done.returncode == 1
    assert f"{damaged} cannot be read: remove it" in done.stderr
    assert "Traceback" not in done.stderr
    assert sent(endpoint, distribution) == [["/b.png"]]


def test_paths_are_sent(project, endpoint, distribution):
    done = project.manage("cdn", "invalidate", "/x.png", "/y/*", "--wait")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].endswith(": 2 paths")
    assert sent(endpoint, distribution) == [["/x.png", "/y/*"]]


def test_a_budget_that_is_spent_loses_nothing(project, endpoint, distribution):
    delete(project, "/a.png", "/b.png", "/c.png")
    done = project.manage("cdn", "invalidate", "--pending", "--budget", "1")
    assert done.returncode == 1
    assert "the budget of 1 paths a month must cover what is sent" in done.stderr
    assert "nothing is lost" in done.stderr
    assert "1 were sent in " in done.stderr
    assert "2 more are next" in done.stderr
    assert len(deletions(project).pending()) == 2
    assert sent(endpoint, distribution) == [["/a.png"]]


def test_what_aws_refuses_stays_pending(project):
    delete(project, "/a.png")
    project.environment = {
        **project.environment,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    project.environment["AWS_MAX_ATTEMPTS"] = "1"
    done = project.manage("cdn", "invalidate", "--pending")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(deletions(project).pending()) == 1
    spends_nothing = Invalidator(
        None, distribution_id="E1", folder=deletions(project).folder
    )
    assert spends_nothing.spent() == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.png"], "a path must be as a viewer asks for it"),
        (["/a b.png"], "a path must be as a viewer asks for it"),
        (["/a*b"], "with * at its end only"),
        (["/a", "--using", "other"], "must be 'dj_cloudfront.storage.MediaStorage'"),
        (["/a", "--using", "none"], "must be 'dj_cloudfront.storage.MediaStorage'"),
        (
            ["/a", "--watch", "5"],
            "--watch must be seconds, such as 30, beside --pending",
        ),
        ([], "one of the arguments"),
    ],
)
def test_a_wrong_argument_is_one_sentence(project, arguments, sentence):
    done = project.manage("cdn", "invalidate", *arguments)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_another_user_is_one_sentence(project):
    project.write("media/.cdn", "in the way")
    done = project.manage("cdn", "invalidate", "--pending")
    assert "invalidating must be able to use" in done.stderr
    assert "Traceback" not in done.stderr


def test_many_paths_are_sent_in_batches(endpoint, distribution, tmp_path):
    records = Deletions(tmp_path / "invalidations")
    with records.record(*(f"/{n}.png" for n in range(1500))):
        pass
    invalidator = Invalidator(
        client("cloudfront", endpoint),
        distribution_id=distribution,
        folder=records.folder,
        budget=1200,
    )
    receipts = []
    with pytest.raises(ValueError, match="1200 were sent in .* and 300 more are next"):
        receipts.extend(invalidator.send_pending(records))
    assert len(records.pending()) == 300
    invalidator.budget = 1500
    (rest,) = invalidator.send_pending(records)
    assert len(rest.paths) == 300
    assert invalidator.spent() == 1500
    assert sorted(map(len, sent(endpoint, distribution))) == [200, 300, 1000]


def test_what_was_accepted_is_settled_before_it_is_shown(
    endpoint, distribution, tmp_path
):
    records = Deletions(tmp_path / "invalidations")
    with records.record("/a.png"):
        pass
    invalidator = Invalidator(
        client("cloudfront", endpoint),
        distribution_id=distribution,
        folder=records.folder,
    )
    sending = invalidator.send_pending(records)
    next(sending)
    # Such as for a pipe that nobody reads any more.
    sending.close()
    assert records.pending() == []


def test_at_most_ten_wildcards_go_at_once(tmp_path):
    records = Deletions(tmp_path)
    for _ in range(25):
        folder = os.path.dirname(unique_name("a.png"))
        with records.record(f"/{folder}/a.png", f"/{folder}/b.png"):
            pass
    paths = paths_of(records.pending())
    assert len(paths) == 25
    assert all(path.endswith("/*") for path in paths)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a/runtime~main.js", "/a/runtime*"),
        ("/a/x*y.png", "/a/x*"),
        ("/a/dan's%20(1).png", "/a/dan*"),
        (f"/{'%C3%BC' * 1000}.png", f"/{'%C3%BC' * 666}*"),
    ],
)
def test_what_cloudfront_cannot_be_told_is_cut_to_a_wildcard(tmp_path, path, sent):
    records = Deletions(tmp_path)
    with records.record(path):
        pass
    ((found, settled),) = paths_of(records.pending()).items()
    check_path(found)
    assert found == sent
    assert len(settled) == 1


def test_private_media_on_the_media_distribution_is_invalidated_there(
    project, endpoint, distribution
):
    settings = project.folder / "mysite" / "settings.py"
    settings.write_text(
        settings.read_text().replace("MediaStorage", "PrivateMediaStorage", 1)
        + 'STORAGES["default"]["OPTIONS"] |= {"location": MEDIA_ROOT, "base_url": MEDIA_URL}\n'
    )
    delete(project, "/a.png")
    done = project.manage("cdn", "invalidate", "--pending")
    assert done.returncode == 0, done.stderr
    assert sent(endpoint, distribution) == [["/a.png"]]


@pytest.mark.parametrize("path", ["/ü.png", "/a\n", "/" + "x" * 4000, ""])
def test_a_path_that_cloudfront_refuses_is_refused(path):
    with pytest.raises(ValueError, match="a path must be"):
        check_path(path)


def test_a_task_sends_what_is_pending(project, endpoint, distribution):
    delete(project, "/a.png", "/b.png")
    done = project.manage("shell", "-v0", "-c", TASK)
    assert done.returncode == 0, done.stderr
    ((*paths,), other) = json.loads(done.stdout)
    assert paths == ["/a.png", "/b.png"]
    assert "STORAGES['other'] must be 'dj_cloudfront.storage.MediaStorage'" in other
    assert sent(endpoint, distribution) == [["/a.png", "/b.png"]]
    assert deletions(project).pending() == []


TASK = """
import json
from dj_cloudfront.media.tasks import send_pending
is_newer = hasattr(send_pending, "enqueue")
(receipt,) = send_pending.enqueue().return_value if is_newer else send_pending()
try:
    send_pending.call("other") if is_newer else send_pending("other")
except ValueError as error:
    print(json.dumps([receipt["paths"], str(error)]))
"""


# --- Uploads that nothing names ---


def test_names_that_can_come_again_are_listed(project):
    project.write(f"media/{unique_name('images/new.png')}", "new")
    done = project.manage("cdn", "media")
    assert done.stdout.splitlines() == [
        "old.png",
        "1 uploads have names that can be given again",
    ]


def test_orphans_need_the_tables(project):
    name = unique_name("files/a.png")
    project.write(f"media/{name}", "x")
    os.utime(project.folder / "media" / name, (0, 0))
    done = project.manage("cdn", "media", "--orphans", "--yes")
    assert done.returncode == 1
    assert "run 'manage.py migrate' first" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project.folder / "media" / name).exists()


def test_orphans_are_what_no_text_of_the_database_names(project):
    named = {
        kind: unique_name(f"files/{kind}.png")
        for kind in ("file", "text", "data", "raw", "blocks", "old")
    }
    # The trash of a storage of thumbnails.
    hidden = f"media/thumbs/.cdn/trash/2026-01-01/{unique_name('files/gone.png')}"
    project.write(hidden, "x")
    os.utime(project.folder / hidden, (0, 0))
    lost = unique_name("files/lost.png")
    young = unique_name("files/young.png")
    for name in (*named.values(), lost, young):
        project.write(f"media/{name}", "x")
        os.utime(project.folder / "media" / name, (0, 0) if name != young else None)
    thumbnail = f"media/{os.path.dirname(named['file'])}/small.png"
    project.write(thumbnail, "x")
    made = project.manage("migrate", "--run-syncdb", "-v0")
    assert made.returncode == 0, made.stderr
    script = (
        "from mysite.models import Page\n"
        f"Page.objects.create(file={named['file']!r},"
        f" text='<img src=\"/{named['text']}\">', data={{'a': [{named['data']!r}]}},"
        f" blocks={named['blocks']!r}, raw={named['raw'].encode()!r})\n"
        "from django.db import connection\n"
        "connection.cursor().execute('create table mysite_old (id integer, path text)')\n"
        "connection.cursor().execute('insert into mysite_old values (1, %s)',"
        f" [{named['old']!r}])\n"
    )
    made = project.manage("shell", "-c", script)
    assert made.returncode == 0, made.stderr
    listed = json.loads(project.manage("cdn", "media", "--orphans", "--json").stdout)
    assert [one["folder"] for one in listed["orphans"]] == [os.path.dirname(lost)]
    assert (project.folder / "media" / lost).exists()
    done = project.manage("cdn", "media", "--orphans", "--yes")
    assert done.returncode == 0, done.stderr
    assert not (project.folder / "media" / lost).exists()
    assert [one.path for one in deletions(project).pending()] == [f"/{lost}"]
    for name in (*named.values(), young):
        assert (project.folder / "media" / name).exists()
    (day,) = (project.folder / "media" / ".cdn" / "trash").iterdir()
    assert (day / lost).read_text() == "x"
    day.rename(day.with_name("2020-01-01"))
    # It comes back, as from a backup, and goes twice in a day.
    for count in (1, 2):
        project.write(f"media/{lost}", "x")
        os.utime(project.folder / "media" / lost, (0, 0))
        done = project.manage("cdn", "media", "--orphans", "--yes", "--trash", "36500")
        assert done.returncode == 0, done.stderr
        (today,) = [one for one in day.parent.iterdir() if one.name != "2020-01-01"]
        assert len(list(today.glob("files/*"))) == count
    today.rename(today.with_name("2020-01-02"))
    project.manage("cdn", "media", "--orphans", "--yes")
    assert not list((project.folder / "media" / ".cdn" / "trash").iterdir())


def test_what_anything_names_is_no_orphan(project):
    kinds = [
        "encoded",
        "escaped",
        "joined",
        "plain",
        "object",
        "hidden",
        "unmanaged",
        "legacy",
        "schema",
    ]
    named = {kind: unique_name(f"files/{kind}.png") for kind in kinds}
    lost = unique_name("files/lost.png")
    for name in (*named.values(), lost):
        project.write(f"media/{name}", "x")
        os.utime(project.folder / "media" / name, (0, 0))
    project.write("mysite/models.py", MODELS + MORE_MODELS)
    project.write("mysite/routers.py", ROUTERS)
    with (project.folder / "mysite" / "settings.py").open("a") as file:
        file.write(
            'DATABASES["old"] = DATABASES["default"] | {"NAME": BASE_DIR / "old.sqlite3"}\n'
            'DATABASE_ROUTERS = ["mysite.routers.Legacy"]\n'
        )
    made = project.manage("migrate", "--run-syncdb", "-v0")
    assert made.returncode == 0, made.stderr
    rows = {
        "encoded": named["encoded"].replace("/", "%2f"),
        "escaped": named["escaped"].replace("/", "\\u002f"),
        "joined": f"abc{os.path.dirname(named['joined'])[6:]}def",
    }
    script = (
        "from django.db import connections\n"
        "from mysite.models import Page, Soft\n"
        f"for text in {list(rows.values())!r}: Page.objects.create(text=text)\n"
        f"Page.objects.create(blocks={named['object']!r})\n"
        f"Soft(name={named['hidden']!r}, is_gone=True).save(force_insert=True)\n"
        "def put(alias, table, name):\n"
        "    cursor = connections[alias].cursor()\n"
        "    cursor.execute(f'create table {table} (name text)')\n"
        "    cursor.execute(f'insert into {table} values (%s)', [name])\n"
        f"put('default', '\"a table\"', {named['plain']!r})\n"
        f"put('default', 'unmanaged', {named['unmanaged']!r})\n"
        f"put('old', 'legacy', {named['legacy']!r})\n"
        f"put('old', 'other', {named['schema']!r})\n"
    )
    made = project.manage("shell", "-c", script)
    assert made.returncode == 0, made.stderr
    done = project.manage("cdn", "media", "--orphans", "--json")
    assert done.returncode == 0, done.stderr
    found = [one["folder"] for one in json.loads(done.stdout)["orphans"]]
    assert found == [os.path.dirname(lost)]


MORE_MODELS = """

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


def test_a_folder_that_cannot_be_moved_keeps_no_other_back(project):
    names = [unique_name(f"files/{number}.png") for number in range(3)]
    for name in names:
        project.write(f"media/{name}", "x")
        os.utime(project.folder / "media" / name, (0, 0))
    project.manage("migrate", "--run-syncdb", "-v0")
    first, second, _ = sorted(map(os.path.dirname, names))
    done = project.manage("shell", "-c", MOUNTED.format(first=first, second=second))
    assert done.returncode == 0, done.stderr
    assert "left where it is: Invalid cross-device link" in done.stdout
    assert "gone meanwhile" in done.stdout
    assert "1 of 3 folders were left where they are" in done.stdout
    left = [name for name in names if (project.folder / "media" / name).exists()]
    assert [os.path.dirname(name) for name in left] == [first]
    assert len(deletions(project).pending()) == 2


MOUNTED = """
import errno, os, shutil
from django.core.management import CommandError, call_command
from django.conf import settings
rename = os.rename
def moved(source, target):
    if str(source).endswith({first!r}):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
    if str(source).endswith({second!r}):
        shutil.rmtree(source)
    return rename(source, target)
os.rename = moved
try:
    call_command("cdn", "media", "--orphans", "--yes")
except CommandError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "arguments", [("--older-than", "-1"), ("--trash", "-1"), ("--older-than", "nan")]
)
def test_days_are_not_negative(project, arguments):
    done = project.manage("cdn", "media", "--orphans", *arguments)
    assert done.returncode == 1
    assert f"{arguments[0]} must be days, such as 30, got {arguments[1]}" in done.stderr


# --- Keys ---


def test_a_key_is_made_and_its_private_half_is_for_its_owner(project):
    path = project.folder / "2026a.key"
    done = project.manage("cdn", "key", str(path), "--json")
    assert done.returncode == 0, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    made = json.loads(done.stdout)
    assert made["public_key"] == public.decode().strip()
    assert made["name"] == "2026a"
    assert "PRIVATE" not in done.stdout + done.stderr
    again = project.manage("cdn", "key", str(path))
    assert again.returncode == 1
    assert "a key never changes under its name" in again.stderr
    nowhere = project.manage("cdn", "key", str(project.folder / "none" / "a.key"))
    assert "output must be in a folder that can be written" in nowhere.stderr


@pytest.mark.parametrize(
    "name", ["2026 A.key", "Prod.key", "a_b.pem", "x" * 33, ".key"]
)
def test_a_key_is_named_as_cdk_json_takes_it(project, name):
    path = project.folder / name
    done = project.manage("cdn", "key", str(path))
    assert done.returncode == 1
    assert "output must be named as the key is in cdk.json" in done.stderr
    assert not path.exists()
