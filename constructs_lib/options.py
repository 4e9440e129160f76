"""What distributions do by default, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from constructs_lib.origin_headers import Tree
from constructs_lib.response_headers import ResponseHeaders
from constructs_lib.ttl import Ttl


@dataclass(frozen=True, kw_only=True)
class DistributionDefaults:
    """What tells one distribution from another: its tree, and its defaults."""

    tree: Tree
    ttl: Ttl
    headers: ResponseHeaders


STATIC = DistributionDefaults(
    tree=Tree.STATIC, ttl=Ttl(max=timedelta(days=365)), headers=ResponseHeaders()
)
MEDIA = DistributionDefaults(
    tree=Tree.MEDIA,
    ttl=Ttl(max=timedelta(days=7)),
    # An uploaded page or SVG may be looked at and can do nothing.
    headers=ResponseHeaders(
        content_security_policy="default-src 'none'; style-src 'unsafe-inline'; sandbox"
    ),
)

# What needs a signature belongs into no shared cache, and a browser asks again each time, so
# that what has expired stays closed.
SIGNED_HEADERS = replace(MEDIA.headers, extra={"Cache-Control": "private, no-cache"})
PRIVATE = DistributionDefaults(tree=Tree.PRIVATE, ttl=MEDIA.ttl, headers=SIGNED_HEADERS)
