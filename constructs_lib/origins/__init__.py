"""Where CloudFront pulls the files from, as values."""

from __future__ import annotations

from constructs_lib.origins.origin import DjangoOrigin

__all__ = ["DjangoOrigin"]
