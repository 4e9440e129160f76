"""How long a response is used: decided from its status, its headers and the policy alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy

from cdn_edge.configuration import Ttls
from cdn_model.cache_control import directives, http_date, max_age, refuses, seconds

Headers = CIMultiDict[str] | CIMultiDictProxy[str]

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
ERRORS_ALWAYS_KEPT = frozenset({404, 414, 500, 501, 502, 503, 504})
ERRORS_KEPT_ON_REQUEST = frozenset({400, 403, 405, 412, 415})
ERRORS_THAT_MAY_REFUSE = frozenset({404, 410, 414, 501})
REDIRECTS_KEPT_ON_REQUEST = frozenset({307, 308})
NEVER_KEPT = frozenset({206, 304})

_DIGITS = re.compile(r"\d+", re.A)
# As RFC 9111 has it for numbers that are too large.
LONGEST_AGE = 2**31


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Seconds a response is fresh, and what may be done with it afterwards.

    :param stale_if_error: How long it may stand in for an origin that fails. None: as long as
        it is in the cache.
    :param standby: It is for the case alone that the origin cannot be reached.
    """

    fresh: float
    stale_while_revalidate: float = 0
    stale_if_error: float | None = None
    standby: bool = False


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
    if status in ERRORS_THAT_MAY_REFUSE and refuses(control):
        return None
    asked = max_age(control)
    if status not in ERRORS_ALWAYS_KEPT and (
        status not in ERRORS_KEPT_ON_REQUEST or asked is None
    ):
        return None
    if asked is None:
        asked = _until_expiry(headers, now) or 0
    # The error TTL is a floor, not a value, and the maximum TTL is for what the origin says:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
    fresh = max(error_ttl, min(asked, ttls.maximum))
    return Lifetime(fresh=fresh) if fresh > 0 else None


def _object_lifetime(
    status: int, headers: Headers, *, ttls: Ttls, now: float
) -> Lifetime | None:
    control = cache_control(headers)
    if status in REDIRECTS_KEPT_ON_REQUEST and "Cache-Control" not in headers:
        return None
    standby = ttls.minimum == 0 and (refuses(control) or _varies_always(headers))
    return Lifetime(
        fresh=0 if standby else _fresh(headers, control, ttls=ttls, now=now),
        standby=standby,
        stale_while_revalidate=min(
            seconds(control, "stale-while-revalidate") or 0, ttls.maximum
        ),
        stale_if_error=_at_most(seconds(control, "stale-if-error"), ttls.maximum),
    )


def _fresh(
    headers: Headers, control: Mapping[str, str | None], *, ttls: Ttls, now: float
) -> float:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    if refuses(control):
        return ttls.minimum
    asked = max_age(control)
    if asked is None:
        asked = _until_expiry(headers, now)
    if asked is None:
        return max(ttls.minimum, ttls.default)
    # No source says so of CloudFront; RFC 9111, 4.2.3: time in caches before it counts.
    return max(ttls.minimum, min(asked - age(headers), ttls.maximum))


def cache_control(headers: Headers) -> Mapping[str, str | None]:
    """The directives of all ``Cache-Control`` lines, by their lower-case names."""
    return directives(",".join(headers.getall("Cache-Control", ())))


def named_by_refusals(headers: Headers) -> list[str]:
    """The headers that ``no-cache`` or ``private`` keeps out of the cache, by name.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Cookies.html
    """
    if "Cache-Control" not in headers:
        return []
    control = cache_control(headers)
    values = [control.get(name) or "" for name in ("no-cache", "private")]
    return [
        name.strip() for value in values for name in value.split(",") if name.strip()
    ]


def age(headers: Headers) -> int:
    """What caches before CloudFront say of themselves, in seconds; 0 if they are silent.

    Of several, the first one counts (RFC 9111, 5.1). What is no number counts as old: to ask
    once too often is never wrong.
    """
    given = ",".join(headers.getall("Age", ())).partition(",")[0].strip()
    if "Age" not in headers:
        return 0
    return (
        min(int(given[:19]), LONGEST_AGE) if _DIGITS.fullmatch(given) else LONGEST_AGE
    )


def _varies_always(headers: Headers) -> bool:
    return "*" in ",".join(headers.getall("Vary", ()))


def _at_most(value: float | None, ceiling: float) -> float | None:
    return None if value is None else min(value, ceiling)


def _until_expiry(headers: Headers, now: float) -> float | None:
    """From when the response was made; an ``Expires`` that is no date has passed."""
    given = headers.getall("Expires", ())
    if not given:
        return None
    expires = http_date(given[0]) if len(given) == 1 else None
    made = http_date(headers.get("Date"))
    return 0.0 if expires is None else max(0.0, expires - (made or now))
