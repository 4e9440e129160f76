"""Where files are fetched, and what keeps that place closed."""

from __future__ import annotations

from cdn_review.summary.distributions.origins.fetching import fetching

__all__ = ["fetching"]
