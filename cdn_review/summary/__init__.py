"""What a change of templates means to visitors, to the bill and to security."""

from __future__ import annotations

from cdn_review.summary.change import Change, Stop, Topic

__all__ = ["Change", "Stop", "Topic"]
