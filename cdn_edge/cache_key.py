"""What tells two requests apart, and what of a request goes to the origin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from multidict import CIMultiDict

from cdn_edge.configuration import (
    Behavior,
    Distribution,
    Origin,
    Selection,
    Take,
)
from cdn_edge.freshness import Headers
from cdn_model import path_patterns

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OWN_AFFAIR = HOP_BY_HOP | {
    "accept-encoding",
    "content-length",
    "cookie",
    "expect",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    "via",
    "x-amz-cf-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-real-ip",
}
FORWARDED_PROTO = "cloudfront-forwarded-proto"
_ADDING = (Take.LISTED, Take.ALL)
USER_AGENT = "Amazon CloudFront"
VIA = "1.1 edge.cloudfront.localhost (CloudFront)"

_UNRESERVED = re.compile(r"%(2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE])")


class Key(NamedTuple):
    """What one cached copy is found by."""

    distribution_id: str
    options: bool
    path: str
    headers: tuple[tuple[str, str], ...]
    query: str
    cookies: str
    encoding: str | None

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, kw_only=True)
class ViewerRequest:
    """A request as it arrived: the target's bytes are never decoded or resolved."""

    method: str
    path: str
    query: str = ""
    headers: Headers
    address: str = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class OriginRequest:
    """A request as the origin gets it."""

    origin: Origin
    method: str
    target: str
    headers: CIMultiDict[str]


def match(distribution: Distribution, path: str) -> Behavior:
    """The first behaviour whose pattern fits the normalised path; the default is last."""
    normal = normalised(path)
    return next(
        one
        for one in distribution.behaviors
        if path_patterns.matches(one.pattern, normal)
    )


def normalised(path: str) -> str:
    """Patterns see this; the origin gets the path as it came.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
    """
    decoded = _UNRESERVED.sub(lambda found: chr(int(found[1], 16)), path)
    kept: list[str] = []
    segments = re.sub("/{2,}", "/", decoded).split("/")[1:]
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def cache_key(
    distribution: Distribution, behavior: Behavior, request: ViewerRequest
) -> Key:
    """All aliases of a distribution share its objects; HEAD shares those of GET.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-the-cache-key.html
    """
    policy = behavior.cache
    return Key(
        distribution_id=distribution.id,
        options=request.method == "OPTIONS",
        path=request.path,
        headers=tuple(sorted(_listed(behavior, request, (policy.headers,)))),
        query=_query(request.query, policy.query.__contains__),
        cookies=_cookies(request.headers, policy.cookies.__contains__),
        encoding=accept_encoding(behavior, request.headers),
    )


def accept_encoding(behavior: Behavior, headers: Headers) -> str | None:
    """``br,gzip``, one of them, ``identity``, or None where the viewer says nothing.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cache-key-understand-cache-policy.html
    """
    policy = behavior.cache
    value = headers.get("Accept-Encoding")
    if value is None or not (policy.gzip or policy.brotli):
        return None
    accepted = {
        name.strip().lower()
        for name, _, weight in (part.partition(";") for part in value.split(","))
        if not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    }
    known = [("br", policy.brotli), ("gzip", policy.gzip)]
    return ",".join(n for n, on in known if on and n in accepted) or "identity"


def origin_request(
    behavior: Behavior, request: ViewerRequest, request_id: str
) -> OriginRequest:
    """Nothing of the viewer's goes along unless a policy says so."""
    origin = behavior.origins[0]
    wanted = (behavior.cache.query, behavior.origin_request.query)
    query = _query(request.query, lambda name: any(name in one for one in wanted))
    return OriginRequest(
        origin=origin,
        method=request.method,
        target=origin.path + request.path + (f"?{query}" if query else ""),
        headers=_origin_headers(origin, behavior, request, request_id),
    )


def _origin_headers(
    origin: Origin, behavior: Behavior, request: ViewerRequest, request_id: str
) -> CIMultiDict[str]:
    headers = CIMultiDict({"Host": origin.domain_name, "User-Agent": USER_AGENT})
    selections = (behavior.cache.headers, behavior.origin_request.headers)
    listed = CIMultiDict(_listed(behavior, request, selections))
    _replace(headers, listed.items())
    if any(FORWARDED_PROTO in one.names and one.take in _ADDING for one in selections):
        headers["CloudFront-Forwarded-Proto"] = "https"
    wanted = (behavior.cache.cookies, behavior.origin_request.cookies)
    cookies = _cookies(request.headers, lambda name: any(name in one for one in wanted))
    if cookies:
        headers["Cookie"] = cookies
    encoding = accept_encoding(behavior, request.headers)
    if encoding:
        headers["Accept-Encoding"] = encoding
    came_from = [*request.headers.getall("X-Forwarded-For", ()), request.address]
    headers["X-Forwarded-For"] = ", ".join(came_from)
    headers["Via"] = ", ".join([*request.headers.getall("Via", ()), VIA])
    headers["X-Amz-Cf-Id"] = request_id
    _replace(headers, origin.headers)
    return headers


def _replace(headers: CIMultiDict[str], others: Iterable[tuple[str, str]]) -> None:
    given = list(others)
    for name, _ in given:
        headers.popall(name, None)
    headers.extend(given)


def _listed(
    behavior: Behavior, request: ViewerRequest, selections: Iterable[Selection]
) -> Iterator[tuple[str, str]]:
    refused = _refused(behavior, request.method)
    for name, value in request.headers.items():
        lower = name.lower()
        if lower in refused or lower.startswith("cloudfront-"):
            continue
        if any(lower in one for one in selections):
            yield lower, value


def _refused(behavior: Behavior, method: str) -> frozenset[str]:
    if method == "OPTIONS" and method in behavior.cached_methods:
        return _OWN_AFFAIR | {"authorization"}
    if behavior.cache.gzip or behavior.cache.brotli:
        return _OWN_AFFAIR
    return _OWN_AFFAIR - {"accept-encoding"}


def _query(query: str, wanted: Callable[[str], bool]) -> str:
    pairs = query.split("&") if query else []
    return "&".join(pair for pair in pairs if wanted(pair.partition("=")[0]))


def _cookies(headers: Headers, wanted: Callable[[str], bool]) -> str:
    pairs = [
        pair.strip()
        for line in headers.getall("Cookie", ())
        for pair in line.split(";")
        if pair.strip()
    ]
    return "; ".join(sorted(p for p in pairs if wanted(p.partition("=")[0])))
