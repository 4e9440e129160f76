"""How long a response is used: decided from its status, its headers and the policy alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from multidict import CIMultiDict, CIMultiDictProxy

from cdn_edge.configuration import Ttls

Headers = CIMultiDict[str] | CIMultiDictProxy[str]

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
ERRORS_ALWAYS_KEPT = frozenset({404, 414, 500, 501, 502, 503, 504})
ERRORS_KEPT_ON_REQUEST = frozenset({400, 403, 405, 412, 415})
ERRORS_THAT_MAY_REFUSE = frozenset({404, 410, 414, 501})
REDIRECTS_KEPT_ON_REQUEST = frozenset({307, 308})
NEVER_KEPT = frozenset({206, 304})

_DIRECTIVE = re.compile(r'([\w-]+)\s*(?:=\s*("[^"]*"|[^\s,]+))?')
_REFUSALS = ("no-store", "no-cache", "private")


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Seconds a response is fresh, and what may be done with it afterwards.

    :param stale_if_error: How long it may stand in for an origin that fails. None: as long as
        it is in the cache.
    """

    fresh: float
    stale_while_revalidate: float = 0
    stale_if_error: float | None = None


def lifetime(
    status: int, headers: Headers, *, ttls: Ttls, error_ttl: float, now: float
) -> Lifetime | None:
    """None says that the response is not kept at all."""
    if ttls.maximum == 0 or status in NEVER_KEPT:
        return None
    if status >= 400:
        return _error_lifetime(status, headers, ttls=ttls, error_ttl=error_ttl, now=now)
    return _object_lifetime(status, headers, ttls=ttls, now=now)


def _error_lifetime(
    status: int, headers: Headers, *, ttls: Ttls, error_ttl: float, now: float
) -> Lifetime | None:
    control = cache_control(headers)
    if status in ERRORS_THAT_MAY_REFUSE and _refused(control):
        return None
    asked = _max_age(control)
    if status not in ERRORS_ALWAYS_KEPT and (
        status not in ERRORS_KEPT_ON_REQUEST or asked is None
    ):
        return None
    # The error TTL is a floor, not a value:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
    longer = max(
        error_ttl, asked if asked is not None else _until_expiry(headers, now) or 0
    )
    fresh = min(longer, ttls.maximum)
    return Lifetime(fresh=fresh) if fresh > 0 else None


def _object_lifetime(
    status: int, headers: Headers, *, ttls: Ttls, now: float
) -> Lifetime | None:
    control = cache_control(headers)
    if status in REDIRECTS_KEPT_ON_REQUEST and "Cache-Control" not in headers:
        return None
    if ttls.minimum == 0 and (_refused(control) or "*" in headers.get("Vary", "")):
        return None
    return Lifetime(
        fresh=_fresh(headers, control, ttls=ttls, now=now),
        stale_while_revalidate=min(
            _seconds(control, "stale-while-revalidate") or 0, ttls.maximum
        ),
        stale_if_error=_at_most(_seconds(control, "stale-if-error"), ttls.maximum),
    )


def _fresh(
    headers: Headers, control: Mapping[str, str | None], *, ttls: Ttls, now: float
) -> float:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    if _refused(control):
        return ttls.minimum
    asked = _max_age(control)
    if asked is None:
        asked = _until_expiry(headers, now)
    if asked is None:
        return max(ttls.minimum, ttls.default)
    return max(ttls.minimum, min(asked, ttls.maximum))


def cache_control(headers: Headers) -> Mapping[str, str | None]:
    """The directives of all ``Cache-Control`` lines, by their lower-case names."""
    text = ",".join(headers.getall("Cache-Control", ()))
    return {
        name.lower(): value.strip('"') if value else None
        for name, value in _DIRECTIVE.findall(text)
    }


def _refused(control: Mapping[str, str | None]) -> bool:
    # With an argument (no-cache="Set-Cookie") they speak of one header only.
    return any(name in control and control[name] is None for name in _REFUSALS)


def _max_age(control: Mapping[str, str | None]) -> float | None:
    shared = _seconds(control, "s-maxage")
    return shared if shared is not None else _seconds(control, "max-age")


def _seconds(control: Mapping[str, str | None], name: str) -> float | None:
    value = control.get(name)
    return float(value) if value and value.isdecimal() else None


def _at_most(value: float | None, ceiling: float) -> float | None:
    return None if value is None else min(value, ceiling)


def _until_expiry(headers: Headers, now: float) -> float | None:
    if "Expires" not in headers:
        return None
    try:
        return max(0.0, parsedate_to_datetime(headers["Expires"]).timestamp() - now)
    except ValueError:
        return 0.0
