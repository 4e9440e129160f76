"""The cache: one copy for each key, fetched once however many ask for it at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from cdn_edge.body import Body, BodyStream, SharedBody, close
from cdn_edge.cache_key import Key
from cdn_edge.configuration import Ttls
from cdn_edge.freshness import (
    LONGEST_AGE,
    Lifetime,
    age,
    lifetime,
    named_by_refusals,
)
from cdn_edge.headers import Result
from cdn_edge.origin_client import Response
from cdn_edge.ranges import Ranges, content_range

Clock = Callable[[], float]
Ask = Callable[[Mapping[str, str]], Awaitable[Response]]
Condemned = Callable[[Key, frozenset[str]], bool]
"""Whether a copy of this key, with these tags, is to go."""

DEFAULT_CAPACITY = 256 * 1024 * 1024
LARGEST_SHARE = 8

_HEADERS_SIZE = 1024
_OF_THE_BODY = frozenset(
    {"content-length", "content-encoding", "content-range", "etag"}
)


@dataclass(frozen=True, kw_only=True)
class CachingRules:
    """How one behavior caches.

    :param error_page: Gives the page shown in place of an error, and else the error.
    :param revalidate: Whether expired copies are asked for by ``If-None-Match``.
    :param collapse: Whether simultaneous misses wait for one fetch.
    :param tag_header: The header in which the origin lists cache tags, if there is one.
    """

    ttls: Ttls
    error_ttl: Callable[[int], float]
    error_page: Callable[[Response], Awaitable[Response]]
    revalidate: bool = True
    collapse: bool = True
    tag_header: str = ""


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
    checked_again_at: float
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
        allowed = ranges and ranges.allowed_by(self.response.headers)
        if self.is_whole:
            (body,) = self.parts
            if not (allowed and ranges) or body.complete or self.total is None:
                return body
            return body if _has(body, ranges, self.total) else None
        if not (allowed and ranges) or self.total is None:
            return None
        return next((p for p in self.parts if _has(p, ranges, self.total or 0)), None)

    def stands_in_for(self, failed: Response, now: float) -> bool:
        if self.is_error or (self.lifetime.standby and failed.failure is None):
            return False
        allowed = self.lifetime.stale_if_error
        return allowed is None or now < self.expires_at + allowed

    def is_shown_while_refreshed(self, now: float) -> bool:
        return now < self.expires_at + self.lifetime.stale_while_revalidate

    def validators(self) -> Mapping[str, str]:
        if self.lifetime.standby or self.is_error:
            return {}
        names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        headers = self.response.headers
        return {names[name]: headers[name] for name in names if name in headers}

    def age(self, now: float) -> int:
        return int(max(0.0, now - self.fetched_at)) + self._origin_age


def _has(part: SharedBody, ranges: Ranges, total: int) -> bool:
    end = part.start + part.arrived
    return all(part.start <= one.start and one.stop <= end for one in ranges.of(total))


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

    def discard_all(self, condemned: Condemned) -> None:
        found = [k for k, (copy, _) in self._copies.items() if condemned(k, copy.tags)]
        for key in found:
            self.discard(key)


@dataclass(kw_only=True, eq=False)
class _Fetch:
    """What is being asked of the origin.

    :ivar condemned: An invalidation came meanwhile: what was asked for is old.
    """

    key: Key
    ranges: Ranges | None
    rules: CachingRules
    ask: Ask
    condemned: bool = False


class Cache:
    """Answers from the store, from the origin, or from what another is fetching.

    :param limit: Bodies above this many bytes pass without being kept.
    :param standby: Whether ``no-store``, ``no-cache`` and ``private`` responses are kept for
        the case that the origin cannot be reached, with a minimum TTL of 0.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        capacity: int = DEFAULT_CAPACITY,
        limit: int | None = None,
        standby: bool = True,
    ) -> None:
        self._clock = clock
        self._standby = standby
        self._limit = capacity // LARGEST_SHARE if limit is None else limit
        self._store = Store(capacity)
        self._flights: dict[tuple[Key, Ranges | None], asyncio.Task[Outcome]] = {}
        self._fetches: set[_Fetch] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop whatever is being fetched."""
        tasks = [*self._flights.values(), *self._pumps]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def discard(self, condemned: Condemned) -> None:
        self._store.discard_all(condemned)
        for fetch in self._fetches:
            fetch.condemned |= condemned(fetch.key, frozenset())

    def fresh(self, key: Key, ranges: Ranges | None) -> Outcome | None:
        """What can be answered at once, or nothing."""
        copy = self._store.get(key)
        now = self._clock()
        if copy is None or now >= copy.checked_again_at:
            return None
        body = copy.body_for(ranges)
        return _of_copy(copy, body, Result.HIT, now) if body else None

    async def answer(
        self, key: Key, rules: CachingRules, ask: Ask, ranges: Ranges | None = None
    ) -> Outcome:
        copy = self._store.get(key)
        now = self._clock()
        body = copy.body_for(ranges) if copy else None
        if copy and body and now < copy.checked_again_at:
            return _of_copy(copy, body, Result.HIT, now)
        fetch = _Fetch(key=key, ranges=ranges, rules=rules, ask=ask)
        if copy and body and copy.is_shown_while_refreshed(now):
            if (key, ranges) not in self._flights:
                self._start(fetch).add_done_callback(_close_unread)
            return _of_copy(copy, body, Result.HIT, now)
        if not rules.collapse:
            return await self._fetch(fetch)
        return await self._join(fetch)

    async def _join(self, fetch: _Fetch) -> Outcome:
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

    def _start(self, fetch: _Fetch) -> asyncio.Task[Outcome]:
        flight = asyncio.ensure_future(self._fetch(fetch))
        name = (fetch.key, fetch.ranges)
        self._flights[name] = flight
        flight.add_done_callback(lambda _: self._flights.pop(name, None))
        return flight

    async def _fetch(self, fetch: _Fetch) -> Outcome:
        self._fetches.add(fetch)
        try:
            return await self._fetched(fetch)
        finally:
            self._fetches.discard(fetch)

    async def _fetched(self, fetch: _Fetch) -> Outcome:
        rules, ranges = fetch.rules, fetch.ranges
        copy = self._store.get(fetch.key)
        body = copy.body_for(ranges) if copy else None
        validators = copy.validators() if copy and body and rules.revalidate else {}
        wanted = _range_headers(ranges)
        response = await fetch.ask({**wanted, **validators})
        now = self._clock()
        if (
            copy
            and body
            and response.status >= 500
            and copy.stands_in_for(response, now)
        ):
            close(response.body)
            until = now + rules.error_ttl(response.status)
            stale = replace(copy, checked_again_at=until)
            self._put(fetch, stale)
            return _of_copy(stale, body, Result.REFRESH_HIT, now, shared=True)
        if copy and body and validators and response.status == 304:
            renewed = replace(copy, response=_renewed(copy.response, response))
            renewed = self._dated(renewed, rules, now)
            self._put(fetch, renewed)
            return _of_copy(renewed, body, Result.REFRESH_HIT, now, shared=True)
        if response.status == 206 and wanted:
            return self._keep_part(fetch, response, now)
        return await self._keep(fetch, response, now, cuttable=not wanted)

    def _begin(self, body: SharedBody, finished: Callable[[], None]) -> None:
        if task := body.begin(finished):
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    def _dated(
        self, copy: CachedResponse, rules: CachingRules, now: float
    ) -> CachedResponse:
        life = self._lifetime(copy.response, rules, now, status=copy.response.status)
        if life is None:
            return replace(copy, checked_again_at=0)
        until = now + life.fresh
        return replace(copy, lifetime=life, fetched_at=now, checked_again_at=until)

    def _lifetime(
        self, response: Response, rules: CachingRules, now: float, *, status: int
    ) -> Lifetime | None:
        found = lifetime(
            status,
            response.headers,
            ttls=rules.ttls,
            error_ttl=rules.error_ttl(status),
            now=now,
        )
        return None if found and found.standby and not self._standby else found

    async def _keep(
        self, fetch: _Fetch, response: Response, now: float, *, cuttable: bool
    ) -> Outcome:
        rules = fetch.rules
        life = self._lifetime(response, rules, now, status=response.status)
        is_error = response.status >= 400
        result = Result.ERROR if is_error else Result.MISS
        if is_error:
            # The page lives as long as the error that it stands for.
            response = await rules.error_page(response)
        if life is None:
            self._store.discard(fetch.key)
            return Outcome(
                response=response,
                result=result,
                body=response.body,
                total=_size(response.body),
                cuttable=cuttable,
            )
        body = _shared(response.body, limit=self._limit)
        outcome = Outcome(
            response=response,
            result=result,
            body=body,
            total=body.size,
            cuttable=cuttable,
            shared=body.kept and life.fresh > 0,
        )
        if not body.kept:
            self._store.discard(fetch.key)
            self._begin(body, lambda: None)
            return outcome
        copy = CachedResponse(
            response=_storable(response),
            parts=(body,),
            total=body.size,
            lifetime=life,
            fetched_at=now,
            checked_again_at=now + life.fresh,
            is_error=is_error,
            tags=_tags(response, rules.tag_header),
        )
        self._put(fetch, copy)
        self._begin(body, lambda: self._arrived(fetch.key, copy))
        return outcome

    def _arrived(self, key: Key, copy: CachedResponse) -> None:
        """The body is complete, or will never be."""
        current = self._store.get(key)
        if current is None or current.parts != copy.parts:
            return
        (body,) = copy.parts
        if body.complete and body.kept:
            self._store.put(key, replace(current, total=len(body.data)))
        else:
            self._store.discard(key)

    def _keep_part(self, fetch: _Fetch, response: Response, now: float) -> Outcome:
        found = content_range(response.headers)
        life = self._lifetime(response, fetch.rules, now, status=200)
        source = response.body
        size = source.size if isinstance(source, BodyStream) else None
        part, total = found or (None, None)
        if (
            part is None
            or total is None
            or life is None
            or size != part.stop - part.start
        ):
            return Outcome(response=response, result=Result.MISS, body=source)
        head = replace(response, status=200, headers=response.headers.copy())
        head.headers.popall("Content-Range", None)
        body = _shared(source, limit=self._limit, start=part.start)
        copy = CachedResponse(
            response=_storable(head),
            parts=(body,),
            is_whole=False,
            tags=_tags(response, fetch.rules.tag_header),
            total=total,
            lifetime=life,
            fetched_at=now,
            checked_again_at=now + life.fresh,
        )
        self._begin(body, lambda: self._part_arrived(fetch, copy))
        return Outcome(
            response=head,
            result=Result.MISS,
            body=body,
            total=total,
            cuttable=True,
            shared=body.kept and life.fresh > 0,
        )

    def _part_arrived(self, fetch: _Fetch, copy: CachedResponse) -> None:
        (body,) = copy.parts
        if not (body.complete and body.kept):
            return
        known = self._store.get(fetch.key)
        if known and known.is_whole and self._clock() < known.checked_again_at:
            return
        if known and _is_same_version(known, copy):
            parts = _joined([*known.parts, *copy.parts])
            whole = parts[0].start == 0 and parts[0].arrived == copy.total
            # It is as old as its oldest part.
            copy = replace(known, parts=parts, is_whole=whole)
        elif not body.start and body.arrived == copy.total:
            copy = replace(copy, is_whole=True)
        self._put(fetch, copy)

    def _put(self, fetch: _Fetch, copy: CachedResponse) -> None:
        if not fetch.condemned:
            self._store.put(fetch.key, copy)


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
        body=body.data if body.complete and not body.start else body,
        total=copy.total,
        cuttable=not copy.is_error,
        age=copy.age(now),
        shared=shared,
    )


def _range_headers(ranges: Ranges | None) -> Mapping[str, str]:
    header = ranges.header if ranges else None
    if ranges is None or header is None:
        return {}
    condition = {"If-Range": ranges.if_range} if ranges.if_range is not None else {}
    return {"Range": header, **condition}


def _shared(body: Body, *, limit: int, start: int = 0) -> SharedBody:
    if isinstance(body, SharedBody):
        return body
    if isinstance(body, bytes):
        return SharedBody.of(body, start=start)
    return SharedBody(body, limit=limit, start=start)


def _size(body: Body) -> int | None:
    return len(body) if isinstance(body, bytes) else body.size


def _storable(response: Response) -> Response:
    """Without what ``no-cache="Set-Cookie"`` and its like name."""
    names = named_by_refusals(response.headers)
    if not names:
        return response
    headers = response.headers.copy()
    for name in names:
        headers.popall(name, None)
    return replace(response, headers=headers)


def _tags(response: Response, header: str) -> frozenset[str]:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-by-tags.html"""
    listed = ",".join(response.headers.getall(header, ())) if header else ""
    return frozenset(tag.strip().lower() for tag in listed.split(",") if tag.strip())


def _is_same_version(known: CachedResponse, other: CachedResponse) -> bool:
    """Whether parts of two responses are of one object."""
    if known.is_whole or known.total != other.total:
        return False
    mine, theirs = known.response.headers, other.response.headers
    etag = mine.get("ETag")
    if etag or "ETag" in theirs:
        return etag == theirs.get("ETag") and not str(etag).startswith("W/")
    changed = mine.get("Last-Modified")
    return changed is not None and changed == theirs.get("Last-Modified")


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
            more = part.data[end - part.start :]
            done[-1] = SharedBody.of(last.data + more, start=last.start)
    return tuple(done)


def _renewed(old: Response, new: Response) -> Response:
    headers = old.headers.copy()
    told = [(n, v) for n, v in new.headers.items() if n.lower() not in _OF_THE_BODY]
    for name, _ in told:
        headers.popall(name, None)
    headers.extend(told)
    return replace(old, headers=headers)


def _close_unread(flight: asyncio.Task[Outcome]) -> None:
    if not flight.cancelled() and flight.exception() is None:
        close(flight.result().body)
