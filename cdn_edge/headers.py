"""What the edge does to an answer on its way to the viewer."""

from __future__ import annotations

import itertools
import random
import re
import time
import uuid
from collections.abc import Iterable
from email.utils import formatdate
from enum import StrEnum
from functools import lru_cache

from multidict import CIMultiDict

from cdn_edge.configuration import (
    Behavior,
    CorsConfig,
    HeaderRule,
    ResponseHeadersPolicy,
    Selection,
)
from cdn_edge.messages import VIA, Headers
from cdn_model.cache_control import http_date

POP = "LOCAL1-C1"

_PROCESS = uuid.uuid4().hex[:20]
_REQUESTS = itertools.count(1)

_ETAG = re.compile(r'(?:W/)?"[^"]*"')


class Result(StrEnum):
    """Where an answer came from, as ``X-Cache`` names it."""

    HIT = "Hit"
    REFRESH_HIT = "RefreshHit"
    MISS = "Miss"
    ERROR = "Error"
    REDIRECT = "Redirect"


def replace_headers(
    headers: CIMultiDict[str], others: Iterable[tuple[str, str]]
) -> None:
    """Each name that others have loses the values that it had."""
    given = list(others)
    for name, _ in given:
        headers.popall(name, None)
    headers.extend(given)


def request_id() -> str:
    """For ``X-Amz-Cf-Id``."""
    return f"{_PROCESS}{next(_REQUESTS):012x}"


def finish(
    headers: CIMultiDict[str],
    *,
    result: Result,
    identity: str,
    behavior: Behavior | None = None,
    age: int | None = None,
) -> None:
    """Add what CloudFront adds to every answer, and a word of what the edge leaves out."""
    headers["X-Cache"] = f"{result} from cloudfront"
    via = headers.getall("Via", ())
    headers["Via"] = ", ".join([*via, VIA]) if via else VIA
    headers["X-Amz-Cf-Pop"] = POP
    headers["X-Amz-Cf-Id"] = identity
    headers.setdefault("Server", "CloudFront")
    if "Date" not in headers:
        headers["Date"] = _date(int(time.time()))
    if age is not None:
        headers["Age"] = str(age)
    if behavior and behavior.unmodelled:
        headers["X-Edge-Unmodelled"] = ", ".join(behavior.unmodelled)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def narrow_vary(headers: CIMultiDict[str], behavior: Behavior) -> None:
    """Take out of ``Vary`` what the origin never saw.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
    """
    if "Vary" not in headers:
        return
    values = headers.popall("Vary")
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


def is_timed(policy: ResponseHeadersPolicy, request: Headers) -> bool:
    """Whether an answer gets ``Server-Timing``: by chance, or because the viewer asks.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html#server-timing-header
    """
    percent = policy.timing_percent
    if percent is None:
        return False
    asked = request.get("Pragma", "").strip().lower() == "server-timing"
    return asked or random.uniform(0, 100) < percent


def server_timing(result: Result, identity: str, origin_seconds: float | None) -> str:
    names = {Result.HIT: "cdn-cache-hit", Result.REFRESH_HIT: "cdn-cache-refresh"}
    parts = [
        names.get(result, "cdn-cache-miss"),
        f'cdn-pop;desc="{POP}"',
        f'cdn-rid;desc="{identity}"',
    ]
    if origin_seconds is None:
        parts.append('cdn-hit-layer;desc="EDGE"')
    else:
        parts.append(f"cdn-upstream-fbl;dur={origin_seconds * 1000:.0f}")
    return ",".join(parts)


def _add(headers: CIMultiDict[str], rule: HeaderRule) -> None:
    if rule.override or rule.name not in headers:
        headers[rule.name] = rule.value


def _add_cors(
    headers: CIMultiDict[str], cors: CorsConfig, request: Headers, method: str
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


def _add_preflight(headers: CIMultiDict[str], cors: CorsConfig) -> None:
    headers["Access-Control-Allow-Methods"] = ", ".join(cors.methods)
    if cors.headers:
        headers["Access-Control-Allow-Headers"] = ", ".join(cors.headers)
    if cors.max_age is not None:
        headers["Access-Control-Max-Age"] = str(cors.max_age)


def _allowed_origin(cors: CorsConfig, origin: str) -> str | None:
    if "*" in cors.origins:
        return "*"
    is_allowed = any(_origin_pattern(o).fullmatch(origin) for o in cors.origins)
    return origin if is_allowed else None


@lru_cache(maxsize=256)
def _origin_pattern(allowed: str) -> re.Pattern[str]:
    scheme = "" if "://" in allowed else "[a-z][a-z0-9+.-]*://"
    return re.compile(scheme + re.escape(allowed).replace(r"\*", "[^/]*"), re.I)


def precondition_failed(request: Headers, response: Headers) -> bool:
    """Whether the viewer wants another version than this: ``If-Match`` and its like."""
    if "If-Match" in request:
        etag = response.get("ETag", "")
        asked = ",".join(request.getall("If-Match"))
        return asked.strip() != "*" and (
            etag.startswith("W/") or etag not in _ETAG.findall(asked)
        )
    return _has_changed_since(request.get("If-Unmodified-Since"), response) is True


def not_modified(request: Headers, response: Headers) -> bool:
    """Whether the viewer already has what it asks for."""
    if "If-None-Match" in request:
        etag = response.get("ETag")
        asked = ",".join(request.getall("If-None-Match"))
        given = {one.removeprefix("W/") for one in _ETAG.findall(asked)}
        return etag is not None and (
            asked.strip() == "*" or etag.removeprefix("W/") in given
        )
    return _has_changed_since(request.get("If-Modified-Since"), response) is False


def _has_changed_since(asked: str | None, response: Headers) -> bool | None:
    if asked is None:
        return None
    since, changed = http_date(asked), http_date(response.get("Last-Modified"))
    return None if since is None or changed is None else changed > since
