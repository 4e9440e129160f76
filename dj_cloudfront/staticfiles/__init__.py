"""Django's staticfiles: the storages, their manifest, and publishing with both."""

from __future__ import annotations
