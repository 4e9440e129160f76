"""A response in the cache: how long it is fresh, and what it may be used for afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from cdn_edge.body import SharedBody
from cdn_edge.configuration import Ttls
from cdn_edge.headers import replace_headers
from cdn_edge.messages import Headers, Response
from cdn_edge.ranges import ByteRange, Ranges
from cdn_model.cache_control import directives, http_date, max_age, refuses, seconds

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
ERRORS_ALWAYS_KEPT = frozenset({404, 414, 500, 501, 502, 503, 504})
ERRORS_KEPT_ON_REQUEST = frozenset({400, 403, 405, 412, 415})
ERRORS_THAT_MAY_REFUSE = frozenset({404, 410, 414, 501})
REDIRECTS_KEPT_ON_REQUEST = frozenset({307, 308})
NEVER_KEPT = frozenset({206, 304})

_DIGITS = re.compile(r"\d+", re.A)
# As RFC 9111 has it for numbers that are too large.
LONGEST_AGE = 2**31
_HEADERS_SIZE = 1024
_OF_BODY = ("content-length", "content-encoding", "content-range", "etag")


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Seconds a response is fresh, and what may be done with it afterwards.

    :param stale_if_error: How long it may stand in for an origin that fails. None: as long as
        it is in the cache.
    :param only_if_origin_fails: It serves only while the origin cannot be reached.
    """

    fresh: float
    stale_while_revalidate: float = 0
    stale_if_error: float | None = None
    only_if_origin_fails: bool = False


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
    varies_always = "*" in ",".join(headers.getall("Vary", ()))
    is_refused = ttls.minimum == 0 and (refuses(control) or varies_always)
    allowed = seconds(control, "stale-if-error")
    return Lifetime(
        fresh=0 if is_refused else _fresh(headers, control, ttls=ttls, now=now),
        only_if_origin_fails=is_refused,
        stale_while_revalidate=min(
            seconds(control, "stale-while-revalidate") or 0, ttls.maximum
        ),
        stale_if_error=None if allowed is None else min(allowed, ttls.maximum),
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


def age(headers: Headers) -> int:
    """What caches before CloudFront say of themselves, in seconds; 0 if they are silent.

    Of several, the first one counts (RFC 9111, 5.1). What is no number counts as old: to ask
    once too often is never wrong.
    """
    if "Age" not in headers:
        return 0
    given = ",".join(headers.getall("Age")).partition(",")[0].strip()
    is_number = _DIGITS.fullmatch(given)
    return min(int(given[:19]), LONGEST_AGE) if is_number else LONGEST_AGE


def _until_expiry(headers: Headers, now: float) -> float | None:
    """From when the response was made; an ``Expires`` that is no date has passed."""
    given = headers.getall("Expires", ())
    if not given:
        return None
    expires = http_date(given[0]) if len(given) == 1 else None
    made = http_date(headers.get("Date"))
    return 0.0 if expires is None else max(0.0, expires - (made or now))


@dataclass(frozen=True, kw_only=True, eq=False)
class CachedResponse:
    """A response in the cache, whole or in parts.

    :param parts: The whole body alone, or what was fetched of it so far.
    :param total: The size of the whole, where it is known.
    """

    response: Response
    parts: tuple[SharedBody, ...]
    is_whole: bool = True
    total: int | None = None
    lifetime: Lifetime
    fetched_at: float
    revalidate_at: float
    is_error: bool = False
    tags: frozenset[str] = frozenset()

    @cached_property
    def _origin_age(self) -> int:
        counted = age(self.response.headers)
        return counted if counted < LONGEST_AGE else 0

    @property
    def expires_at(self) -> float:
        return self.fetched_at + self.lifetime.fresh

    @property
    def size(self) -> int:
        return sum(part.arrived for part in self.parts) + _HEADERS_SIZE

    def body_for(self, ranges: Ranges | None) -> SharedBody | None:
        """The part that has all of what is asked for, or nothing."""
        if ranges and not ranges.allowed_by(self.response.headers):
            ranges = None
        if self.is_whole:
            (body,) = self.parts
            if ranges is None or body.complete or self.total is None:
                return body
        if ranges is None or self.total is None:
            return None
        asked = ranges.of(self.total)
        return next((part for part in self.parts if _has(part, asked)), None)

    def stands_in_for(self, failed: Response, now: float) -> bool:
        if self.is_error or (
            self.lifetime.only_if_origin_fails and failed.failure is None
        ):
            return False
        allowed = self.lifetime.stale_if_error
        return allowed is None or now < self.expires_at + allowed

    def is_shown_while_refreshed(self, now: float) -> bool:
        return now < self.expires_at + self.lifetime.stale_while_revalidate

    def validators(self) -> Mapping[str, str]:
        if self.lifetime.only_if_origin_fails or self.is_error:
            return {}
        names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        headers = self.response.headers
        return {names[name]: headers[name] for name in names if name in headers}

    def age(self, now: float) -> int:
        return int(max(0.0, now - self.fetched_at)) + self._origin_age

    def updated_by(self, told: Response) -> Response:
        """With the headers of a 304."""
        headers = self.response.headers.copy()
        new = told.headers.items()
        replace_headers(headers, [one for one in new if one[0].lower() not in _OF_BODY])
        return replace(self.response, headers=headers)

    def with_part(self, other: CachedResponse) -> CachedResponse | None:
        """With a part more, as old as its oldest; None where that is of another version."""
        if self.is_whole or self.total != other.total:
            return None
        mine, theirs = self.response.headers, other.response.headers
        name = "ETag" if "ETag" in mine or "ETag" in theirs else "Last-Modified"
        version = mine.get(name)
        if not version or version != theirs.get(name) or version.startswith("W/"):
            return None
        parts = _joined([*self.parts, *other.parts])
        whole = parts[0].start == 0 and parts[0].arrived == self.total
        return replace(self, parts=parts, is_whole=whole)


def _has(part: SharedBody, asked: Sequence[ByteRange]) -> bool:
    end = part.start + part.arrived
    return all(part.start <= one.start and one.stop <= end for one in asked)


def _joined(parts: list[SharedBody]) -> tuple[SharedBody, ...]:
    """The parts in their order; those that touch become one."""
    first, *others = sorted(parts, key=lambda part: part.start)
    done = [first]
    for part in others:
        last = done[-1]
        end = last.start + last.arrived
        if part.start > end:
            done.append(part)
        elif part.start + part.arrived > end:
            both = (last.data or b"") + (part.data or b"")[end - part.start :]
            done[-1] = SharedBody.of(both, start=last.start)
    return tuple(done)


def storable(response: Response) -> Response:
    """Without the headers that ``no-cache="Set-Cookie"`` and its like name.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Cookies.html
    """
    if "Cache-Control" not in response.headers:
        return response
    control = cache_control(response.headers)
    values = [control.get(name) or "" for name in ("no-cache", "private")]
    names = [name.strip() for value in values for name in value.split(",")]
    headers = response.headers.copy()
    for name in names:
        headers.popall(name, None)
    return replace(response, headers=headers)
