"""What the system checks say of uploads."""

from __future__ import annotations

import json
import subprocess
import time
from types import SimpleNamespace

import pytest
from checks_support import Site, on_disk, storages
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.core.files.storage import storages as configured
from django.db import models
from django.test import RequestFactory, override_settings
from django.test.utils import isolate_apps

import dj_cloudfront
from dj_cloudfront.checks import media
from dj_cloudfront.media.views import health
from dj_cloudfront.storage import MediaStorage

DJANGOS = {"BACKEND": "django.core.files.storage.FileSystemStorage"}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_djangos_own_storage_gives_names_again(site):
    said = site.only("W031", STORAGES=storages(DJANGOS))
    assert said.startswith(
        "STORAGES must name a storage that never gives a name twice, such as "
        "'dj_cloudfront.storage.MediaStorage', got "
        "django.core.files.storage.filesystem.FileSystemStorage: after a delete"
    )


class Other(FileSystemStorage):
    """Names uploads as Django does."""


class Own(FileSystemStorage):
    def generate_filename(self, filename):
        return f"own/{filename}"


class Remote(Storage):
    """On no disk of ours."""


@isolate_apps("dj_cloudfront")
def test_fields_are_named_by_their_storage(site, monkeypatch):
    class Page(models.Model):
        first = models.FileField()
        second = models.ImageField(storage=Other())
        third = models.FileField(storage=Other())
        fourth = models.FileField(storage=Own())
        fifth = models.FileField(storage=Remote())
        sixth = models.FileField(storage=lambda: Other())
        text = models.TextField()

        class Meta:
            app_label = "dj_cloudfront"

    monkeypatch.setattr(media, "apps", SimpleNamespace(get_models=lambda: [Page]))
    (message,) = site.messages()
    assert message.id == "dj_cloudfront.W031"
    assert (
        "Other for dj_cloudfront.Page.second, dj_cloudfront.Page.sixth, "
        "dj_cloudfront.Page.third: after" in message.msg
    )
    (message,) = site.messages(STORAGES=storages(DJANGOS))[:1]
    assert "FileSystemStorage for dj_cloudfront.Page.first: after" in message.msg


def test_a_storage_that_cannot_be_imported_is_djangos_to_report(site):
    broken = storages(other={"BACKEND": "nowhere.Storage"})
    assert site.ids(STORAGES=broken) == []


def test_deletes_that_nobody_records_are_told(site):
    messages = site.messages(STORAGES=storages(on_disk(invalidate=False)))
    assert [one.id for one in messages] == ["dj_cloudfront.I001"]
    assert "STORAGES['default'] keeps no record of deletes" in messages[0].msg


def test_deletes_that_nobody_sends_are_told(site, monkeypatch):
    with override_settings(**site.settings(site.cdn)):
        storage = configured["default"]
        assert isinstance(storage, MediaStorage)
        storage.delete(storage.save("a.png", ContentFile(b"a")))
    assert site.ids() == []
    later = time.time() + 3 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    (message,) = site.messages()
    assert message.id == "dj_cloudfront.W032"
    assert "has 1 deletes that no edge knows of, the oldest for 3 hours" in message.msg


@isolate_apps("dj_cloudfront")
def test_records_that_no_alias_names_are_told(site, monkeypatch, tmp_path):
    with override_settings(**site.settings(site.cdn)):

        class Page(models.Model):
            apart = models.FileField(
                storage=MediaStorage(location=tmp_path / "apart", invalidate=True)
            )
            silent = models.FileField(storage=MediaStorage(location=tmp_path / "apart"))
            usual = models.FileField(storage=lambda: configured["default"])

            class Meta:
                app_label = "dj_cloudfront"

    monkeypatch.setattr(media, "apps", SimpleNamespace(get_models=lambda: [Page]))
    said = site.only("W032")
    assert "the storage of dj_cloudfront.Page.apart, whose location is" in said


def shown():
    answer = health(RequestFactory().get("/health/media"))
    return answer.status_code, json.loads(answer.content)["pending"]


def test_a_view_tells_of_deletes_of_all_storages(site, tmp_path, monkeypatch):
    with override_settings(**site.settings(site.cdn, STORAGES=storages(DJANGOS))):
        assert shown() == (200, 0)
    apart = on_disk(invalidate=True, location=tmp_path / "apart")
    given = storages(
        on_disk(invalidate=True),
        apart=apart,
        same=apart,
        silent=on_disk(location=tmp_path / "silent", invalidate=False),
        broken={"BACKEND": "nowhere.Storage"},
    )
    with override_settings(**site.settings(site.cdn, STORAGES=given)):
        assert shown() == (200, 0)
        for alias in ("default", "apart"):
            storage = configured[alias]
            storage.delete(storage.save("a.png", ContentFile(b"a")))
        assert shown() == (200, 2)
        default = configured["default"]
        default.deletions.settle(default.deletions.pending())
        later = time.time() + 3 * 3600
        monkeypatch.setattr(time, "time", lambda: later)
        assert shown() == (503, 1)


@isolate_apps("dj_cloudfront")
def test_fields_without_room_for_a_token_are_told(site, monkeypatch, tmp_path):
    with override_settings(**site.settings(site.cdn)):
        media_storage = MediaStorage(location=tmp_path / "apart")

        class Page(models.Model):
            short = models.FileField(upload_to="docs/%Y/", max_length=39)
            enough = models.FileField(upload_to="docs/%Y/", max_length=40)
            none = models.FileField(upload_to="docs", max_length=None)
            named = models.FileField(upload_to=lambda *given: "", max_length=29)
            own = models.FileField(max_length=20, storage=Own())
            apart = models.FileField(max_length=29, storage=media_storage)

            class Meta:
                app_label = "dj_cloudfront"

    monkeypatch.setattr(media, "apps", SimpleNamespace(get_models=lambda: [Page]))
    found = {one.msg for one in site.messages(deploy=False)}
    assert len(found) == 3
    assert (
        "max_length must be at least 40 for names such as "
        "'docs/%Y/00000000000000000000/name.jpeg', got 39 of dj_cloudfront.Page.short"
        in found
    )
    apart = Page._meta.get_field("apart")
    monkeypatch.setattr(media, "_file_fields", lambda: iter([apart]))
    assert "max_length must be at least 30" in site.only("W042")


def private(key, **more):
    return storages(
        private={
            "BACKEND": "dj_cloudfront.storage.PrivateMediaStorage",
            "OPTIONS": {"key": key, "invalidate": True, **more},
        }
    )


@pytest.fixture
def signing(site, tmp_path):
    """Settings of a site that signs, and the file of its key."""
    key = tmp_path / "a.key"
    made = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"]
    subprocess.run([*made, key], check=True)
    outputs = tmp_path / "private-outputs.json"
    values = {
        "StaticDomainName": "static.example.net",
        "MediaDomainName": "media.example.net",
        "PrivateDomainName": "private.example.com",
        "MediaKeyPairId": "K1",
    }
    outputs.write_text(json.dumps({"s": values}))
    cdn = dj_cloudfront.config(outputs, static_root=site.builds, build_version="b1")
    changes = {
        "PRIVATE_MEDIA_ROOT": tmp_path / "private",
        "STORAGES": private(str(key)),
        "MIDDLEWARE": [
            "dj_cloudfront.middleware.CdnTreeMiddleware",
            "dj_cloudfront.media.cookies.media_cookies_middleware",
        ],
    }
    return {"one_cdn": cdn, **changes}


def test_a_site_that_signs_has_nothing_to_mend(site, signing):
    assert site.ids(**signing) == []


@pytest.mark.parametrize("key", ["", "/nowhere/a.key", "env:NOT_SET", __file__])
def test_a_key_that_cannot_sign_is_told(site, signing, key):
    said = site.only("E013", **{**signing, "STORAGES": private(key)})
    assert said.startswith("STORAGES['private'] must be able to sign, but ")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602])
def test_a_key_for_all_is_told(site, signing, tmp_path, mode):
    key = tmp_path / "a.key"
    for given in (str(key), {"K1": key, "K2": "/nowhere"}):
        key.chmod(mode)
        said = site.only("W043", **{**signing, "STORAGES": private(given)})
        assert f"{str(key)!r} with the permissions {oct(mode)}" in said
        key.chmod(0o640)
        assert site.ids(**{**signing, "STORAGES": private(given)}) == []


@pytest.mark.parametrize("given", [{}, {"private": DJANGOS}])
def test_cookies_without_a_storage_are_told(site, signing, given):
    files = private(str(signing["STORAGES"]["private"]["OPTIONS"]["key"]))
    files["files"] = files.pop("private")
    said = site.only("E014", **{**signing, "STORAGES": {**files, **given}})
    assert said.startswith("STORAGES['private'] must be 'dj_cloudfront.storage.Private")
    assert f"got {given.get('private', {}).get('BACKEND')!r}" in said


def test_cookies_that_stay_away_are_told(site, signing):
    said = site.only("W033", **signing, ALLOWED_HOSTS=["www.example.org"])
    assert "'private.example.com'" in said
    assert "got 'www.example.org'" in said
