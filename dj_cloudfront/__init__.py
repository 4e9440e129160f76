"""Amazon CloudFront in front of a Django server: the Django side."""

from __future__ import annotations

from dj_cloudfront.settings import Cdn, config
from dj_cloudfront.version import build_version

__all__ = ["Cdn", "build_version", "config"]
