"""Short names for values: an acknowledgement holds for one change and for no later one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cdn_review.redaction import redact_value

_DIGITS = 8


def fingerprint(before: Any, after: Any) -> str:
    """Eight hexadecimal digits of what was and of what will be, in any order of keys.

    Both are redacted first, so that nothing can be guessed from it.
    """
    text = json.dumps(
        [redact_value(before), redact_value(after)], sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
