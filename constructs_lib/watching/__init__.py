"""Watching a CDN: metrics and alarms. All of it is off until asked for, and priced."""

from __future__ import annotations

from constructs_lib.watching.monitoring import CdnMonitoring
from constructs_lib.watching.notify import Notify

__all__ = ["CdnMonitoring", "Notify"]
