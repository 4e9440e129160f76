"""A report as a reader meets it: in a terminal, in a comment, or as data."""

from __future__ import annotations
