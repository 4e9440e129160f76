"""A Django site of this process, over real HTTP, and its CDN: a server that counts."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpResponse
from django.template import engines
from django.test import override_settings
from django.urls import path
from edge_support import CountingOrigin, Reply

import dj_cloudfront

STATIC, MEDIA = "d111.cloudfront.net", "d222.cloudfront.net"
FOREVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Access-Control-Allow-Origin": "*",
}
KINDS = {
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "mjs": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}


def set_up_django():
    """Once for all tests of a process, each of which overrides what it needs."""
    if not settings.configured:
        settings.configure()
    if not apps.ready:
        django.setup()


def cdn(*, names=(STATIC, MEDIA), url_format="", **values):
    """A CDN as settings have it in a container, by default with both halves."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, name in zip(("STATIC", "MEDIA"), names, strict=True):
            if name:
                patch.setenv(f"{variable}_DOMAIN_NAME", name)
        patch.setenv("DJ_CLOUDFRONT_URL_FORMAT", url_format)
        return dj_cloudfront.config(
            **{"build_version": "b1", "static_root": "/var/mysite/static", **values}
        )


class Hosts(CountingOrigin):
    """Both hosts of a CDN, on one port of this machine."""

    def cdn(self):
        return cdn(url_format=f"http://{{label}}.cloudfront.localhost:{self.port}")

    def hold(self, files):
        """Keep files by their path, such as ``/b1/site.css``."""
        for name, body in files.items():
            kind = KINDS[name.rpartition(".")[2]]
            self.replies[name] = Reply(
                headers={**FOREVER, "Content-Type": kind}, body=body
            )

    def times(self):
        """How often each path was asked for."""
        return Counter(self.targets)


def rendered(text, **context):
    """A template of this text, with the tags of the package."""
    return engines["django"].from_string(text).render(context)


def urls(one_cdn):
    """Both, or Django's own for a half that there is not."""
    static = one_cdn.static_url if one_cdn.static_origin else "/static/"
    media = one_cdn.media_url if one_cdn.media_origin else "/media/"
    return {"STATIC_URL": static, "MEDIA_URL": media}


def page_settings(one_cdn, **changes):
    """Settings of a site that uses a CDN."""
    return override_settings(
        **{
            "ALLOWED_HOSTS": ["*"],
            "CDN": one_cdn,
            "INSTALLED_APPS": ["dj_cloudfront", "django.contrib.staticfiles"],
            **urls(one_cdn),
            "TEMPLATES": [
                {"BACKEND": "django.template.backends.django.DjangoTemplates"}
            ],
            **changes,
        }
    )


@contextmanager
def serve(template, one_cdn, *, more=(), **changes):
    """A running site with one page and ``more`` routes; gives its address."""

    def page(request):
        return HttpResponse(rendered(template))

    routes = type("Urls", (), {"urlpatterns": [path("", page), *more]})
    with page_settings(one_cdn, ROOT_URLCONF=routes, **changes):
        server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
        server.set_app(WSGIHandler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join(10)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format, *args):
        pass
