"""Puts our storages and command in the place of Django's, before Django's tests are imported."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import storage as staticfiles

NAMES = {
    "StaticFilesStorage": "BuildStorage",
    "ManifestStaticFilesStorage": "ManifestBuildStorage",
}


def swap(mode):
    """Replaces both storages of Django's module. Returns the list of those that get made.

    :param mode: ``django`` replaces nothing; with ``local`` ours have local URLs, as the
        tests' settings say; with ``builds`` each ``STATIC_ROOT`` is a build that gets
        published, whatever its URL; ``broken`` is one that gives wrong URLs.
    """
    made = []
    if mode == "django":
        return made
    from django.contrib.staticfiles.management.commands import collectstatic

    from dj_cloudfront import storage as ours
    from dj_cloudfront.management.commands.collectstatic import Command

    for theirs, name in NAMES.items():
        replacement = type(name, (MODES[mode], getattr(ours, name)), {"made": made})
        setattr(staticfiles, theirs, replacement)
    collectstatic.Command = Command
    return made


class Local:
    def __init__(self, *arguments, **options):
        self.made.append(self)
        super().__init__(*arguments, **options)


class Builds(Local):
    @property
    def is_local(self):
        # A manifest may be elsewhere.
        return self.location != os.path.abspath(settings.STATIC_ROOT or "")

    @property
    def build_folder(self):
        return Path(self.location)


class Broken(Local):
    def url(self, name, *force):
        return super().url(name, *force) + "x"


MODES = {"local": Local, "builds": Builds, "broken": Broken}
