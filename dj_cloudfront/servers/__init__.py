"""``cdn conf``: configurations of web servers, from the same settings."""

from __future__ import annotations
