"""What `make bench` runs. Every figure is a ratio of medians, side by side in one run."""

from __future__ import annotations
