"""From a viewer's request to the response: the order in which CloudFront decides."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from multidict import CIMultiDict

from cdn_edge import signatures
from cdn_edge.body import BodyStream, SharedBody, close
from cdn_edge.cache import Cache, Clock, Fetch, Outcome
from cdn_edge.cache_key import (
    CONDITIONS,
    VIEWER_OVERRIDE_PREFIX,
    Key,
    cache_key,
    match,
    origin_request,
)
from cdn_edge.compression import compressed
from cdn_edge.configuration import Behavior, Distribution
from cdn_edge.headers import (
    Result,
    apply_policy,
    finish,
    is_timed,
    narrow_vary,
    not_modified,
    precondition_failed,
    request_id,
    server_timing,
)
from cdn_edge.messages import (
    Failure,
    Response,
    ViewerRequest,
    error_response,
    own_response,
)
from cdn_edge.origin_client import OriginClient
from cdn_edge.ranges import (
    BOUNDARY,
    ByteRange,
    Ranges,
    multipart,
    multipart_size,
    ranges,
)

_FAILED_OVER = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(kw_only=True, slots=True)
class ViewerResponse:
    """What the viewer gets, and what the log tells.

    :param size: Of the body as it is sent. None: only its end will tell.
    :param source: What the body comes from, where that is not at hand.
    """

    status: int
    headers: CIMultiDict[str]
    result: Result
    body: bytes | AsyncIterator[bytes] = b""
    size: int | None = None
    source: BodyStream | SharedBody | None = None
    origin_seconds: float | None = None

    def close(self) -> None:
        """Its body will not be sent, or not to its end."""
        if self.source:
            close(self.source)


class Exchange:
    """One request through one distribution."""

    def __init__(
        self,
        distribution: Distribution,
        behavior: Behavior,
        request: ViewerRequest,
        body: BodyStream | None,
        origins: OriginClient,
    ) -> None:
        self.distribution = distribution
        self.behavior = behavior
        self.request = request
        self.body = body
        self.identity = request_id()
        self.origin_seconds: float | None = None
        self._origins = origins

    async def ask(
        self, headers: Mapping[str, str], request: ViewerRequest | None = None
    ) -> Response:
        """Ask the origin, and the second of a group when the first fails.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
        """
        started = time.perf_counter()
        behavior, request = self.behavior, request or self.request
        try:
            for origin in behavior.origins:
                asked = origin_request(origin, behavior, request, self.identity)
                asked.headers.update(headers)
                response = await self._origins.send(asked, self.body)
                if behavior.removes_set_cookie:
                    response.headers.popall("Set-Cookie", None)
                if request.method not in _FAILED_OVER or origin == behavior.origins[-1]:
                    break
                # A connection that fails counts as 503.
                has_failed = response.failure is Failure.CONNECTION
                status = 503 if has_failed else response.status
                if status not in behavior.failover_statuses:
                    break
                close(response.body)
            return response
        finally:
            spent = time.perf_counter() - started
            self.origin_seconds = (self.origin_seconds or 0) + spent


class RequestHandler:
    """Decides everything but the bytes on the wire."""

    def __init__(
        self,
        *,
        cache: Cache,
        origins: OriginClient,
        clock: Clock,
        tls_port: int | None = None,
    ) -> None:
        self._clock = clock
        self._tls_port = tls_port
        self._cache = cache
        self._origins = origins

    def begin(
        self,
        distribution: Distribution | None,
        request: ViewerRequest,
        body: BodyStream | None = None,
    ) -> ViewerResponse | Callable[[], Awaitable[ViewerResponse]]:
        """What is refused or in the cache is answered at once; the rest has to be awaited."""
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-403-permission-denied.html
        if distribution is None:
            reason = "No deployed distribution has this host name."
            return own_answer(error_response(403, reason))
        if not distribution.enabled:
            return own_answer(error_response(403, "The distribution is disabled."))
        asked = request
        if request.path == "/" and distribution.default_root_object:
            request = replace(request, path="/" + distribution.default_root_object)
        behavior = match(distribution, request.path)
        refused = _refusal_of_protocol(behavior, asked, self._tls_port) or _refusal(
            behavior, request, body
        )
        if refused:
            return own_answer(refused, behavior)
        if blocked := _refusal_of_country(distribution, request):
            exchange = Exchange(distribution, behavior, request, None, self._origins)
            return partial(self._uncached, exchange, blocked)
        if behavior.trusted_keys is not None:
            try:
                signatures.check(request, behavior.trusted_keys, self._clock())
            except signatures.Refused as error:
                return own_answer(_forbidden(error), behavior)
            query = signatures.without_signature(request.query)
            request = replace(request, query=query)
        exchange = Exchange(distribution, behavior, request, body, self._origins)
        if _is_uncached(behavior, request):
            return partial(self._pass_through, exchange)
        is_part = request.method == "GET" and "Range" in request.headers
        wanted = ranges(request.headers) if is_part else None
        key = cache_key(distribution, behavior, request)
        if outcome := self._cache.fresh(key, wanted):
            return _finished(exchange, outcome, wanted)
        return partial(self._miss, exchange, key, wanted)

    async def _miss(
        self, exchange: Exchange, key: Key, wanted: Ranges | None
    ) -> ViewerResponse:
        outcome = await self._fetch(exchange, key, wanted)
        return _finished(exchange, outcome, wanted)

    async def _fetch(
        self, exchange: Exchange, key: Key, wanted: Ranges | None = None
    ) -> Outcome:
        behavior, request = exchange.behavior, exchange.request
        # Assumed, not documented: a HEAD that misses fetches what a GET would.
        if request.method == "HEAD":
            request = replace(request, method="GET")

        async def ask(headers: Mapping[str, str]) -> Response:
            response = await exchange.ask(headers, request)
            may_compress = behavior.compress and key.encoding
            return compressed(response, may_compress) if may_compress else response

        cookies = behavior.forwards_cookies
        fetch = Fetch(
            key=key,
            ranges=wanted,
            ask=ask,
            ttls=behavior.cache.ttls,
            error_ttl=lambda status: exchange.distribution.error_rule(status).ttl,
            error_page=partial(self._error_page, exchange),
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
            collapse=not cookies,
            revalidate=not cookies,
            tag_header=exchange.distribution.tag_header,
        )
        return await self._cache.answer(fetch)

    async def _pass_through(self, exchange: Exchange) -> ViewerResponse:
        request, body = exchange.request, exchange.body
        headers = {
            name: ", ".join(request.headers.getall(name))
            for name in CONDITIONS
            if name in request.headers
        }
        if body and body.size is not None:
            headers["Content-Length"] = str(body.size)
        elif body is None and "Content-Length" in request.headers:
            headers["Content-Length"] = "0"
        return await self._uncached(exchange, await exchange.ask(headers))

    async def _uncached(self, exchange: Exchange, response: Response) -> ViewerResponse:
        result = Result.MISS
        if response.status >= 400:
            result = Result.ERROR
            response = await self._error_page(exchange, response)
        outcome = Outcome(response=response, result=result, body=response.body)
        return _finished(exchange, outcome)

    async def _error_page(self, exchange: Exchange, error: Response) -> Response:
        """The custom error page in the place of an error, or else the error.

        When the page itself is an error, CloudFront shows that one:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html
        """
        rule = exchange.distribution.error_rule(error.status)
        if not rule.page or exchange.request.path == rule.page:
            return error
        request = replace(exchange.request, method="GET", path=rule.page, query="")
        behavior = match(exchange.distribution, rule.page)
        if not behavior.origins:
            return error
        close(error.body)
        distribution = exchange.distribution
        alone = Exchange(distribution, behavior, request, None, self._origins)
        if _is_uncached(behavior, request):
            page = await alone.ask({})
        else:
            key = cache_key(distribution, behavior, request)
            outcome = await self._fetch(alone, key)
            page = replace(outcome.response, body=outcome.body)
        is_found = page.status < 400
        return replace(page, status=rule.status or error.status) if is_found else page


def own_answer(response: Response, behavior: Behavior | None = None) -> ViewerResponse:
    """A response of the edge itself."""
    headers = response.headers.copy()
    result = Result.ERROR if response.status >= 400 else Result.REDIRECT
    finish(headers, result=result, identity=request_id(), behavior=behavior)
    assert isinstance(response.body, bytes)
    return ViewerResponse(
        status=response.status,
        headers=headers,
        result=result,
        body=response.body,
        size=len(response.body),
    )


def _refusal_of_protocol(
    behavior: Behavior, request: ViewerRequest, tls_port: int | None
) -> Response | None:
    """
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-viewers-to-cloudfront.html
    """
    if request.scheme != "http" or behavior.viewer_protocol_policy == "allow-all":
        return None
    moved = request.method in ("GET", "HEAD")
    is_too_old = not moved and request.version == "1.0"
    if behavior.viewer_protocol_policy == "https-only" or is_too_old:
        return error_response(403, "This file is to be asked for with HTTPS.")
    host = request.headers.get("Host", "").partition(":")[0]
    query = f"?{request.query}" if request.query else ""
    status = 301 if moved else 307
    page = f"<html><head><title>{HTTPStatus(status).phrase}</title></head></html>"
    location = f"https://{host}:{tls_port}{request.path}{query}"
    return own_response(status, page, Location=location)


def _refusal_of_country(
    distribution: Distribution, request: ViewerRequest
) -> Response | None:
    """A viewer who plays no country is let in, since nobody knows where it is."""
    allowed, blocked = distribution.allowed_countries, distribution.blocked_countries
    if allowed is None and not blocked:
        return None
    country = request.headers.get(f"{VIEWER_OVERRIDE_PREFIX}country", "").upper()
    is_allowed = (allowed is None or country in allowed) and country not in blocked
    if not country or is_allowed:
        return None
    return error_response(
        403,
        "The Amazon CloudFront distribution is configured to block access from your "
        "country.",
    )


def _forbidden(error: signatures.Refused) -> Response:
    page = (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{error.code}</Code>'
        f"<Message>{error.message}</Message></Error>"
    )
    return own_response(403, page, kind="text/xml")


def _is_uncached(behavior: Behavior, request: ViewerRequest) -> bool:
    return behavior.cache.disabled or request.method not in behavior.cached_methods


def _refusal(
    behavior: Behavior, request: ViewerRequest, body: BodyStream | None
) -> Response | None:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-403-invalid-method.html
    if request.method not in behavior.allowed_methods:
        return error_response(
            403,
            "This distribution is not configured to allow the HTTP request method "
            f"{request.method}.",
        )
    if body and request.method in ("GET", "HEAD"):
        return error_response(403, f"A {request.method} request must not have a body.")
    if not behavior.origins:
        return error_response(502, "The behavior's origin does not exist.")
    return None


def _finished(
    exchange: Exchange, outcome: Outcome, wanted: Ranges | None = None
) -> ViewerResponse:
    behavior, request = exchange.behavior, exchange.request
    status, headers, size, body = _selected(outcome, request, wanted)
    if not outcome.response.own:
        narrow_vary(headers, behavior)
        apply_policy(
            headers, behavior.response_headers, request.headers, request.method
        )
    result = Result.ERROR if status >= 400 else outcome.result
    if is_timed(behavior.response_headers, request.headers):
        timing = server_timing(result, exchange.identity, exchange.origin_seconds)
        headers.add("Server-Timing", timing)
    finish(
        headers,
        result=result,
        identity=exchange.identity,
        behavior=behavior,
        age=outcome.age,
    )
    return ViewerResponse(
        status=status,
        headers=headers,
        result=result,
        body=body,
        size=size,
        source=None if isinstance(outcome.body, bytes) else outcome.body,
        origin_seconds=exchange.origin_seconds,
    )


_Selected = tuple[int, CIMultiDict[str], int | None, bytes | AsyncIterator[bytes]]


def _selected(
    outcome: Outcome, request: ViewerRequest, wanted: Ranges | None
) -> _Selected:
    """The whole, parts of it, or word that the viewer has it already or wants another."""
    response, total = outcome.response, outcome.total
    headers = response.headers.copy()
    status = response.status
    if status == 200 and request.method in ("GET", "HEAD"):
        if precondition_failed(request.headers, headers):
            return _without_body(412, headers)
        if not_modified(request.headers, headers):
            return _without_body(304, headers)
    if (
        wanted
        and total is not None
        and outcome.cuttable
        and status == 200
        and wanted.allowed_by(headers)
    ):
        found = wanted.of(total)
        if not found:
            headers["Content-Range"] = f"bytes */{total}"
            return _without_body(416, headers)
        if all(a.stop <= b.start for a, b in zip(found, found[1:], strict=False)):
            return _parts(outcome, headers, found, total)
    body = outcome.body
    if request.method == "HEAD" and "Content-Length" in headers:
        return status, headers, int(headers.popone("Content-Length")), b""
    if isinstance(body, bytes):
        return status, headers, len(body), body
    if isinstance(body, SharedBody) and body.data is not None:
        return status, headers, len(body.data), body.data
    return status, headers, body.size, body.chunks()


def _without_body(status: int, headers: CIMultiDict[str]) -> _Selected:
    return status, headers, 0, b""


def _parts(
    outcome: Outcome, headers: CIMultiDict[str], found: Sequence[ByteRange], total: int
) -> _Selected:
    body = outcome.body
    if isinstance(body, bytes):
        body = SharedBody.of(body)
    assert isinstance(body, SharedBody)
    start, read = body.start, body.chunks
    if len(found) > 1:
        kind = headers.get("Content-Type", "")
        headers["Content-Type"] = f"multipart/byteranges; boundary={BOUNDARY}"
        size = multipart_size(found, total, kind)
        parts = multipart(
            found, total, kind, lambda one: read(one.start - start, one.stop - start)
        )
        return 206, headers, size, parts
    (part,) = found
    if body.size is not None:
        # An origin may send less than it was asked for.
        stop = min(part.stop, start + body.size)
        part = ByteRange(start=max(part.start, start), stop=stop)
    headers["Content-Range"] = part.content_range(total)
    size = part.stop - part.start
    if body.data is not None:
        return 206, headers, size, body.data[part.start - start : part.stop - start]
    return 206, headers, size, read(part.start - start, part.stop - start)
