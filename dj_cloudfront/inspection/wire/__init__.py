"""HTTP as it is on the wire: targets byte for byte, no redirect followed, no cache."""

from __future__ import annotations
