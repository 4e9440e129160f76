"""``ManifestBuildStorage``: names that the manifest has, and those that it does not have."""

from __future__ import annotations

import re

import pytest
from django.templatetags.static import static
from project_support import Project
from storage_support import HASHED, manifest


def test_fails_when_a_name_is_not_in_the_manifest(site):
    site.collect(storage=HASHED)
    with site.settings(storage=HASHED), pytest.raises(ValueError) as error:
        static("css/missing.css")
    assert str(error.value) == (
        "Missing staticfiles manifest entry for 'css/missing.css'"
    )


def test_fails_with_the_cure_when_there_is_no_manifest(site):
    with site.settings(storage=HASHED), pytest.raises(ValueError) as error:
        static("css/site.css")
    assert str(error.value) == (
        f"Missing staticfiles manifest entry for 'css/site.css', for {site.root}/b1/"
        ".staticfiles.json does not exist: publish the build before the processes start "
        "that render its pages"
    )


@pytest.mark.parametrize(
    "command",
    ["cdn publish", pytest.param("collectstatic --no-input", marks=pytest.mark.slow)],
)
def test_a_url_may_be_asked_for_while_modules_load_before_the_build_is_there(
    tmp_path, command
):
    project = Project(tmp_path, settings=LOADING)
    project.write("early/__init__.py", "")
    text = (
        "from django.templatetags.static import static\nICON = static('css/site.css')\n"
    )
    for name in ("early/models.py", "early/urls.py"):
        project.write(name, f"{text}urlpatterns = []\n")
    for line in ("check", command):
        done = project.manage(*line.split(), BUILD_VERSION="b1")
        assert done.returncode == 0, done.stderr
    said = project.manage("shell", "-v0", "-c", SHOW, BUILD_VERSION="b1").stdout
    [icon, shown] = said.split()
    # In a process that starts after the build, the hashed name.
    assert icon == shown
    assert re.match(r"https://static.example.com/b1/css/site\.\w+\.css", icon)
    # Once everything is loaded, a page without its build is an error.
    said = project.manage("shell", "-v0", "-c", LOAD + SHOW, BUILD_VERSION="b3")
    assert "Missing staticfiles manifest entry for 'css/site.css'" in said.stderr


LOADING = """
    import os
    import dj_cloudfront
    os.environ["STATIC_DOMAIN_NAME"] = "static.example.com"
    CDN = dj_cloudfront.config(
        build_version=dj_cloudfront.build_version(), static_root=BASE_DIR / "static"
    )
    STATIC_URL, STATIC_ROOT = CDN.static_url, CDN.static_root
    STORAGES = {"staticfiles": {"BACKEND": "dj_cloudfront.storage.ManifestBuildStorage"}}
    INSTALLED_APPS += ["early"]
    ROOT_URLCONF = "early.urls"
"""
LOAD = "from django.core.checks import run_checks; run_checks(); "
SHOW = (
    "from early.models import ICON; from django.templatetags.static import static; "
    "print(ICON, static('css/site.css'))"
)


@pytest.mark.parametrize("published", [False, True])
def test_a_name_that_is_missing_is_no_error_when_not_strict(site, published):
    if published:
        site.collect(storage=HASHED)
    with site.settings(storage=HASHED, options={"manifest_strict": False}):
        # A file that is not there, and a folder that scripts put names behind.
        assert (
            static("css/missing.css") == "https://static.example.com/b1/css/missing.css"
        )
        assert static("img") == "https://static.example.com/b1/img"
        hashed = static("css/site.css") != "https://static.example.com/b1/css/site.css"
        assert hashed == published


def test_a_folder_with_a_slash_needs_no_entry(site):
    site.collect(storage=HASHED)
    with site.settings(storage=HASHED):
        assert static("img/") == "https://static.example.com/b1/img/"


def test_with_local_urls_and_nothing_collected_names_are_plain(site):
    with site.settings(storage=HASHED, local=True):
        assert static("css/site.css") == "/static/css/site.css"
        assert static("no/such.css") == "/static/no/such.css"


def test_with_local_urls_it_is_djangos_storage_once_collected(site):
    site.collect(storage=HASHED, local=True)
    with site.settings(storage=HASHED, local=True):
        name = manifest(site)["paths"]["css/site.css"]
        assert static("css/site.css") == f"/static/{name}"
        with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
            static("no/such.css")
