"""The stacks: compositions of the constructs, one for each environment."""

from __future__ import annotations

from stacks.cdn_stack import CdnStack
from stacks.environment import Environment

__all__ = ["CdnStack", "Environment"]
