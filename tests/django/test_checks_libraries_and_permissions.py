"""Caches that outlive builds, packages that go past the storage, and permissions of builds."""

from __future__ import annotations

import sys
import types

import pytest
from checks_support import Site, storages
from servers_support import as_nobody, open_folder

DJANGO = "django.template.backends.django.DjangoTemplates"
APPS = ["dj_cloudfront", "django.contrib.staticfiles"]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Apps of these names, as if they were installed from PyPI."""
    for name in ("compressor", "django_vite"):
        module = types.ModuleType(name)
        module.__path__ = [str(tmp_path)]
        monkeypatch.setitem(sys.modules, name, module)
    return [*APPS, "compressor", "django_vite"]


# -- caches


@pytest.mark.parametrize(
    ("seconds", "is_found"), [("None", True), (2_592_001, True), (2_592_000, False)]
)
def test_a_fragment_is_cached_for_less_than_its_build_is_kept(site, seconds, is_found):
    folder = site.folder / "templates"
    folder.mkdir()
    path = folder / "page.html"
    path.write_text(f"{{% load cache %}}\n{{% cache {seconds} menu user.pk %}}")
    engine = {"BACKEND": DJANGO, "DIRS": [folder]}
    if is_found:
        message = site.messages(TEMPLATES=[engine])[0]
        assert message.id == "dj_cloudfront.W039" and message.msg.endswith(f"{path}:2")
    else:
        assert site.ids(TEMPLATES=[engine]) == []


def test_a_page_is_cached_for_less_than_its_build_is_kept(site):
    order = [
        "dj_cloudfront.middleware.CdnTreeMiddleware",
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    found = site.only("W039", MIDDLEWARE=order, CACHE_MIDDLEWARE_SECONDS=31_536_000)
    assert found.startswith("CACHE_MIDDLEWARE_SECONDS must be less than 2592000")
    assert site.ids(CACHE_MIDDLEWARE_SECONDS=31_536_000) == []
    assert site.ids(MIDDLEWARE=order) == []


# -- settings that Django ignores


@pytest.mark.parametrize("name", ["STATICFILES_STORAGE", "DEFAULT_FILE_STORAGE"])
def test_an_old_setting_is_named(site, name):
    value = "dj_cloudfront.storage.ManifestBuildStorage"
    assert site.only("W034", **{name: value}).startswith(f"{name} must be STORAGES[")
    local = site.other_cdn(local=True, build_version=None)
    assert site.ids(one_cdn=local, DEBUG=True, **{name: value}) == ["W034"]


# -- packages


def test_compressed_files_are_a_source_and_no_build(site, installed):
    own = site.folder / "compressed"
    found = {"INSTALLED_APPS": installed, "STATICFILES_DIRS": [own]}
    assert site.ids(COMPRESS_ROOT=own, **found) == []
    assert site.only("W035", **found).endswith(f"got {site.cdn.static_root!r}")
    assert site.only("W035", COMPRESS_ROOT=site.builds / "c", **found)
    assert site.only("W035", COMPRESS_ROOT=site.folder / "other", **found)
    assert site.ids(COMPRESS_ENABLED=False, **found) == []
    assert site.ids(INSTALLED_APPS=APPS, STATICFILES_DIRS=[own]) == []


def test_compressor_cannot_work_with_hashed_folders(site, installed):
    own = site.folder / "compressed"
    found = {
        "INSTALLED_APPS": installed,
        "STATICFILES_DIRS": [own],
        "COMPRESS_ROOT": own,
    }
    hashed = storages()
    hashed["staticfiles"]["OPTIONS"] = {"hashed_folders": ["site/img"]}
    assert "['site/img']" in site.only("W044", STORAGES=hashed, **found)
    assert site.ids(STORAGES=hashed, COMPRESS_ENABLED=False, **found) == []


def test_the_manifest_of_vite_is_found(site, installed):
    dist = site.folder / "dist"
    (dist / ".vite").mkdir(parents=True)
    manifest = dist / ".vite" / "manifest.json"
    manifest.write_text("{}")
    given = {"INSTALLED_APPS": installed, "STATICFILES_DIRS": [("", dist)]}
    given["COMPRESS_ENABLED"] = False
    said = site.only("W036", DJANGO_VITE={"default": {"dev_mode": False}}, **given)
    assert f"manifest_path={str(manifest)!r}" in said
    assert site.only("W036", **given) == said
    for config in ({"manifest_path": manifest}, {"dev_mode": True}):
        assert site.ids(DJANGO_VITE={"default": config}, **given) == []
    inside = f"{site.cdn.static_root}/.vite/manifest.json"
    assert site.only("W036", DJANGO_VITE_MANIFEST_PATH=inside, **given)
    site.publish("b2", "manifest.json")
    other = site.other_cdn(build_version="b2")
    assert site.ids(one_cdn=other, **given) == []


# -- permissions


@pytest.mark.parametrize(
    ("root", "folder", "index", "is_found"),
    [
        (0o755, 0o755, 0o444, False),
        (0o711, 0o755, 0o444, False),
        (0o750, 0o750, 0o440, False),
        (0o700, 0o755, 0o444, True),
        (0o755, 0o700, 0o444, True),
        (0o755, 0o755, 0o400, True),
        (0o755, 0o711, 0o444, True),
    ],
)
def test_the_web_server_can_read_the_build(site, root, folder, index, is_found):
    build = site.builds / "b1"
    (build / ".cdn-index.json").chmod(index)
    build.chmod(folder)
    site.builds.chmod(root)
    try:
        if is_found:
            said = site.only("W040")
            assert "must be readable by the web server" in said and "0o" in said
        else:
            assert site.ids() == []
    finally:
        site.builds.chmod(0o755)
        build.chmod(0o755)


def test_folders_that_this_process_cannot_enter_are_told():
    with open_folder() as folder:
        site = Site(folder)
        folder.chmod(0o600)
        with as_nobody():
            found = {one.id[-4:]: one.msg for one in site.messages()}
    assert {*found} == {"W040", "W041"}
    assert "which this process may not look either" in found["W040"]
    assert (
        "must name folders that this process may look into for media" in found["W041"]
    )
