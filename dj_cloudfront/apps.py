"""The entry for ``INSTALLED_APPS``: the command ``cdn`` and the system checks."""

from __future__ import annotations

from django.apps import AppConfig


class DjCloudfrontConfig(AppConfig):
    """Needed for ``manage.py cdn`` and the checks; ``config()`` works without it."""

    name = "dj_cloudfront"
    verbose_name = "Amazon CloudFront"

    def ready(self) -> None:
        from dj_cloudfront.checks import register_all

        register_all()
