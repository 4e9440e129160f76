"""Uploads: a name is never given twice, and deletes are recorded for the edges."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.db.migrations.writer import MigrationWriter
from django.db.models.fields.files import FieldFile
from django.test import override_settings
from storage_support import set_up

from dj_cloudfront.media.names import token_folder, unique_name
from dj_cloudfront.storage import MediaStorage, RenamingMediaStorage

set_up()
BASE = "https://media.example.com/"


def storage(folder, kind=MediaStorage, **options):
    return kind(location=folder, base_url=BASE, **options)


@pytest.fixture
def media(tmp_path):
    """A storage that records."""
    return storage(tmp_path, invalidate=True)


def upload(to, name="team.png", data=b"red", **options):
    """What a model field does."""
    field = models.FileField(upload_to="images", storage=to, **options)
    name = field.generate_filename(None, name)
    return to.save(name, ContentFile(data), max_length=field.max_length)


def test_a_model_field_never_gives_a_name_twice(tmp_path):
    media = storage(tmp_path)
    names = set()
    for _ in range(3):
        name = upload(media)
        names.add(name)
        media.delete(name)
    assert len(names) == 3
    for name in names:
        assert token_folder(name) == os.path.dirname(name)
        assert name.startswith("images/")
        assert name.endswith("/team.png")


def test_two_servers_never_give_one_name(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        disks = [storage(tmp_path / str(n % 2)) for n in range(16)]
        names = list(pool.map(upload, disks))
    assert len(set(names)) == 16


def test_code_that_saves_under_its_own_name_keeps_it(tmp_path):
    media = storage(tmp_path)
    assert media.save("cache/a.png", ContentFile(b"a")) == "cache/a.png"


def test_the_renaming_storage_renames_in_each_save(tmp_path):
    media = storage(tmp_path, RenamingMediaStorage)
    first = media.save("uploads/a.png", ContentFile(b"a"))
    media.delete(first)
    second = media.save("uploads/a.png", ContentFile(b"b"))
    assert first != second
    assert token_folder(first)
    name = upload(media)
    assert name.count("/") == 2
    folder = "deadbeefdeadbeefdead"
    same = {media.save(f"{folder}/a.png", ContentFile(b"t")) for _ in range(3)}
    assert len(same) == 3
    for one in same:
        media.delete(one)
    assert media.save(f"{folder}/a.png", ContentFile(b"t")) not in same
    assert token_folder(media.save(None, ContentFile(b"b", name="b.png")))


@pytest.mark.parametrize("name", ["💥.png", ".env", "...."])
def test_a_name_that_web_servers_hide_is_made_visible(tmp_path, name):
    assert os.path.basename(upload(storage(tmp_path), name)).startswith("_.")


@pytest.mark.parametrize(
    ("given", "ending"),
    [
        ("写" * 120 + ".jpeg", ".jpeg"),
        ("é" * 250 + ".png", ".png"),
        ("a." + "b" * 300, ""),
    ],
)
def test_a_name_is_no_longer_than_a_disk_takes(tmp_path, given, ending):
    # Thumbnail libraries add to it, such as ".200x200_q85_crop.jpg".
    storage = MediaStorage(location=tmp_path, base_url="/media/")
    name = storage.save(storage.generate_filename(f"images/{given}"), ContentFile(b"x"))
    file = name.rpartition("/")[2]
    assert 100 < len(file.encode()) <= 180
    assert given.startswith(file.removesuffix(ending))
    assert file.endswith(ending)
    assert (tmp_path / name).read_bytes() == b"x"


def test_a_path_is_a_name_too(tmp_path):
    media = storage(tmp_path, RenamingMediaStorage, invalidate=True)
    name = media.save(Path("a/b.png"), ContentFile(b"b"))
    assert token_folder(name)
    media.delete(Path(name))
    assert not media.exists(name)
    assert len(media.deletions.pending()) == 1


def test_a_long_name_keeps_its_token(tmp_path):
    name = upload(storage(tmp_path), f"{'x' * 200}.png", max_length=60)
    assert len(name) <= 60
    assert token_folder(name)
    assert name.endswith(".png")


@pytest.mark.parametrize(
    "name",
    [
        *("../a.png", "/etc/passwd", "images/../../a.png"),
        *(".cdn/x", "a/../.cdn/x", ".CDN/x"),
    ],
)
def test_a_name_outside_of_the_uploads_is_refused(tmp_path, name):
    media = storage(tmp_path / "media")
    with pytest.raises(SuspiciousFileOperation):
        media.save(name, ContentFile(b"a"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_our_own_folder_is_no_upload(media, tmp_path):
    media.delete(media.save("a/b.png", ContentFile(b"a")))
    assert (tmp_path / ".cdn").is_dir()
    assert media.listdir("")[0] == ["a"]
    with pytest.raises(SuspiciousFileOperation):
        media.open(".cdn/invalidations/x")


@pytest.mark.parametrize(
    "name",
    [
        *("a.png", "images/ü ß.png", "a/b?c#d%e.png", "it's(1)!~*.png", ".hidden"),
        *("a/.b", "../a.png", "./a", "//x.example.com/a", "/a.png", "a//b", "a:b.png"),
        *("http://x.example.com/a", "a\\b.png", "", "a/./b", "ä:/b"),
    ],
)
def test_a_url_is_the_one_that_django_gives(tmp_path, name):
    django = FileSystemStorage(location=tmp_path, base_url=BASE)
    assert storage(tmp_path).url(name) == django.url(name)


def test_a_url_without_a_base_is_refused_as_by_django(tmp_path):
    media = storage(tmp_path)
    media.base_url = None
    with pytest.raises(ValueError, match="not accessible via a URL"):
        media.url("a.png")


def test_a_delete_removes_the_folder_of_the_upload(tmp_path):
    media = storage(tmp_path)
    name = upload(media)
    beside = media.save(f"{token_folder(name)}/small.png", ContentFile(b"s"))
    media.delete(name)
    assert media.exists(beside)
    media.delete(beside)
    assert os.listdir(tmp_path / "images") == []


def test_a_migration_names_the_storage(tmp_path):
    code, imports = MigrationWriter.serialize(
        MediaStorage(location="/m", invalidate=True)
    )
    assert code == "dj_cloudfront.storage.MediaStorage(invalidate=True, location='/m')"
    assert imports == {"import dj_cloudfront.storage"}


# --- What edges may still have ---


def test_a_delete_is_recorded_only_when_asked(tmp_path):
    storage(tmp_path).delete(upload(storage(tmp_path)))
    assert not (tmp_path / ".cdn").exists()


def test_a_delete_is_recorded_as_viewers_ask(media):
    name = upload(media, "grün.png")
    media.delete(name)
    (pending,) = media.deletions.pending()
    assert pending.path == f"/images/{token_folder(name)[7:]}/gr%C3%BCn.png"
    assert media.deletions.backlog().oldest_seconds < 5


def test_what_is_no_utf_8_is_recorded_and_deleted(media):
    name = media.save("a\udcffb.png", ContentFile(b"a"))
    media.delete(name)
    assert not media.exists(name)
    assert [one.path for one in media.deletions.pending()] == ["/a%FFb.png"]


def test_records_follow_the_setting(tmp_path):
    with override_settings(MEDIA_ROOT=tmp_path / "a", MEDIA_URL=BASE):
        media = MediaStorage(invalidate=True)
        media.delete(media.save("a.png", ContentFile(b"a")))
    with override_settings(MEDIA_ROOT=tmp_path / "b", MEDIA_URL=BASE):
        assert media.deletions.pending() == []
        media.delete(media.save("a.png", ContentFile(b"a")))
    assert (tmp_path / "b" / ".cdn").is_dir()


def test_an_overwrite_is_recorded_and_a_new_name_is_not(tmp_path):
    media = storage(tmp_path, invalidate=True, allow_overwrite=True)
    media.save("a.png", ContentFile(b"1"))
    assert media.deletions.pending() == []
    media.save("a.png", ContentFile(b"2"))
    assert [one.path for one in media.deletions.pending()] == ["/a.png"]


def test_a_delete_in_progress_is_not_sent_yet(media):
    with media.deletions.record("/a.png"):
        assert media.deletions.pending() == []
    assert len(media.deletions.pending()) == 1


def test_the_record_of_a_process_that_died_counts_later(tmp_path, monkeypatch):
    script = (
        "import os, sys; from pathlib import Path\n"
        "from dj_cloudfront.media.deletions import Deletions\n"
        "with Deletions(Path(sys.argv[1])).record('/a.png'): os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == 9
    deletions = storage(tmp_path).deletions.__class__(tmp_path)
    assert deletions.pending() == []
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert [one.path for one in deletions.pending()] == ["/a.png"]


def test_nothing_is_deleted_if_it_cannot_be_recorded(media, tmp_path):
    name = upload(media)
    (tmp_path / ".cdn").write_text("in the way")
    with pytest.raises(OSError, match="it is no folder|Not a directory"):
        media.delete(name)
    assert media.exists(name)


def test_a_record_is_below_the_folder_however_a_file_is_named(tmp_path):
    # easy-thumbnails' thumbnail_cleanup deletes by storage.path(name).
    media = storage(tmp_path / "0123456789abcdef0123", invalidate=True)
    for given in (media.path, "images/../{}".format, "./{}".format):
        name = upload(media)
        media.delete(given(name))
        (pending,) = media.deletions.pending()
        assert pending.path == f"/{name}"
        media.deletions.settle([pending])
    assert os.listdir(media.path("images")) == []


@pytest.mark.parametrize(
    "name", ["..", "/", "docs", "a\0b", "*", "/etc/passwd", "docs/*", ""]
)
def test_what_is_not_deleted_is_not_recorded(tmp_path, name):
    media = storage(tmp_path / "media", invalidate=True)
    media.save("docs/a.png", ContentFile(b"a"))
    with contextlib.suppress(SuspiciousFileOperation, ValueError, OSError):
        media.delete(name)
    assert media.exists("docs/a.png")
    assert not list(tmp_path.rglob(".cdn/**/*.json"))


def test_a_delete_of_what_the_disk_has_lost_is_recorded(media, tmp_path):
    # Wagtail deletes renditions whose files are gone; edges may have them.
    name = upload(media)
    (tmp_path / name).unlink()
    media.delete(name)
    assert [one.path for one in media.deletions.pending()] == [f"/{name}"]


def test_a_delete_that_the_disk_refuses_is_not_recorded(media, monkeypatch):
    name = upload(media)

    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "remove", refuse)
    with pytest.raises(PermissionError):
        media.delete(name)
    assert media.deletions.backlog().pending == 0
    assert list(media.deletions.folder.iterdir()) == []


@pytest.mark.parametrize("mode", ["w", "a", "r+b", "wb"])
def test_a_file_that_is_written_in_place_is_recorded(media, mode):
    name = upload(media)
    file = media.open(name, mode)
    assert media.deletions.pending() == []
    file.write("new" if mode in "wa" else b"new")
    file.close()
    file.close()
    assert [one.path for one in media.deletions.pending()] == [f"/{name}"]
    with media.open(name) as file:
        assert b"new" in file.read()


def test_a_file_that_is_read_and_opened_again_to_write_is_recorded(media):
    # As a field's file is, which keeps what it opened.
    name = upload(media)
    field = FieldFile(None, models.FileField(storage=media), name)
    with field.open("rb") as file:
        assert file.read() == b"red"
    assert not media.deletions.folder.exists()
    with field.open("wb") as file:
        file.write(b"new")
        assert media.deletions.pending() == []
    assert [one.path for one in media.deletions.pending()] == [f"/{name}"]
    with field.open("rb") as file:
        assert file.read() == b"new"
    assert len(media.deletions.pending()) == 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_file_that_nobody_closes_is_written_and_recorded(media, tmp_path):
    name = upload(media)
    media.open(name, "wb").write(b"new")
    assert (tmp_path / name).read_bytes() == b"new"
    assert len(media.deletions.pending()) == 1


def test_a_file_that_is_made_or_read_is_not_recorded(media, tmp_path):
    with media.open("a.txt", "w") as file:
        file.write("a")
    with media.open("a.txt") as file:
        assert file.read() == b"a"
    assert not (tmp_path / ".cdn").exists()


def test_what_takes_longer_than_its_record_is_recorded_again(media, monkeypatch):
    records = media.deletions
    now = time.time()
    with records.record("/a.png"):
        monkeypatch.setattr(time, "time", lambda: now + 3600)
        records.settle(records.pending())
        assert records.pending() == []
    assert [one.path for one in records.pending()] == ["/a.png"]


@pytest.mark.parametrize(
    "text", ["{}", "[]", "", '{"path": 5}', '{"path": ""}', "null", "\ufffd"]
)
def test_a_damaged_record_keeps_no_other_back(media, text):
    records = media.deletions
    with records.record("/a.png", "/b.png"):
        pass
    first, _ = sorted(records.folder.glob("*.json"))
    first.write_text(text)
    found, damaged = records.read()
    assert len(found) == 1
    assert damaged == [first]


def test_a_record_of_the_future_is_sent(media):
    # The clock was set back.
    records = media.deletions
    with records.record("/a.png"):
        pass
    (file,) = records.folder.iterdir()
    later = f"{time.time_ns() + 10**9 * 86400:020d}-00000000"
    file.rename(file.with_name(f"{later}.open"))
    assert [one.path for one in records.pending()] == ["/a.png"]
    assert records.backlog().oldest_seconds == 0


def test_only_a_token_is_taken_for_the_folder_of_a_unique_name():
    assert token_folder("a/b.png") is None
    assert token_folder("internationalization/b.png") is None
    name = unique_name("b.png")
    assert token_folder(name) == name[:20]
