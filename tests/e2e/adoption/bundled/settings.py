"""Vite, webpack, esbuild, compressor and pipeline, as docs/bundlers.md sets them up."""

from __future__ import annotations

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
DEBUG = False
SECRET_KEY = "of a test"
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "compressor",
    "django_vite",
    "pipeline",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
    }
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
    }
]
STATICFILES_DIRS = [BASE_DIR / "assets", BASE_DIR / "source"]
DJANGO_VITE = {
    "default": {
        "manifest_path": BASE_DIR / "assets" / "vite" / "manifest.json",
        "static_url_prefix": "vite",
    }
}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "compressor.finders.CompressorFinder",
    "pipeline.finders.PipelineFinder",
]
COMPRESS_OFFLINE = True
COMPRESS_FILTERS = {
    "css": ["compressor.filters.css_default.CssRelativeFilter"],
    "js": [],
}
PIPELINE = {
    "CSS_COMPRESSOR": None,
    "JS_COMPRESSOR": None,
    "STYLESHEETS": {
        "all": {
            "source_filenames": ["css/one.css", "css/two.css"],
            "output_filename": "css/all.css",
        }
    },
}
