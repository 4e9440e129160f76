"""Settings and options of ``cdn conf``, and what is made of them."""

from __future__ import annotations

import re

import pytest

from dj_cloudfront.server_config.from_settings import (
    DjangoSettings,
    ServerOptions,
    from_settings,
)

SETTINGS = DjangoSettings(
    builds_root="/var/mysite/static",
    media_root="/var/mysite/media",
    allowed_hosts=["www.example.com"],
    body_bytes=2621440,
)
SECRETS = {"OLD": "a" * 64, "NEW": "b" * 64, "SHORT": "c" * 15, "QUOTED": 'd"' * 32}


def site(settings=SETTINGS, *, automatic=False, **options):
    given = ServerOptions(environment=SECRETS, **options)
    return from_settings(
        settings, given, command="made by a test", makes_certificates=automatic
    )


def with_settings(**changed):
    return DjangoSettings(**{**vars(SETTINGS), **changed})


def refused(sentence, settings=SETTINGS, **options):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        site(settings, **options)


def trees(found):
    return [(tree.name, tree.root, tree.guarded) for tree in found.trees]
