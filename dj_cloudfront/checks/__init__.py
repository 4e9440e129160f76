"""The system checks: what settings alone can show to be wrong."""

from __future__ import annotations
