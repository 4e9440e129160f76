"""The server behind the distributions, asked as CloudFront asks it."""

from __future__ import annotations
