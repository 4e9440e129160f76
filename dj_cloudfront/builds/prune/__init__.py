"""Which builds may go, and how they do: out of sight first, deleted later.

``plan`` decides and touches nothing; ``preview`` tells what ``prune`` would do.
"""

from __future__ import annotations

from dj_cloudfront.builds.prune.removal import Outcome, preview, prune
from dj_cloudfront.builds.prune.rules import Build, Decision, Rules, Verdict, plan

__all__ = [
    "Build",
    "Decision",
    "Outcome",
    "Rules",
    "Verdict",
    "plan",
    "preview",
    "prune",
]
