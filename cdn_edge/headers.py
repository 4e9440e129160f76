"""What the edge does to an answer on its way to the viewer."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache

from multidict import CIMultiDict

from cdn_edge.cache_key import VIA
from cdn_edge.configuration import (
    Behavior,
    Cors,
    HeaderRule,
    ResponseHeadersPolicy,
    Selection,
)
from cdn_edge.freshness import Headers

POP = "LOCAL1-C1"

_BYTE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.I)


class Result(StrEnum):
    """Where an answer came from, as ``X-Cache`` names it."""

    HIT = "Hit"
    REFRESH_HIT = "RefreshHit"
    MISS = "Miss"
    ERROR = "Error"


def request_id() -> str:
    """For ``X-Amz-Cf-Id``."""
    return uuid.uuid4().hex


def finish(
    headers: CIMultiDict[str],
    *,
    status: int,
    result: Result,
    age: int | None,
    identity: str,
) -> None:
    """Add what CloudFront adds to every answer."""
    shown = Result.ERROR if status >= 400 else result
    headers["X-Cache"] = f"{shown} from cloudfront"
    headers["Via"] = ", ".join([*headers.getall("Via", ()), VIA])
    headers["X-Amz-Cf-Pop"] = POP
    headers["X-Amz-Cf-Id"] = identity
    headers.setdefault("Server", "CloudFront")
    headers.setdefault("Date", formatdate(usegmt=True))
    if age is not None:
        headers["Age"] = str(age)


def narrow_vary(headers: CIMultiDict[str], behavior: Behavior) -> None:
    """Take out of ``Vary`` what the origin never saw.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
    """
    values = headers.popall("Vary", ())
    names = [name.strip() for value in values for name in value.split(",")]
    seen = (behavior.cache.headers, behavior.origin_request.headers)
    kept = [name for name in names if _kept_in_vary(name.lower(), seen)]
    if kept:
        headers["Vary"] = ", ".join(kept)


def _kept_in_vary(name: str, seen: tuple[Selection, ...]) -> bool:
    return name in ("accept-encoding", "cookie", "*") or any(
        name in one for one in seen
    )


def apply_policy(
    headers: CIMultiDict[str],
    policy: ResponseHeadersPolicy,
    request: Headers,
    method: str,
) -> None:
    """Removals first, then additions.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
    """
    for name in policy.removed:
        headers.popall(name, None)
    for rule in policy.rules:
        _add(headers, rule)
    if policy.cors and "Origin" in request:
        _add_cors(headers, policy.cors, request, method)


def _add(headers: CIMultiDict[str], rule: HeaderRule) -> None:
    if rule.override or rule.name not in headers:
        headers[rule.name] = rule.value


def _add_cors(
    headers: CIMultiDict[str], cors: Cors, request: Headers, method: str
) -> None:
    # Without override, one CORS header of the origin keeps all of the policy's away.
    if not cors.override and any(
        name.lower().startswith("access-control-") for name in headers
    ):
        return
    allowed = _allowed_origin(cors, request["Origin"])
    if allowed is None:
        return
    headers["Access-Control-Allow-Origin"] = allowed
    if cors.credentials:
        headers["Access-Control-Allow-Credentials"] = "true"
    if cors.expose:
        headers["Access-Control-Expose-Headers"] = ", ".join(cors.expose)
    if method == "OPTIONS" and "Access-Control-Request-Method" in request:
        _add_preflight(headers, cors)


def _add_preflight(headers: CIMultiDict[str], cors: Cors) -> None:
    headers["Access-Control-Allow-Methods"] = ", ".join(cors.methods)
    if cors.headers:
        headers["Access-Control-Allow-Headers"] = ", ".join(cors.headers)
    if cors.max_age is not None:
        headers["Access-Control-Max-Age"] = str(cors.max_age)


def _allowed_origin(cors: Cors, origin: str) -> str | None:
    if "*" in cors.origins:
        return "*"
    return (
        origin
        if any(_origin_pattern(o).fullmatch(origin) for o in cors.origins)
        else None
    )


@lru_cache(maxsize=256)
def _origin_pattern(allowed: str) -> re.Pattern[str]:
    scheme = "" if "://" in allowed else "[a-z][a-z0-9+.-]*://"
    return re.compile(scheme + re.escape(allowed).replace(r"\*", "[^/]*"), re.I)


def not_modified(request: Headers, response: Headers) -> bool:
    """Whether the viewer already has what it asks for."""
    if "If-None-Match" in request:
        etag = response.get("ETag")
        asked = ",".join(request.getall("If-None-Match"))
        given = {one.strip().removeprefix("W/") for one in asked.split(",")}
        return etag is not None and ("*" in given or etag.removeprefix("W/") in given)
    since, changed = request.get("If-Modified-Since"), response.get("Last-Modified")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """The bytes of a body that are sent: from ``start`` up to, not with, ``stop``."""

    start: int
    stop: int

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def byte_range(request: Headers, response: Headers, size: int) -> ByteRange | None:
    """The single range asked for; None means the whole. Empty: not satisfiable.

    Several ranges are answered with the whole, which HTTP allows.
    """
    found = _BYTE_RANGE.fullmatch(request.get("Range", ""))
    if found is None or found[1] == found[2] == "" or not _if_range(request, response):
        return None
    if found[1] == "":
        start, stop = max(0, size - int(found[2])), size
    else:
        start = int(found[1])
        stop = min(size, int(found[2]) + 1) if found[2] else size
    if found[2] and found[1] and int(found[2]) < start:
        return None
    return ByteRange(start=start, stop=max(start, stop) if start < size else start)


def _if_range(request: Headers, response: Headers) -> bool:
    asked = request.get("If-Range")
    return asked is None or asked in (
        response.get("ETag"),
        response.get("Last-Modified"),
    )
