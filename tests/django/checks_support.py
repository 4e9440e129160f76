"""A site without a mistake, and what the system checks say when it makes one."""

from __future__ import annotations

import hashlib
import re

from builds_support import write_files
from django.core.checks import run_checks
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path
from pages_support import cdn, set_up_django, urls

from dj_cloudfront.builds.index import INDEX_NAME, File, Index, render
from dj_cloudfront.checks.ids import SYSTEM_CHECKS

SECURITY = "django.middleware.security.SecurityMiddleware"
TREE = "dj_cloudfront.middleware.CdnTreeMiddleware"
BUILDS = "dj_cloudfront.storage.BuildStorage"

BY_ID = {rule.id: rule for rule in SYSTEM_CHECKS}


def view(request):
    return HttpResponse("page")


def routes(*patterns):
    """A URLconf of these routes."""
    return type("Urls", (), {"urlpatterns": list(patterns)})


class Site:
    """Settings as the documentation has them, and a build that is published.

    :param folder: An empty folder, for the site's files.
    """

    def __init__(self, folder):
        set_up_django()
        self.folder = folder
        self.builds, self.media = folder / "static", folder / "media"
        self.media.mkdir()
        self.publish("b1", "site.css", "main.js")
        self.cdn = self.other_cdn()

    def publish(self, version, *names):
        """A build with empty files of these names. To publish it takes far longer."""
        build = write_files(self.builds / version, dict.fromkeys(names, b""))
        empty = File(size=0, sha256=hashlib.sha256().hexdigest())
        index = Index(version=version, files=dict.fromkeys(names, empty))
        (build / INDEX_NAME).write_bytes(render(index))

    def other_cdn(self, **values):
        return cdn(**{"static_root": self.builds, **values})

    def settings(self, one_cdn, **changes):
        return {
            "ALLOWED_HOSTS": ["www.example.com"],
            "CDN": one_cdn,
            "DEBUG": False,
            "INSTALLED_APPS": ["dj_cloudfront", "django.contrib.staticfiles"],
            "MEDIA_ROOT": self.media,
            "MIDDLEWARE": [TREE, SECURITY],
            "ROOT_URLCONF": routes(path("", view), path("admin/", view)),
            "STATIC_ROOT": one_cdn.static_root,
            "STORAGES": {
                "default": on_disk(),
                "staticfiles": {"BACKEND": BUILDS},
            },
            **urls(one_cdn),
            **changes,
        }

    def messages(self, *, deploy=True, tag="cdn", one_cdn=None, **changes):
        """What ``manage.py check`` says of the package, with some settings changed."""
        values = self.settings(one_cdn or self.cdn, **changes)
        with override_settings(**values):
            found = run_checks(tags=[tag], include_deployment_checks=deploy)
        return [one for one in found if one.id.startswith("dj_cloudfront.")]

    def ids(self, **changes):
        return [
            one.id.removeprefix("dj_cloudfront.") for one in self.messages(**changes)
        ]

    def only(self, rule_id, **changes):
        """Make a mistake that is exactly this one; gives the sentence."""
        rule = BY_ID[rule_id]
        (message,) = self.messages(**changes)
        assert message.id == f"dj_cloudfront.{rule_id}", message
        of_old_policy = message.msg.startswith("CSP_*") and "add the hosts to CSP_"
        assert message.hint.startswith(of_old_policy or rule.hint)
        assert re.match(r"[\w*\[\]']+ must ", message.msg), message.msg
        assert not message.msg.endswith(".") and not message.hint.endswith(".")
        # Those of --deploy are found with it alone, the others always.
        assert self.ids(deploy=False, **changes) == ([] if rule.deploy else [rule_id])
        return message.msg


def on_disk(**options):
    """The storage of uploads that the documentation has, with these options."""
    return {
        "BACKEND": "dj_cloudfront.storage.MediaStorage",
        "OPTIONS": {"invalidate": True, **options},
    }


def storages(default=None, staticfiles=BUILDS, **more):
    return {
        "default": default or on_disk(),
        "staticfiles": {"BACKEND": staticfiles},
        **more,
    }
