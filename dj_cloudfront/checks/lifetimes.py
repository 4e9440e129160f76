"""Pages and fragments in caches, which outlive the builds that they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from django.conf import settings
from django.core.checks import CheckMessage

from dj_cloudfront.builds.retention import RetentionRules
from dj_cloudfront.checks import ids
from dj_cloudfront.checks.cross_origin import MOST_FILES, read_text, templates
from dj_cloudfront.config import Cdn

_FRAGMENT = re.compile(r"\{%-?\s*cache\s+(None|\d+)\s")
_KEPT = RetentionRules().superseded_for
_SHOWN = 5


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """The whole site's cache, and ``{% cache %}`` in up to ``MOST_FILES`` templates."""
    if cdn.static_origin is None:
        return
    most = int(_KEPT.total_seconds())
    seconds = settings.CACHE_MIDDLEWARE_SECONDS
    is_used = any(
        path.endswith("UpdateCacheMiddleware") for path in settings.MIDDLEWARE
    )
    if is_used and seconds > most:
        yield ids.CACHED_TOO_LONG.found(
            f"CACHE_MIDDLEWARE_SECONDS must be less than {most}, such as 600, got "
            f"{seconds!r}: pages in the cache refer to builds that are pruned"
        )
    places = []
    for _, path in islice(templates(), MOST_FILES):
        text = read_text(path)
        for match in _FRAGMENT.finditer(text):
            if match[1] == "None" or int(match[1]) > most:
                line = text.count("\n", 0, match.start()) + 1
                places.append(f"{path}:{line}")
    if places:
        more = len(places) - _SHOWN
        yield ids.CACHED_TOO_LONG.found(
            f"fragments must be cached for less than {_KEPT.days} days, for they refer to "
            f"builds that are pruned, got {', '.join(places[:_SHOWN])}"
            + (f" and {more} more" if more > 0 else "")
        )
