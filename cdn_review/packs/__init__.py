"""What is compared: the stacks of an app, read within bounds and without secrets."""

from __future__ import annotations

from cdn_review.packs.pack import Pack, Stack

__all__ = ["Pack", "Stack"]
