"""The folder of a build that is being written: inner parts of ``publish``."""

from __future__ import annotations
