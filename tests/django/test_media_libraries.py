"""Libraries of uploads as they come from PyPI: no URL ever shows another picture."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from packages_support import (
    LOOK,
    python_with,
    run_site,
    seen_through_the_edge,
    stale,
)
from project_support import MANAGE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = (
    *("easy-thumbnails==2.10.1", "sorl-thumbnail==13.4.0", "django-pictures==1.8.0"),
    *("django-versatileimagefield==3.1", "django-imagekit==6.1.1"),
    *("django-cleanup==9.0.0", "django-ckeditor-5==0.2.20", "Pillow==13.0.0"),
)
SETTINGS = """\
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "for tests"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django_ckeditor_5", "easy_thumbnails", "sorl.thumbnail",
    "versatileimagefield", "pictures", "imagekit", "site_under_test",
    *(["django_cleanup"] if "cleanup" in BASE_DIR.name else []),
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}
}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF, ALLOWED_HOSTS = "site_under_test.urls", ["*"]
OPTIONS = {"invalidate": True} if "dj_cloudfront" in BACKEND else {}
STORAGES = {
    "default": {"BACKEND": BACKEND, "OPTIONS": OPTIONS},
    "easy_thumbnails": {"BACKEND": BACKEND, "OPTIONS": OPTIONS},
    "editor": {"BACKEND": EDITOR, "OPTIONS": OPTIONS},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CKEDITOR_5_FILE_STORAGE = EDITOR
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
THUMBNAIL_KVSTORE = "sorl.thumbnail.kvstores.cached_db_kvstore.KVStore"
PICTURES = {"BREAKPOINTS": {"s": 32}, "GRID_COLUMNS": 1, "CONTAINER_WIDTH": 32,
            "FILE_TYPES": ["WEBP"], "PIXEL_DENSITIES": [1], "USE_PLACEHOLDERS": False,
            "PROCESSOR": "pictures.tasks.process_picture"}
"""
MODELS = """\
from django.db import models
from easy_thumbnails.fields import ThumbnailerImageField
from imagekit.models import ImageSpecField
from imagekit.processors import ResizeToFill
from pictures.models import PictureField
from sorl.thumbnail import ImageField as SorlImageField
from versatileimagefield.fields import VersatileImageField


class Plain(models.Model):
    image = models.ImageField(upload_to="plain")


class Easy(models.Model):
    image = ThumbnailerImageField(upload_to="easy")


class Sorl(models.Model):
    image = SorlImageField(upload_to="sorl")


class Versatile(models.Model):
    image = VersatileImageField(upload_to="versatile")


class Picture(models.Model):
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    image = PictureField(
        upload_to="picture", aspect_ratios=[None], width_field="width",
        height_field="height",
    )


class Kit(models.Model):
    image = models.ImageField(upload_to="kit")
    small = ImageSpecField(source="image", processors=[ResizeToFill(16, 16)], format="PNG")
"""
URLS = """\
from django.core.files.storage import storages
from django.http import JsonResponse
from django.urls import include, path


def own(request):
    file = request.FILES["upload"]
    storage = storages["editor"]
    return JsonResponse({"url": storage.url(storage.save(f"own/{file.name}", file))})


urlpatterns = [path("editor/", include("django_ckeditor_5.urls")), path("own", own)]
"""
SCRIPT = """
import django
django.setup()
from urllib.parse import unquote
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from easy_thumbnails.files import get_thumbnailer
from sorl.thumbnail import delete as sorl_delete, get_thumbnail
from site_under_test.models import Easy, Kit, Picture, Plain, Sorl, Versatile


def picture(colour):
    return ContentFile(png(colour), name="team.png")


def urls(row):
    image = row.image
    yield image.url
    if isinstance(row, Easy):
        yield get_thumbnailer(image).get_thumbnail({"size": (16, 16)}).url
    if isinstance(row, Sorl):
        yield get_thumbnail(image, "16x16", format="PNG").url
    if isinstance(row, Versatile):
        image.create_on_demand = True
        yield image.thumbnail["16x16"].url
        yield image.crop["16x16"].url
    if isinstance(row, Picture):
        for file in image.get_picture_files_list():
            yield file.url
    if isinstance(row, Kit):
        yield row.small.url


def remove(row):
    image = row.image
    if isinstance(row, Sorl):
        sorl_delete(image, delete_file=False)
    if isinstance(row, Versatile):
        image.delete_all_created_images()
    if "django_cleanup" not in settings.INSTALLED_APPS:
        image.delete(save=False)
    row.delete()


shown = {}
for kind in (Plain, Easy, Sorl, Versatile, Picture, Kit):
    seen = shown[kind.__name__] = []
    for name in ("red", "green", "blue"):
        row = kind(image=picture(name))
        row.save()
        row = kind.objects.get(pk=row.pk)
        seen += [(url, name, colour(url)) for url in urls(row)]
        remove(row)
    # Replaced in place, as a form does it.
    row = kind(image=picture("red"))
    row.save()
    for name in ("green", "blue"):
        row.image = picture(name)
        row.save()
        row = kind.objects.get(pk=row.pk)
        seen += [(url, name, colour(url)) for url in urls(row)]
get_user_model().objects.create_superuser("editor", "editor@example.com", "secret")
client = Client()
client.force_login(get_user_model().objects.get())
for kind, view in (("Editor", "/editor/image_upload/"), ("Own", "/own")):
    seen = shown[kind] = []
    for name in ("red", "green", "blue", "red", "green"):
        file = SimpleUploadedFile("team.png", png(name), "image/png")
        url = client.post(view, {"upload": file}).json()["url"]
        seen.append((url, name, colour(url)))
        storages["editor"].delete(unquote(url.removeprefix(settings.MEDIA_URL)))
print(json.dumps(shown))
"""
OURS = "dj_cloudfront.storage.MediaStorage"
RENAMING = "dj_cloudfront.storage.RenamingMediaStorage"
DJANGOS = "django.core.files.storage.FileSystemStorage"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return python_with(tmp_path_factory.mktemp("libraries") / "venv", *PACKAGES)


def shown(python, folder, media, backend, editor):
    """For each library the URLs that it gave, with the picture meant and the one shown."""
    names = f"BACKEND, EDITOR = {backend!r}, {editor!r}\n{media.settings}"
    for name, text in {
        "manage.py": MANAGE,
        "mysite/__init__.py": "",
        "mysite/settings.py": names + SETTINGS,
        "site_under_test/__init__.py": "",
        "site_under_test/models.py": MODELS,
        "site_under_test/urls.py": URLS,
        "run.py": LOOK + SCRIPT,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    tables = ["manage.py", "migrate", "--run-syncdb", "-v0"]
    return run_site(python, folder, "mysite.settings", tables, ["run.py"])


@pytest.mark.parametrize("folder", ["plain", "cleanup"])
def test_no_url_shows_another_picture(python, tmp_path, folder):
    with seen_through_the_edge() as media:
        found = shown(python, tmp_path / folder, media, OURS, RENAMING)
        assert len(found) == 8
        for library, seen in found.items():
            assert len({url for url, _, _ in seen}) >= 5, library
            assert stale(seen) == [], library
        recorded = media.invalidate()
        gone = {
            urlsplit(url).path
            for seen in found.values()
            for url, _, _ in seen
            if not (media.root / unquote(urlsplit(url).path)[1:]).exists()
        }
        assert len(gone) > 20
        assert gone <= recorded
        assert {media.status(path) for path in gone} == {404}


def test_djangos_own_storage_is_stale(python, tmp_path):
    with seen_through_the_edge() as media:
        seen = shown(python, tmp_path / "plain", media, DJANGOS, DJANGOS)
    for library in ("Plain", "Easy", "Versatile", "Editor", "Own"):
        assert stale(seen[library]), library
