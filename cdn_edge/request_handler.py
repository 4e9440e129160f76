"""From a viewer's request to the answer: the order in which CloudFront decides."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace

import aiohttp

from cdn_edge.cache import Cache, Outcome, Rules
from cdn_edge.cache_key import ViewerRequest, cache_key, match, origin_request
from cdn_edge.configuration import Behavior, Distribution
from cdn_edge.headers import (
    ByteRange,
    Result,
    apply_policy,
    byte_range,
    finish,
    narrow_vary,
    not_modified,
    request_id,
)
from cdn_edge.origin_client import Origins, Response, error_response

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
LONGEST_URL = 8192


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the viewer gets, and what the log tells.

    :param window: The part of the body that is sent. None: all of it.
    """

    response: Response
    result: Result
    window: ByteRange | None = None
    origin_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Body:
    """A viewer's request body, passed on as it comes."""

    stream: aiohttp.StreamReader
    length: str | None


class Exchange:
    """One request through one distribution."""

    def __init__(
        self, *, distribution: Distribution, request: ViewerRequest, body: Body | None
    ) -> None:
        self.distribution = distribution
        self.request = request
        self.body = body
        self.identity = request_id()
        self.origin_seconds: float | None = None

    async def timed(self, asked: Awaitable[Response]) -> Response:
        started = time.perf_counter()
        try:
            return await asked
        finally:
            spent = time.perf_counter() - started
            self.origin_seconds = (self.origin_seconds or 0) + spent


class Answers:
    """Decides everything but the bytes on the wire."""

    def __init__(self, *, cache: Cache, origins: Origins) -> None:
        self._cache = cache
        self._origins = origins

    async def answer(
        self,
        distribution: Distribution | None,
        request: ViewerRequest,
        body: Body | None,
    ) -> Answer:
        refused = _refusal_of_target(request)
        if refused:
            return _own_answer(refused)
        if distribution is None or not distribution.enabled:
            return _own_answer(_refusal_of_host(distribution))
        if request.path == "/" and distribution.default_root_object:
            request = replace(request, path="/" + distribution.default_root_object)
        behavior = match(distribution, request.path)
        refused = _refusal(behavior, request, body)
        if refused:
            return _own_answer(refused)
        exchange = Exchange(distribution=distribution, request=request, body=body)
        outcome = await self._fetch(exchange, behavior, request)
        outcome = await self._with_error_page(exchange, outcome)
        return _finished(exchange, behavior, outcome)

    async def _fetch(
        self, exchange: Exchange, behavior: Behavior, request: ViewerRequest
    ) -> Outcome:
        if behavior.cache.disabled or request.method not in behavior.cached_methods:
            return await self._pass_through(exchange, behavior, request)
        # Assumed, not documented: a HEAD that misses fetches what a GET would.
        if request.method == "HEAD":
            request = replace(request, method="GET")
        asked = origin_request(behavior, request, exchange.identity)

        async def ask(validators: Mapping[str, str]) -> Response:
            return await exchange.timed(self._origins.send(asked, validators))

        key = cache_key(exchange.distribution, behavior, request)
        return await self._cache.answer(key, _rules(exchange, behavior), ask)

    async def _pass_through(
        self, exchange: Exchange, behavior: Behavior, request: ViewerRequest
    ) -> Outcome:
        asked = origin_request(behavior, request, exchange.identity)
        for name in ("Range", "If-Range"):
            if name in request.headers:
                asked.headers[name] = request.headers[name]
        body = exchange.body
        if body and body.length is not None:
            asked.headers["Content-Length"] = body.length
        sent = self._origins.send(asked, body=body.stream if body else None)
        return Outcome(response=await exchange.timed(sent), result=Result.MISS)

    async def _with_error_page(self, exchange: Exchange, outcome: Outcome) -> Outcome:
        status = outcome.response.status
        rule = exchange.distribution.error_rule(status)
        if status < 400 or not rule.page:
            return outcome
        request = replace(exchange.request, method="GET", path=rule.page, query="")
        behavior = match(exchange.distribution, rule.page)
        page = await self._fetch(exchange, behavior, request)
        unread, shown = (
            (outcome, page) if page.response.status < 400 else (page, outcome)
        )
        if unread.response.rest:
            unread.response.rest.close()
        if shown is outcome:
            return outcome
        response = replace(page.response, status=rule.status or status)
        return replace(page, response=response)


def _refusal_of_target(request: ViewerRequest) -> Response | None:
    if not request.path.startswith("/"):
        return error_response(
            400, "The request target must be a path, such as /index.html."
        )
    if len(request.path) + len(request.query) > LONGEST_URL:
        return error_response(414, f"The URL is longer than {LONGEST_URL} bytes.")
    return None


def _refusal_of_host(distribution: Distribution | None) -> Response:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-403-permission-denied.html
    if distribution is None:
        return error_response(403, "No deployed distribution has this host name.")
    return error_response(403, "The distribution is disabled.")


def _refusal(
    behavior: Behavior, request: ViewerRequest, body: Body | None
) -> Response | None:
    if behavior.signed:
        return error_response(
            403, "Missing Key. The edge does not check signed URLs and cookies."
        )
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


def _rules(exchange: Exchange, behavior: Behavior) -> Rules:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
    cookies = behavior.forwards_cookies
    return Rules(
        ttls=behavior.cache.ttls,
        error_ttl=lambda status: exchange.distribution.error_rule(status).ttl,
        revalidate=not cookies,
        collapse=not cookies,
    )


def _own_answer(response: Response) -> Answer:
    headers = response.headers.copy()
    finish(
        headers,
        status=response.status,
        result=Result.ERROR,
        age=None,
        identity=request_id(),
    )
    return Answer(response=replace(response, headers=headers), result=Result.ERROR)


def _finished(exchange: Exchange, behavior: Behavior, outcome: Outcome) -> Answer:
    request = exchange.request
    response, window = _selected(outcome.response, request)
    headers = response.headers
    if not response.own:
        narrow_vary(headers, behavior)
        apply_policy(
            headers, behavior.response_headers, request.headers, request.method
        )
    finish(
        headers,
        status=response.status,
        result=outcome.result,
        age=outcome.age,
        identity=exchange.identity,
    )
    return Answer(
        response=response,
        result=Result.ERROR if response.status >= 400 else outcome.result,
        window=window,
        origin_seconds=exchange.origin_seconds,
    )


def _selected(
    given: Response, request: ViewerRequest
) -> tuple[Response, ByteRange | None]:
    """The whole, a part of it, or word that the viewer has it already."""
    response = replace(given, headers=given.headers.copy())
    if given.status != 200 or request.method not in ("GET", "HEAD"):
        return response, None
    if not_modified(request.headers, given.headers):
        response.headers.popall("Content-Length", None)
        return replace(response, status=304, body=b""), None
    size = _size(given)
    window = byte_range(request.headers, given.headers, size) if size else None
    if window is None:
        return response, None
    response.headers.popall("Content-Length", None)
    if window.start == window.stop:
        response.headers["Content-Range"] = f"bytes */{size}"
        return replace(response, status=416, body=b""), None
    response.headers["Content-Range"] = window.content_range(size)
    response.headers["Content-Length"] = str(window.stop - window.start)
    return replace(response, status=206), window


def _size(response: Response) -> int:
    length = response.headers.get("Content-Length")
    return int(length) if response.rest and length else len(response.body)
