"""Compressed companions: ``site.css.gz`` and ``site.css.br`` beside ``site.css``."""

from __future__ import annotations
