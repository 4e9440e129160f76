"""Media beyond files on one disk for everybody: a bucket, and private files."""

from __future__ import annotations

from constructs_lib.media.bucket import MediaBucket
from constructs_lib.media.cookies import cookie_domain
from constructs_lib.media.signing import (
    MediaSigning,
    SigningKeys,
    check_origin_secret,
)

__all__ = [
    "MediaBucket",
    "MediaSigning",
    "SigningKeys",
    "check_origin_secret",
    "cookie_domain",
]
