"""The cache: one copy for each key, fetched once however many ask for it at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from cdn_edge.body import Body, BodyStream, SharedBody, close
from cdn_edge.cache_key import Key
from cdn_edge.cached_response import CachedResponse, Lifetime, lifetime, storable
from cdn_edge.configuration import Ttls
from cdn_edge.headers import Result
from cdn_edge.messages import Response
from cdn_edge.ranges import Ranges, content_range

Clock = Callable[[], float]
Invalidated = Callable[[Key, frozenset[str]], bool]
"""Whether a copy of this key, with these tags, is to go."""

DEFAULT_CAPACITY = 256 * 1024 * 1024
LARGEST_BODY_DIVISOR = 8


@dataclass(kw_only=True, eq=False)
class Fetch:
    """What is to be asked of the origin, and how the answer is cached.

    :param ask: Asks for it, with these headers besides those of the request.
    :param error_page: Gives the page shown in place of an error, and else the error.
    :param collapse: Whether simultaneous misses wait for one fetch.
    :param revalidate: Whether expired copies are asked for by ``If-None-Match``.
    :param tag_header: The header in which the origin lists cache tags, if there is one.
    :ivar invalidated: An invalidation came meanwhile: what was asked for is old.
    """

    key: Key
    ranges: Ranges | None = None
    ask: Callable[[Mapping[str, str]], Awaitable[Response]]
    ttls: Ttls
    error_ttl: Callable[[int], float]
    error_page: Callable[[Response], Awaitable[Response]]
    collapse: bool = True
    revalidate: bool = True
    tag_header: str = ""
    invalidated: bool = False


@dataclass(kw_only=True, slots=True)
class Outcome:
    """A response and where it came from.

    :param body: The part of the object that is at hand.
    :param total: The size of the whole object.
    :param cuttable: Whether the ranges that the viewer asks for are cut out of it.
    :param shared: Whether those who waited for the same fetch may have it too.
    """

    response: Response
    result: Result
    body: Body
    total: int | None = None
    cuttable: bool = False
    age: int | None = None
    shared: bool = False


class Store:
    """Copies by key; the least recently used go when there is no room."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._copies: OrderedDict[Key, tuple[CachedResponse, int]] = OrderedDict()

    def get(self, key: Key) -> CachedResponse | None:
        found = self._copies.get(key)
        if found is None:
            return None
        self._copies.move_to_end(key)
        return found[0]

    def put(self, key: Key, copy: CachedResponse) -> None:
        self.discard(key)
        size = copy.size
        self._copies[key] = copy, size
        self._size += size
        while self._size > self._capacity:
            self.discard(next(iter(self._copies)))

    def discard(self, key: Key) -> None:
        if found := self._copies.pop(key, None):
            self._size -= found[1]

    def discard_all(self, is_invalidated: Invalidated) -> None:
        found = [
            k for k, (copy, _) in self._copies.items() if is_invalidated(k, copy.tags)
        ]
        for key in found:
            self.discard(key)


class Cache:
    """Answers from the store, from the origin, or from what another is fetching.

    Bodies above an eighth of the capacity pass without being kept.

    :param capacity: In bytes.
    :param standby: Whether ``no-store``, ``no-cache`` and ``private`` responses are kept for
        the case that the origin cannot be reached, with a minimum TTL of 0.
    """

    def __init__(
        self, *, clock: Clock, capacity: int = DEFAULT_CAPACITY, standby: bool = True
    ) -> None:
        self._clock = clock
        self._standby = standby
        self._limit = capacity // LARGEST_BODY_DIVISOR
        self._store = Store(capacity)
        self._flights: dict[tuple[Key, Ranges | None], asyncio.Task[Outcome]] = {}
        self._fetches: set[Fetch] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop whatever is being fetched."""
        tasks = [*self._flights.values(), *self._pumps]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def discard(self, is_invalidated: Invalidated) -> None:
        self._store.discard_all(is_invalidated)
        for fetch in self._fetches:
            fetch.invalidated |= is_invalidated(fetch.key, frozenset())

    def fresh(self, key: Key, ranges: Ranges | None) -> Outcome | None:
        """What can be answered at once, or nothing."""
        copy = self._store.get(key)
        now = self._clock()
        if copy is None or now >= copy.revalidate_at:
            return None
        body = copy.body_for(ranges)
        return _of_copy(copy, body, Result.HIT, now) if body else None

    async def answer(self, fetch: Fetch) -> Outcome:
        if outcome := self.fresh(fetch.key, fetch.ranges):
            return outcome
        copy, body = self._stored(fetch)
        now = self._clock()
        if copy and body and copy.is_shown_while_refreshed(now):
            if (fetch.key, fetch.ranges) not in self._flights:
                self._start(fetch).add_done_callback(_close_unread)
            return _of_copy(copy, body, Result.HIT, now)
        return await (self._join(fetch) if fetch.collapse else self._fetch(fetch))

    def _stored(
        self, fetch: Fetch
    ) -> tuple[CachedResponse, SharedBody] | tuple[None, None]:
        copy = self._store.get(fetch.key)
        body = copy.body_for(fetch.ranges) if copy else None
        return (copy, body) if copy and body else (None, None)

    async def _join(self, fetch: Fetch) -> Outcome:
        flight = self._flights.get((fetch.key, fetch.ranges))
        leads = flight is None
        if flight is None:
            flight = self._start(fetch)
        # Shielded: a viewer that goes away must not take the answer from the others.
        try:
            outcome = await asyncio.shield(flight)
        except asyncio.CancelledError:
            if leads:
                flight.add_done_callback(_close_unread)
            raise
        if leads:
            return outcome
        if outcome.shared:
            return replace(outcome, result=Result.HIT, age=outcome.age or 0)
        return await self._fetch(fetch)

    def _start(self, fetch: Fetch) -> asyncio.Task[Outcome]:
        flight = asyncio.ensure_future(self._fetch(fetch))
        name = (fetch.key, fetch.ranges)
        self._flights[name] = flight
        flight.add_done_callback(lambda _: self._flights.pop(name, None))
        return flight

    async def _fetch(self, fetch: Fetch) -> Outcome:
        self._fetches.add(fetch)
        try:
            return await self._fetched(fetch)
        finally:
            self._fetches.discard(fetch)

    async def _fetched(self, fetch: Fetch) -> Outcome:
        copy, body = self._stored(fetch)
        validators = copy.validators() if copy and fetch.revalidate else {}
        part = fetch.ranges.request_headers if fetch.ranges else {}
        response = await fetch.ask({**part, **validators})
        now = self._clock()
        if copy and body:
            if response.status >= 500 and copy.stands_in_for(response, now):
                close(response.body)
                until = now + fetch.error_ttl(response.status)
                return self._refreshed(
                    fetch, replace(copy, revalidate_at=until), body, now
                )
            if validators and response.status == 304:
                renewed = replace(copy, response=copy.updated_by(response))
                return self._refreshed(
                    fetch, self._dated(fetch, renewed, now), body, now
                )
        if response.status == 206 and part:
            return self._keep_part(fetch, response, now)
        return await self._keep(fetch, response, now, cuttable=not part)

    def _refreshed(
        self, fetch: Fetch, copy: CachedResponse, body: SharedBody, now: float
    ) -> Outcome:
        self._put(fetch, copy)
        return _of_copy(copy, body, Result.REFRESH_HIT, now, shared=True)

    def _dated(self, fetch: Fetch, copy: CachedResponse, now: float) -> CachedResponse:
        life = self._lifetime(fetch, copy.response, now)
        if life is None:
            return replace(copy, revalidate_at=0)
        until = now + life.fresh
        return replace(copy, lifetime=life, fetched_at=now, revalidate_at=until)

    def _lifetime(
        self, fetch: Fetch, response: Response, now: float
    ) -> Lifetime | None:
        found = lifetime(
            response.status,
            response.headers,
            ttls=fetch.ttls,
            error_ttl=fetch.error_ttl(response.status),
            now=now,
        )
        if found and found.only_if_origin_fails and not self._standby:
            return None
        return found

    async def _keep(
        self, fetch: Fetch, response: Response, now: float, *, cuttable: bool
    ) -> Outcome:
        life = self._lifetime(fetch, response, now)
        is_error = response.status >= 400
        result = Result.ERROR if is_error else Result.MISS
        if is_error:
            # The page lives as long as the error that it stands for.
            response = await fetch.error_page(response)
        if life is None:
            self._store.discard(fetch.key)
            return Outcome(response=response, result=result, body=response.body)
        body = self._shared(response.body)
        if body.kept:
            copy = _copy(fetch, response, body, life, now, is_error=is_error)
            self._put(fetch, copy)
            self._begin(body, lambda: self._arrived(fetch.key, copy))
        else:
            self._store.discard(fetch.key)
            self._begin(body, lambda: None)
        return Outcome(
            response=response,
            result=result,
            body=body,
            total=body.size,
            cuttable=cuttable,
            shared=body.kept and life.fresh > 0,
        )

    def _shared(self, body: Body, *, start: int = 0) -> SharedBody:
        if isinstance(body, SharedBody):
            return body
        if isinstance(body, bytes):
            return SharedBody.of(body, start=start)
        return SharedBody(body, limit=self._limit, start=start)

    def _begin(self, body: SharedBody, finished: Callable[[], None]) -> None:
        if task := body.begin(finished):
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    def _arrived(self, key: Key, copy: CachedResponse) -> None:
        """The body is complete, or will never be."""
        current = self._store.get(key)
        if current is None or current.parts != copy.parts:
            return
        (body,) = copy.parts
        if body.data is not None:
            self._store.put(key, replace(current, total=len(body.data)))
        else:
            self._store.discard(key)

    def _keep_part(self, fetch: Fetch, response: Response, now: float) -> Outcome:
        source = response.body
        size = source.size if isinstance(source, BodyStream) else None
        whole = replace(response, status=200, headers=response.headers.copy())
        whole.headers.popall("Content-Range", None)
        life = self._lifetime(fetch, whole, now)
        found = content_range(response.headers)
        if found is None or life is None or size != found[0].stop - found[0].start:
            return Outcome(response=response, result=Result.MISS, body=source)
        part, total = found
        body = self._shared(source, start=part.start)
        copy = replace(
            _copy(fetch, whole, body, life, now), is_whole=False, total=total
        )
        self._begin(body, lambda: self._part_arrived(fetch, copy))
        return Outcome(
            response=whole,
            result=Result.MISS,
            body=body,
            total=total,
            cuttable=True,
            shared=body.kept and life.fresh > 0,
        )

    def _part_arrived(self, fetch: Fetch, copy: CachedResponse) -> None:
        (body,) = copy.parts
        if body.data is None:
            return
        known = self._store.get(fetch.key)
        if known and known.is_whole and self._clock() < known.revalidate_at:
            return
        if known and (joined := known.with_part(copy)):
            copy = joined
        elif not body.start and body.arrived == copy.total:
            copy = replace(copy, is_whole=True)
        self._put(fetch, copy)

    def _put(self, fetch: Fetch, copy: CachedResponse) -> None:
        if not fetch.invalidated:
            self._store.put(fetch.key, copy)


def _copy(
    fetch: Fetch,
    response: Response,
    body: SharedBody,
    life: Lifetime,
    now: float,
    *,
    is_error: bool = False,
) -> CachedResponse:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-by-tags.html
    header = fetch.tag_header
    listed = ",".join(response.headers.getall(header, ())) if header else ""
    tags = {tag.strip().lower() for tag in listed.split(",")} - {""}
    return CachedResponse(
        response=storable(response),
        parts=(body,),
        total=body.size,
        lifetime=life,
        fetched_at=now,
        revalidate_at=now + life.fresh,
        is_error=is_error,
        tags=frozenset(tags),
    )


def _of_copy(
    copy: CachedResponse,
    body: SharedBody,
    result: Result,
    now: float,
    *,
    shared: bool = False,
) -> Outcome:
    return Outcome(
        response=copy.response,
        result=Result.ERROR if copy.is_error else result,
        body=body if body.data is None or body.start else body.data,
        total=copy.total,
        cuttable=not copy.is_error,
        age=copy.age(now),
        shared=shared,
    )


def _close_unread(flight: asyncio.Task[Outcome]) -> None:
    if not flight.cancelled() and flight.exception() is None:
        close(flight.result().body)
