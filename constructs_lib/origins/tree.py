"""The trees of files that a Django server has: two for everybody, one for some."""

from __future__ import annotations

from enum import StrEnum

TREE_HEADER = "X-Cdn-Tree"
"""The origin header by which a distribution says which tree it reads."""


class Tree(StrEnum):
    """A tree of files, read by one distribution under one path of the server."""

    STATIC = "static"
    MEDIA = "media"
    PRIVATE = "private"

    @property
    def origin_path(self) -> str:
        """Where the tree stands on the server, such as ``/static``."""
        return f"/{self.value}"
