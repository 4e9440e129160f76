"""``cdn publish``: from the finders and the storage of the settings to a build."""

from __future__ import annotations
