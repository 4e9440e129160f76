"""Where CloudFront pulls the files from, as values."""

from __future__ import annotations

from constructs_lib.origins.options import IpAddressType, OriginOptions
from constructs_lib.origins.origin import DjangoOrigin
from constructs_lib.origins.record import OriginRecord
from constructs_lib.origins.secret import SECRET_HEADER, OriginSecret
from constructs_lib.origins.tree import TREE_HEADER, Tree

__all__ = [
    "SECRET_HEADER",
    "TREE_HEADER",
    "DjangoOrigin",
    "IpAddressType",
    "OriginOptions",
    "OriginRecord",
    "OriginSecret",
    "Tree",
]
