"""Amazon CloudFront in front of a Django server: the Django side."""

from __future__ import annotations

import sys

from dj_cloudfront import uncaught
from dj_cloudfront.build_version import build_version
from dj_cloudfront.config import Cdn, config

__all__ = ["Cdn", "build_version", "config"]

uncaught.install(sys.argv)
