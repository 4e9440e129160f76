"""Thumbnail libraries as they come from PyPI: no URL ever shows another picture."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from project_support import MANAGE, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = (
    *("easy-thumbnails==2.10.1", "sorl-thumbnail==13.4.0", "django-pictures==1.8.0"),
    *("django-versatileimagefield==3.1", "django-imagekit==6.1.1"),
    *("django-cleanup==9.0.0", "Pillow==13.0.0"),
)
SETTINGS = """\
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "for tests"
INSTALLED_APPS = [
    "django.contrib.contenttypes", "easy_thumbnails", "sorl.thumbnail",
    "versatileimagefield", "pictures", "imagekit", "site_under_test",
    *(["django_cleanup"] if "cleanup" in BASE_DIR.name else []),
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}
}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
MEDIA_ROOT, MEDIA_URL = BASE_DIR / "media", "https://media.example.com/"
STORAGES = {
    "default": {"BACKEND": BACKEND},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
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
SCRIPT = """\
import io, json, os
import django
from pathlib import Path
django.setup()
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from easy_thumbnails.files import get_thumbnailer
from PIL import Image
from sorl.thumbnail import delete as sorl_delete, get_thumbnail
from site_under_test.models import Easy, Kit, Picture, Plain, Sorl, Versatile

COLOURS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}


def picture(colour):
    data = io.BytesIO()
    Image.new("RGB", (64, 64), COLOURS[colour]).save(data, "PNG")
    return ContentFile(data.getvalue(), name="team.png")


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


def colour(url):
    assert url.startswith(settings.MEDIA_URL), url
    path = Path(settings.MEDIA_ROOT, url.removeprefix(settings.MEDIA_URL))
    red, green, blue = Image.open(path).convert("RGB").getpixel((3, 3))
    return min(COLOURS, key=lambda name: sum(
        abs(a - b) for a, b in zip(COLOURS[name], (red, green, blue))))


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
print(json.dumps(shown))
"""
OURS = "dj_cloudfront.storage.MediaStorage"
DJANGOS = "django.core.files.storage.FileSystemStorage"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    folder = tmp_path_factory.mktemp("libraries")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    found = folder / "bin" / "python"
    subprocess.run([found, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    path = subprocess.run(
        [found, "-c", "import sysconfig as s; print(s.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(path, "tests.pth").write_text(sysconfig.get_path("purelib"))
    return found


def shown(python, folder, backend):
    """For each library the URLs that it gave, with the picture meant and the one shown."""
    for name, text in {
        "manage.py": MANAGE,
        "mysite/__init__.py": "",
        "mysite/settings.py": f"BACKEND = {backend!r}\n{SETTINGS}",
        "site_under_test/__init__.py": "",
        "site_under_test/models.py": MODELS,
        "run.py": SCRIPT,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT}:{folder}",
        "DJANGO_SETTINGS_MODULE": "mysite.settings",
    }
    for command in (["manage.py", "migrate", "--run-syncdb", "-v0"], ["run.py"]):
        done = subprocess.run(
            [python, *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def stale(seen):
    """The URLs that were given for two pictures, of which caches still have the first."""
    first = {}
    return [url for url, meant, _ in seen if first.setdefault(url, meant) != meant]


@pytest.mark.parametrize("folder", ["plain", "cleanup"])
def test_no_url_shows_another_picture(python, tmp_path, folder):
    for library, seen in shown(python, tmp_path / folder, OURS).items():
        assert len({url for url, _, _ in seen}) >= 5, library
        assert stale(seen) == [], library
        assert all(meant == actual for _, meant, actual in seen), (library, seen)


def test_djangos_own_storage_is_stale(python, tmp_path):
    seen = shown(python, tmp_path / "plain", DJANGOS)
    assert all(stale(seen[library]) for library in ("Plain", "Easy", "Versatile"))
