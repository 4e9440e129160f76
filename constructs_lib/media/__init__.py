"""Media for some eyes only: the keys of signed URLs and cookies."""

from __future__ import annotations

from constructs_lib.media.cookies import cookie_domain
from constructs_lib.media.signing import (
    MediaSigning,
    SigningKeys,
    check_origin_secret,
)

__all__ = [
    "MediaSigning",
    "SigningKeys",
    "check_origin_secret",
    "cookie_domain",
]
