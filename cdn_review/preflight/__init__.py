"""Whether a deploy can work, asked before it starts. Nothing is changed."""

from __future__ import annotations

from cdn_review.preflight.result import Level, Result

__all__ = ["Level", "Result"]
