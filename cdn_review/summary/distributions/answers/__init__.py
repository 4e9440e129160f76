"""What the edge does to the headers of answers."""

from __future__ import annotations

from cdn_review.summary.distributions.answers.headers import answers

__all__ = ["answers"]
