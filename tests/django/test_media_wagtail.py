"""A site of ``wagtail start``: no URL ever shows another file, and each delete is recorded."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from project_support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PACKAGES = ("wagtail==8.0.1", "Pillow==13.0.0")
SETTINGS = """
MEDIA_URL = "https://media.example.com/"
STORAGES["default"] = {
    "BACKEND": "dj_cloudfront.storage.MediaStorage",
    "OPTIONS": {"invalidate": True},
}
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
ALLOWED_HOSTS = ["*"]
"""
SCRIPT = """\
import io, json
from pathlib import Path
from urllib.parse import urlsplit
import django
django.setup()
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection

COLOURS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}
get_user_model().objects.create_superuser("editor", "editor@example.com", "secret")
client = Client()
assert client.login(username="editor", password="secret")
fields = {"title": "t", "tags": "", "description": "",
          "collection": Collection.objects.get().pk,
          **{f"focal_point_{part}": "" for part in ("x", "y", "width", "height")}}
seen = []


def path(url):
    return Path(settings.MEDIA_ROOT, url.removeprefix(settings.MEDIA_URL))


def upload(kind, what):
    if kind is Document:
        return SimpleUploadedFile("team.txt", what.encode(), "text/plain")
    data = io.BytesIO()
    Picture.new("RGB", (300, 300), COLOURS[what]).save(data, "PNG")
    return SimpleUploadedFile("team.png", data.getvalue(), "image/png")


def post(kind, view, what=None):
    app = "wagtaildocs" if kind is Document else "wagtailimages"
    data = {} if what is None else {**fields, "file": upload(kind, what)}
    pk = [] if view == "add" else [kind.objects.get().pk]
    answer = client.post(reverse(f"{app}:{view}", args=pk), data)
    assert answer.status_code == 302, answer.content
    if what is not None:
        look(kind, what)


def look(kind, what):
    row = kind.objects.get()
    if kind is Document:
        seen.append((row.file.url, what, path(row.file.url).read_text()))
        return
    renditions = [row.get_rendition(f).url for f in ("max-165x165", "fill-50x50")]
    for url in (row.file.url, *renditions):
        pixel = Picture.open(path(url)).convert("RGB").getpixel((3, 3))
        seen.append((url, what, min(COLOURS, key=lambda name: sum(
            abs(a - b) for a, b in zip(COLOURS[name], pixel)))))


for kind in (Image, Document):
    post(kind, "add", "red")
    for what in ("blue", "green", "red", "blue"):
        post(kind, "edit", what)
    for what in ("green", "red"):
        post(kind, "delete")
        post(kind, "add", what)
    post(kind, "delete")
print(json.dumps({
    "seen": [(urlsplit(url).path, meant, actual) for url, meant, actual in seen],
    "recorded": [one.path for one in default_storage.deletions.pending()],
    "left": [str(path) for path in Path(settings.MEDIA_ROOT).glob("[!.]*/*")],
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the site's script prints."""
    folder = tmp_path_factory.mktemp("wagtail")
    programs = folder / "venv" / "bin"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = programs / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    path = subprocess.run(
        [python, "-c", "import sysconfig as s; print(s.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(path, "tests.pth").write_text(sysconfig.get_path("purelib"))
    site = folder / "site"
    site.mkdir()
    subprocess.run(
        [programs / "wagtail", "start", "mysite", site], check=True, capture_output=True
    )
    (site / "run.py").write_text(SCRIPT)
    with (site / "mysite" / "settings" / "dev.py").open("a") as settings:
        settings.write(SETTINGS)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT}:{site}",
        "DJANGO_SETTINGS_MODULE": "mysite.settings.dev",
    }
    for command in (["manage.py", "migrate", "-v0"], ["run.py"]):
        done = subprocess.run(
            [python, *command],
            cwd=site,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_no_url_shows_another_file(told):
    first = {}
    for url, meant, actual in told["seen"]:
        assert first.setdefault(url, meant) == meant, url
        assert actual == meant, url
    # Seven uploads of an image with two renditions, and seven of a document.
    assert len(first) == 7 * 3 + 7


def test_each_delete_is_recorded_and_leaves_no_folder(told):
    assert {url for url, _, _ in told["seen"]} <= set(told["recorded"])
    assert told["left"] == []
