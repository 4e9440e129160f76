"""A site of ``wagtail start``: no URL ever shows another file, and each delete is recorded."""

from __future__ import annotations

import subprocess
from urllib.parse import urlsplit

import pytest
from packages_support import (
    LOOK,
    python_with,
    run_site,
    seen_through_the_edge,
    stale,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PACKAGES = ("wagtail==8.0.1", "Pillow==13.0.0")
SETTINGS = """
STORAGES["default"] = {
    "BACKEND": "dj_cloudfront.storage.MediaStorage",
    "OPTIONS": {"invalidate": True},
}
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
ALLOWED_HOSTS = ["*"]
"""
SCRIPT = """
import os
import django
django.setup()
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection

get_user_model().objects.create_superuser("editor", "editor@example.com", "secret")
client = Client()
assert client.login(username="editor", password="secret")
fields = {"title": "t", "tags": "", "description": "",
          "collection": Collection.objects.get().pk,
          **{f"focal_point_{part}": "" for part in ("x", "y", "width", "height")}}
seen = []


def upload(kind, what):
    if kind is Document:
        return SimpleUploadedFile("team.txt", what.encode(), "text/plain")
    return SimpleUploadedFile("team.png", png(what, 300), "image/png")


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
        seen.append((row.file.url, what, fetch(row.file.url).decode()))
        return
    renditions = [row.get_rendition(f).url for f in ("max-165x165", "fill-50x50")]
    for url in (row.file.url, *renditions):
        seen.append((url, what, colour(url)))


for kind in (Image, Document):
    post(kind, "add", "red")
    for what in ("blue", "green", "red", "blue"):
        post(kind, "edit", what)
    for what in ("green", "red"):
        post(kind, "delete")
        post(kind, "add", what)
    post(kind, "delete")
# Renditions whose files are lost: https://github.com/wagtail/wagtail/issues/11645
post(Image, "add", "red")
for rendition in Image.objects.get().renditions.all():
    os.remove(rendition.file.path)
call_command("wagtail_update_image_renditions", verbosity=0)
look(Image, "red")
post(Image, "delete")
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return python_with(tmp_path_factory.mktemp("wagtail") / "venv", *PACKAGES)


@pytest.fixture
def media():
    with seen_through_the_edge() as found:
        yield found


def shown(python, media, folder):
    """The URLs that the site gave, with the file meant and the one shown."""
    site = folder / "site"
    site.mkdir()
    start = [python.with_name("wagtail"), "start", "mysite", site]
    subprocess.run(start, check=True, capture_output=True)
    (site / "run.py").write_text(LOOK + SCRIPT)
    with (site / "mysite" / "settings" / "dev.py").open("a") as settings:
        settings.write(SETTINGS + media.settings)
    tables = ["manage.py", "migrate", "-v0"]
    return run_site(python, site, "mysite.settings.dev", tables, ["run.py"])


def test_no_url_shows_another_file_and_what_is_deleted_goes(python, media, tmp_path):
    seen = shown(python, media, tmp_path)
    assert stale(seen) == []
    urls = {urlsplit(url).path for url, _, _ in seen}
    # Eight uploads of an image with two renditions, two made again, and seven documents.
    assert len(urls) == 8 * 3 + 2 + 7
    assert not [path for path in media.root.rglob("team*") if ".cdn" not in path.parts]
    assert urls <= media.invalidate()
    assert {media.status(path) for path in urls} == {404}
