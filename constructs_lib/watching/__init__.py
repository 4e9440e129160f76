"""Watching a CDN: metrics, alarms and logs. All of it is off until asked for, and priced.

Prices, personal data and queries: docs/watching.md.
"""

from __future__ import annotations

from constructs_lib.watching.destinations import LegacyLogs, LogDestination
from constructs_lib.watching.fields import DEFAULT_FIELDS, PERSONAL_FIELDS
from constructs_lib.watching.logs import AccessLogs
from constructs_lib.watching.monitoring import CdnMonitoring
from constructs_lib.watching.notify import Notify

__all__ = [
    "DEFAULT_FIELDS",
    "PERSONAL_FIELDS",
    "AccessLogs",
    "CdnMonitoring",
    "LegacyLogs",
    "LogDestination",
    "Notify",
]
