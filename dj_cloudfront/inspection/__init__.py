"""``cdn check`` and ``cdn find``: what only live answers show."""

from __future__ import annotations
