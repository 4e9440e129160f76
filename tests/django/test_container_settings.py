"""The documented settings for containers and CI, in a fresh project and real processes."""

from __future__ import annotations

import json
import re
import sys

import pytest
from docs_support import ROOT, fenced
from project_support import Project

PAGE = ROOT / "docs" / "settings.md"
VERSION = "2026-11-23.1"
NAMES = {
    "STATIC_DOMAIN_NAME": "static.example.com",
    "MEDIA_DOMAIN_NAME": "media.example.com",
}
# What the page leaves out, because every project has it.
REST = """
STATICFILES_DIRS = [BASE_DIR / "assets"]
ROOT_URLCONF = "mysite.urls"
"""
ASK = """\
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
import django
django.setup()
from django.conf import settings
from django.templatetags.static import static
print(static("css/site.css"), settings.STATIC_ROOT, settings.MEDIA_URL)
"""
TESTS = """\
from django.conf import settings
from django.templatetags.static import static
from django.test import SimpleTestCase


class SettingsTest(SimpleTestCase):
    def test_urls_are_local(self):
        self.assertIs(settings.DEBUG, False)
        self.assertEqual(static("css/site.css"), "/static/css/site.css")
        self.assertEqual(settings.MEDIA_URL, "/media/")
"""


def block(kind, part):
    """The only block of the page with this in it."""
    (text,) = (text for one, text in fenced(PAGE) if one == kind and part in text)
    return text


def new_project(folder):
    """A project with the settings of the page."""
    made = Project(folder / "site")
    made.environment = {"STATIC_BUILDS": str(folder / "static")}
    settings = block("python", "# mysite/settings.py") + REST
    made.write("mysite/settings.py", settings)
    made.write("mysite/urls.py", "urlpatterns = []\n")
    made.write("assets/css/deep.css", "@import '/static/css/site.css';\n")
    made.write("tests/__init__.py", "")
    made.write("tests/test_settings.py", TESTS)
    return made


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The project after the commands that build an image."""
    project = new_project(tmp_path_factory.mktemp("image"))
    done = project.run("/bin/sh", "-e", "-c", block("sh", "static.invalid"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "System check identified no issues (0 silenced)." in done.stdout
    return project


@pytest.fixture
def mounted(image):
    """The image with an outputs file, for one test."""
    outputs = {
        name: {
            "StaticDomainName": f"{name}.cloudfront.net",
            "MediaDomainName": f"{name}-media.cloudfront.net",
        }
        for name in ("mysite-cdn-prod", "mysite-cdn-staging")
    }
    path = image.write("cdn-outputs.json", json.dumps(outputs))
    yield image
    path.unlink()


def serve(project, **variables):
    """What a process that serves pages takes from the settings."""
    return project.run(sys.executable, "-c", ASK, SECRET_KEY="secret", **variables)


def published(project):
    root = project.folder.parent / "static"
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.is_relative_to(root / ".cdn")
    }


def test_an_image_is_built_without_an_outputs_file(image):
    files = published(image)
    assert f"{VERSION}/css/site.css" in files
    assert {name.split("/")[0] for name in files} == {VERSION}
    assert (image.folder / "BUILD_VERSION").read_text() == f"{VERSION}\n"
    assert not (image.folder / "cdn-outputs.json").exists()


def test_the_names_of_the_build_are_in_no_file(project):
    path = project.folder / "mysite" / "settings.py"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("storage.BuildStorage", "storage.ManifestBuildStorage")
    )
    project.run("/bin/sh", "-e", "-c", block("sh", "static.invalid"))
    files = published(project)
    assert len(files) >= 3
    assert [name for name, data in files.items() if b".invalid" in data] == []


def test_plain_collectstatic_builds_the_same(image, tmp_path):
    variables = {"STATIC_BUILDS": str(tmp_path / "other" / "static"), **NAMES}
    done = image.manage("collectstatic", "--no-input", SECRET_KEY="unused", **variables)
    assert done.returncode == 0, done.stderr
    collected = tmp_path / "other" / "static" / VERSION
    names = {name.partition("/")[2] for name in published(image)}
    found = {str(p.relative_to(collected)) for p in collected.rglob("*") if p.is_file()}
    assert found == names


def test_a_container_takes_the_names_from_its_environment(image):
    done = serve(image, **NAMES)
    assert (done.returncode, done.stderr) == (0, "")
    # The build is that of the image, whatever the environment says.
    assert serve(image, **NAMES, BUILD_VERSION="").stdout == done.stdout
    assert done.stdout.split() == [
        f"https://static.example.com/{VERSION}/css/site.css",
        str(image.folder.parent / "static" / VERSION),
        "https://media.example.com/",
    ]


def test_or_from_a_file_that_is_mounted(mounted):
    stack = "mysite-cdn-staging"
    done = serve(mounted, CDN_STACK=stack)
    assert (done.returncode, done.stderr) == (0, "")
    url, _, media = done.stdout.split()
    assert url == f"https://{stack}.cloudfront.net/{VERSION}/css/site.css"
    assert media == f"https://{stack}-media.cloudfront.net/"


def test_with_neither_it_ends_at_its_start(image):
    done = serve(image)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"but {image.folder}/cdn-outputs.json does not exist" in done.stderr


def test_without_a_build_it_ends_at_its_start(project):
    done = serve(project, **NAMES)
    assert (done.returncode, done.stdout) == (1, "")
    assert "build_version must be given, such as" in done.stderr


def test_a_developer_needs_no_variables_but_debug(project):
    done = serve(project, DEBUG="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[::2] == ["/static/css/site.css", "/media/"]


def test_djangos_test_runner_sees_local_urls(project):
    done = project.run("/bin/sh", "-e", "-c", block("sh", "manage.py test"))
    assert done.returncode == 0, done.stderr
    assert "Ran 1 test" in done.stderr


@pytest.mark.slow
def test_pytest_sees_local_urls(project):
    project.write("pytest.ini", "[pytest]\n")
    # As pytest-django does before the first test.
    project.write("conftest.py", "import django\n\ndjango.setup()\n")
    done = project.run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        SECRET_KEY="unused",
        DJANGO_SETTINGS_MODULE="mysite.settings",
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"^1 passed", done.stdout, re.M)


def test_no_other_command_takes_itself_for_a_test(image):
    done = image.manage("check", "--tag", "test", SECRET_KEY="secret")
    assert "cdn-outputs.json does not exist" in done.stderr
