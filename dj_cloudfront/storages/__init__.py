"""The staticfiles storages behind ``dj_cloudfront.storage``."""

from __future__ import annotations
