"""What must not happen until somebody says that it is meant."""

from __future__ import annotations

from cdn_review.stopping.judging import Stopped, Verdict, judge

__all__ = ["Stopped", "Verdict", "judge"]
