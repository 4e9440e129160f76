"""``Cache-Control`` and ``Expires``, as CloudFront reads them.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_DIRECTIVE = re.compile(r'([\w-]+)\s*(?:=\s*("[^"]*"|[^\s,]+))?')
_REFUSALS = ("no-store", "no-cache", "private")


def directives(cache_control: str) -> Mapping[str, str | None]:
    """The directives by their lower-case names, with their values where they have one."""
    return {
        name.lower(): value.strip('"') if value else None
        for name, value in _DIRECTIVE.findall(cache_control)
    }


def lifetime(cache_control: str, *, expires: str = "", date: str = "") -> int | None:
    """For how many seconds a shared cache may keep an answer; None when it does not say.

    :param expires: The header ``Expires``, which counts only without a ``max-age``.
    :param date: The header ``Date``.
    """
    found = directives(cache_control)
    if any(name in found for name in _REFUSALS):
        return 0
    for name in ("s-maxage", "max-age"):
        seconds = found.get(name)
        if seconds and seconds.isdecimal():
            return int(seconds)
    return _until(expires, date) if expires else None


def _until(expires: str, date: str) -> int:
    try:
        left = parsedate_to_datetime(expires) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        # Anything else, such as "0", means that it has expired (RFC 9111, 5.3).
        return 0
    return max(0, int(left.total_seconds()))
