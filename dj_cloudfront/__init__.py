"""Amazon CloudFront in front of a Django server: the Django side."""

from __future__ import annotations

from dj_cloudfront.settings import Cdn, config

__all__ = ["Cdn", "config"]
