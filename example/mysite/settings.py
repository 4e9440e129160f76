from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

import dj_cloudfront
from dj_cloudfront import csp

# Everything that changes while the site runs: database, static builds, media.
DATA = Path(
    os.environ.get("EXAMPLE_DATA") or Path(__file__).resolve().parents[1] / "data"
)
DATA.mkdir(parents=True, exist_ok=True)

DEBUG = os.environ.get("EXAMPLE_DEBUG", "1") == "1"

SECRET_KEY = os.environ.get("EXAMPLE_SECRET_KEY") or (
    "insecure, for runserver only" if DEBUG else ""
)
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "EXAMPLE_SECRET_KEY must be set to a long random string when EXAMPLE_DEBUG=0"
    )

ALLOWED_HOSTS = os.environ.get("EXAMPLE_ALLOWED_HOSTS", "localhost,127.0.0.1").split(
    ","
)


# The deploy this process serves. A file, because gunicorn reads files again on HUP, but
# not its environment; the variable names the next build to publish.
BUILD_VERSION_FILE = DATA / "BUILD_VERSION"
BUILD_VERSION = os.environ.get("BUILD_VERSION") or (
    BUILD_VERSION_FILE.read_text().strip() if BUILD_VERSION_FILE.exists() else None
)

CDN = dj_cloudfront.config(
    DATA / "cdn-outputs.json",
    stack=os.environ.get("EXAMPLE_STACK") or None,
    build_version=BUILD_VERSION,
    static_root=DATA / "static",
    local=DEBUG,
)
STATIC_URL, STATIC_ROOT, MEDIA_URL = CDN.static_url, CDN.static_root, CDN.media_url
MEDIA_ROOT = DATA / "media"
STORAGES = {
    "default": {
        "BACKEND": "dj_cloudfront.storage.MediaStorage",
        "OPTIONS": {"invalidate": not DEBUG},
    },
    "staticfiles": {
        "BACKEND": "dj_cloudfront.storage.BuildStorage",
        "OPTIONS": {"precompress": ["gz"]},
    },
}
# Private files are a tree of their own, where there is a distribution for them.
PRIVATE_MEDIA_ROOT = DATA / "private"
if CDN.is_local or CDN.private_origin:
    STORAGES["private"] = {
        "BACKEND": "dj_cloudfront.storage.PrivateMediaStorage",
        "OPTIONS": {"key": DATA / "keys" / "demo.key"},
    }


INSTALLED_APPS = [
    "dj_cloudfront",
    "gallery",  # before admin, whose base_site.html it extends
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "dj_cloudfront.middleware.CdnTreeMiddleware",
    "dj_cloudfront.resource_hints.PreconnectMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# What pages may load: their own files, the CDN's, and for the table uploads by fetch().
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": csp.with_cdn(
        {
            "default-src": ["'self'"],
            "base-uri": ["'none'"],
            "form-action": ["'self'"],
            "frame-ancestors": ["'none'"],
            "object-src": ["'none'"],
        },
        CDN,
        media=(*csp.MEDIA, "connect-src"),
        private=(*csp.MEDIA, "connect-src"),
    )
}

ROOT_URLCONF = "mysite.urls"
WSGI_APPLICATION = "mysite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "db.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler", "level": "ERROR"}},
    "root": {"handlers": ["stderr"]},
    "loggers": {"django": {"level": "INFO"}},
}
