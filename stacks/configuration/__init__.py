"""cdk.json, read strictly: data that the stacks are made of. Nothing is defined here."""

from __future__ import annotations

from stacks.configuration.environment import Environment
from stacks.configuration.section import check_no_key_twice

__all__ = ["Environment", "check_no_key_twice"]
