"""``Cache-Control`` and ``Expires``, as CloudFront reads them.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

_DIRECTIVE = re.compile(r'([\w-]+)\s*(?:=\s*("[^"]*"|[^\s,]+))?')
_REFUSALS = ("no-store", "no-cache", "private")
_DIGITS = re.compile(r"\d+", re.ASCII)
_DAY, _MONTH, _TIME = "[A-Z][a-z]{2}", "[A-Z][a-z]{2}", r"\d\d:\d\d:\d\d"
_DATES = (
    (
        re.compile(rf"{_DAY}, \d\d {_MONTH} \d{{4}} {_TIME} GMT", re.ASCII),
        "%a, %d %b %Y %H:%M:%S GMT",
    ),
    (
        re.compile(rf"[A-Z][a-z]+day, \d\d-{_MONTH}-\d\d {_TIME} GMT", re.ASCII),
        "%A, %d-%b-%y %H:%M:%S GMT",
    ),
    (
        re.compile(rf"{_DAY} {_MONTH} [ \d]\d {_TIME} \d{{4}}", re.ASCII),
        "%a %b %d %H:%M:%S %Y",
    ),
)


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
    if refuses(found):
        return 0
    asked = max_age(found)
    if asked is not None:
        return int(asked)
    return _until(expires, date) if expires else None


def refuses(found: Mapping[str, str | None]) -> bool:
    """Whether the directives say that an answer is not to be kept.

    With an argument, such as ``no-cache="Set-Cookie"``, they speak of one header only.
    """
    return any(name in found and found[name] is None for name in _REFUSALS)


def max_age(found: Mapping[str, str | None]) -> float | None:
    """``s-maxage`` or ``max-age`` of the directives."""
    shared = seconds(found, "s-maxage")
    return shared if shared is not None else seconds(found, "max-age")


def seconds(found: Mapping[str, str | None], name: str) -> float | None:
    """A number of the directives; None when it is none."""
    value = found.get(name)
    return float(value[:19]) if value and _DIGITS.fullmatch(value) else None


def http_date(text: str | None) -> float | None:
    """A date in one of the three forms of HTTP, in seconds since the epoch.

    https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
    """
    for pattern, form in _DATES:
        if text and pattern.fullmatch(text):
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
            except ValueError:
                return None
    return None


def _until(expires: str, date: str) -> int:
    ends, made = http_date(expires), http_date(date)
    # Anything else, such as "0", means that it has expired (RFC 9111, 5.3).
    return 0 if ends is None or made is None else max(0, int(ends - made))
