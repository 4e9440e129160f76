"""What tells the distributions apart: their trees, and their defaults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from constructs_lib.origins import Tree
from constructs_lib.policies import ResponseHeaders, Ttl


@dataclass(frozen=True, kw_only=True)
class Half:
    """What tells one distribution from another: its tree, and its defaults."""

    tree: Tree
    ttl: Ttl
    headers: ResponseHeaders


STATIC = Half(
    tree=Tree.STATIC, ttl=Ttl(max=timedelta(days=365)), headers=ResponseHeaders()
)
MEDIA = Half(
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
PRIVATE = Half(tree=Tree.PRIVATE, ttl=MEDIA.ttl, headers=SIGNED_HEADERS)
