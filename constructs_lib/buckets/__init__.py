"""Private buckets that are asked before the Django server, under the same URLs."""

from __future__ import annotations

from constructs_lib.buckets.halves import (
    MediaBucket,
    StaticBucket,
    check_apart,
    check_kind,
)

__all__ = ["MediaBucket", "StaticBucket", "check_apart", "check_kind"]
