"""The distributions: each pulls one tree of files, and each is usable alone."""

from __future__ import annotations

from constructs_lib.distributions.halves import (
    MEDIA,
    PRIVATE,
    SIGNED_HEADERS,
    STATIC,
    Half,
)
from constructs_lib.distributions.private import PrivateMediaDistribution
from constructs_lib.distributions.public import MediaDistribution, StaticDistribution
from constructs_lib.distributions.viewers import PriceClass, Tls, Viewers

__all__ = [
    "MEDIA",
    "PRIVATE",
    "SIGNED_HEADERS",
    "STATIC",
    "Half",
    "MediaDistribution",
    "PriceClass",
    "PrivateMediaDistribution",
    "StaticDistribution",
    "Tls",
    "Viewers",
]
