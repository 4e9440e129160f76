"""The rules of ``cdn check``, by subject. Their ids are a public interface."""

from __future__ import annotations
