"""What the documentation promises: ratios that must not be passed."""

from __future__ import annotations

PUBLISHING = 0.35
BYTES_WRITTEN = 0.1
DISK = 1.1
HASHED_FOLDERS = 1.2
HASHING = 0.6
FETCHED_AGAIN = 0.4
ORIGIN = 0.5
URL = 0.25
STATIC = 0.45
SAVING = 1.5
SIGNING = 0.2
SIGNING_AGAIN = 0.01
