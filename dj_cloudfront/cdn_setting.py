"""The setting ``CDN`` of the site."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dj_cloudfront.config import Cdn


def cdn() -> Cdn:
    """The value of ``dj_cloudfront.config()`` that the settings keep as ``CDN``.

    :raises ImproperlyConfigured: when they keep none.
    """
    found = getattr(settings, "CDN", None)
    if isinstance(found, Cdn):
        return found
    raise ImproperlyConfigured(
        "CDN must be the value of dj_cloudfront.config(), such as "
        "CDN = dj_cloudfront.config(BASE_DIR / 'cdn-outputs.json', …), "
        f"got {'none' if found is None else repr(found)}"
    )
