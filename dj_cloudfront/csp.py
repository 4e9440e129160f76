"""The CDN's hosts in a Content Security Policy."""

from __future__ import annotations
