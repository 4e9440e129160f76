"""What tells two requests apart, and what of a request goes to the origin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from multidict import CIMultiDict

from cdn_edge.configuration import (
    Behavior,
    Distribution,
    Origin,
    Selection,
    SelectionBehavior,
)
from cdn_edge.headers import replace_headers
from cdn_edge.messages import HOP_BY_HOP, VIA, Headers, OriginRequest, ViewerRequest
from cdn_model import path_patterns

# For the origin only where nothing is cached; else the edge answers them.
CONDITIONS = (
    *("If-Match", "If-Modified-Since", "If-None-Match", "If-Range"),
    *("If-Unmodified-Since", "Range"),
)
MANAGED_HEADERS = HOP_BY_HOP.union(
    map(str.lower, CONDITIONS),
    ("accept-encoding", "content-length", "cookie", "expect", "via", "x-amz-cf-id"),
    ("x-forwarded-for", "x-forwarded-proto", "x-real-ip"),
)
FORWARDED_PROTO = "cloudfront-forwarded-proto"
VIEWER_OVERRIDE_PREFIX = "x-edge-viewer-"
_ADDING = (SelectionBehavior.LISTED, SelectionBehavior.ALL)
USER_AGENT = "Amazon CloudFront"

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


def match(distribution: Distribution, path: str) -> Behavior:
    """The first behavior whose pattern fits the normalised path; the default is last."""
    *others, default = distribution.behaviors
    normal = normalised(path) if others else path
    return next(
        (b for b in others if path_patterns.matches(b.pattern, normal)), default
    )


@lru_cache(maxsize=1024)
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


def viewer_headers(request: ViewerRequest) -> Mapping[str, str]:
    """The headers that CloudFront adds, if a policy lists them, by lower-case names.

    Where a viewer is, it says itself: ``X-Edge-Viewer-Country: DE`` plays a viewer for whom
    ``CloudFront-Viewer-Country`` is ``DE``, and so do others of that beginning.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
    """
    agent = request.headers.get("User-Agent", "")
    tablet = any(word in agent for word in ("iPad", "Tablet"))
    mobile = not tablet and "Mobi" in agent
    television = "TV" in agent
    kinds = {
        "android": "Android" in agent,
        "desktop": not (tablet or mobile or television),
        "ios": any(word in agent for word in ("iPhone", "iPad", "iPod")),
        "mobile": mobile,
        "smarttv": television,
        "tablet": tablet,
    }
    played = {
        f"cloudfront-viewer-{name.lower().removeprefix(VIEWER_OVERRIDE_PREFIX)}": value
        for name, value in request.headers.items()
        if name.lower().startswith(VIEWER_OVERRIDE_PREFIX)
    }
    return {
        FORWARDED_PROTO: request.scheme or "https",
        "cloudfront-viewer-address": f"{request.address}:{request.port}",
        "cloudfront-viewer-http-version": "1.1",
        **{
            f"cloudfront-is-{kind}-viewer": str(is_).lower()
            for kind, is_ in kinds.items()
        },
        **played,
    }


def _keyed_headers(
    behavior: Behavior, request: ViewerRequest
) -> tuple[tuple[str, str], ...]:
    selection = behavior.cache.headers
    selections = (selection,)
    if selection.behavior is SelectionBehavior.NONE:
        return ()
    found = sorted(_listed(behavior, request, selections))
    if selection.of_cloudfront:
        found += _added(request, selections)
    return tuple(found)


def _added(
    request: ViewerRequest, selections: Iterable[Selection]
) -> Iterator[tuple[str, str]]:
    names = {
        n for one in selections if one.behavior in _ADDING for n in one.of_cloudfront
    }
    if names:
        known = viewer_headers(request)
        yield from ((name, known[name]) for name in sorted(names) if name in known)


def cache_key(
    distribution: Distribution, behavior: Behavior, request: ViewerRequest
) -> Key:
    """All aliases of a distribution share its objects; HEAD shares those of GET.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-the-cache-key.html
    """
    policy = behavior.cache
    return Key(
        distribution.id,
        request.method == "OPTIONS",
        request.path,
        _keyed_headers(behavior, request),
        _query(request.query, (policy.query,)),
        _cookies(request.headers, (policy.cookies,)),
        accept_encoding(behavior, request.headers),
    )


def accept_encoding(behavior: Behavior, headers: Headers) -> str | None:
    """``br,gzip`` or one of them; None where the viewer accepts neither.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cache-key-understand-cache-policy.html
    """
    value = headers.get("Accept-Encoding")
    if value is None:
        return None
    return _accepted(value, behavior.cache.gzip, behavior.cache.brotli)


@lru_cache(maxsize=1024)
def _accepted(value: str, gzip: bool, brotli: bool) -> str | None:
    accepted = {
        name.strip().lower()
        for name, _, weight in (part.partition(";") for part in value.split(","))
        if not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    }
    known = [("br", brotli), ("gzip", gzip)]
    return ",".join(n for n, on in known if on and n in accepted) or None


def origin_request(
    origin: Origin, behavior: Behavior, request: ViewerRequest, request_id: str
) -> OriginRequest:
    """Nothing of the viewer's goes along unless a policy says so."""
    wanted = (behavior.cache.query, behavior.origin_request.query)
    query = _query(request.query, wanted)
    return OriginRequest(
        origin=origin,
        method=request.method,
        target=origin.path + request.path + (f"?{query}" if query else ""),
        headers=_origin_headers(origin, behavior, request, request_id),
        scheme=origin.scheme(request.scheme or "https"),
    )


def _origin_headers(
    origin: Origin, behavior: Behavior, request: ViewerRequest, request_id: str
) -> CIMultiDict[str]:
    headers = CIMultiDict({"Host": origin.domain_name, "User-Agent": USER_AGENT})
    selections = (behavior.cache.headers, behavior.origin_request.headers)
    listed = CIMultiDict(_listed(behavior, request, selections))
    replace_headers(headers, listed.items())
    headers.extend(_added(request, selections))
    wanted = (behavior.cache.cookies, behavior.origin_request.cookies)
    cookies = _cookies(request.headers, wanted)
    if cookies:
        headers["Cookie"] = cookies
    if "Accept-Encoding" in request.headers and (
        behavior.cache.gzip or behavior.cache.brotli
    ):
        # What the viewer accepts is in the key, and that it accepts neither is not.
        encoding = accept_encoding(behavior, request.headers)
        headers["Accept-Encoding"] = encoding or "identity"
    came_from = [*request.headers.getall("X-Forwarded-For", ()), request.address]
    headers["X-Forwarded-For"] = ", ".join(came_from)
    headers["Via"] = ", ".join([*request.headers.getall("Via", ()), VIA])
    headers["X-Amz-Cf-Id"] = request_id
    replace_headers(headers, origin.headers)
    return headers


def _listed(
    behavior: Behavior, request: ViewerRequest, selections: Iterable[Selection]
) -> Iterator[tuple[str, str]]:
    used = [one for one in selections if one.behavior is not SelectionBehavior.NONE]
    if not used:
        return
    refused = _refused(behavior, request.method)
    for name, value in _selected(request.headers, used):
        if name not in refused and not name.startswith(("cloudfront-", "x-edge-")):
            yield name, value


def _selected(
    headers: Headers, selections: Sequence[Selection]
) -> Iterator[tuple[str, str]]:
    if all(one.behavior is SelectionBehavior.LISTED for one in selections):
        # Few are listed, and a request has many.
        for name in sorted({name for one in selections for name in one.names}):
            if name in headers:
                yield from ((name, value) for value in headers.getall(name))
        return
    for name, value in headers.items():
        lower = name.lower()
        if _is_in(lower, selections):
            yield lower, value


def _refused(behavior: Behavior, method: str) -> frozenset[str]:
    if method == "OPTIONS" and method in behavior.cached_methods:
        return MANAGED_HEADERS | {"authorization"}
    if behavior.cache.gzip or behavior.cache.brotli:
        return MANAGED_HEADERS
    return MANAGED_HEADERS - {"accept-encoding"}


def _query(query: str, selections: Iterable[Selection]) -> str:
    if not query:
        return ""
    pairs = query.split("&")
    return "&".join(p for p in pairs if _is_in(p.partition("=")[0], selections))


def _cookies(headers: Headers, selections: Iterable[Selection]) -> str:
    if "Cookie" not in headers:
        return ""
    pairs = [
        pair.strip()
        for line in headers.getall("Cookie")
        for pair in line.split(";")
        if pair.strip()
    ]
    kept = (pair for pair in pairs if _is_in(pair.partition("=")[0], selections))
    return "; ".join(sorted(kept))


def _is_in(name: str, selections: Iterable[Selection]) -> bool:
    return any(name in selection for selection in selections)
