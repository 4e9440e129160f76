"""The local AWS: an emulator, and the real CDK CLI that deploys to it."""

from __future__ import annotations
