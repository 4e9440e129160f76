"""The cache: one copy for each key, fetched once however many ask for it at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from cdn_edge.cache_key import Key
from cdn_edge.configuration import Ttls
from cdn_edge.freshness import Lifetime, lifetime
from cdn_edge.headers import Result
from cdn_edge.origin_client import Response

Clock = Callable[[], float]
Ask = Callable[[Mapping[str, str]], Awaitable[Response]]

DEFAULT_CAPACITY = 256 * 1024 * 1024
LARGEST_SHARE = 8

_HEADERS_SIZE = 1024
_OF_THE_BODY = ("content-length", "content-encoding", "content-type")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How one behaviour caches.

    :param revalidate: Whether expired copies are asked for by ``If-None-Match``.
    :param collapse: Whether simultaneous misses wait for one fetch.
    """

    ttls: Ttls
    error_ttl: Callable[[int], float]
    revalidate: bool = True
    collapse: bool = True


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A response in the cache."""

    response: Response
    lifetime: Lifetime
    fetched_at: float
    checked_again_at: float

    @property
    def expires_at(self) -> float:
        return self.fetched_at + self.lifetime.fresh

    @property
    def size(self) -> int:
        return len(self.response.body) + _HEADERS_SIZE

    def stands_in_for_errors(self, now: float) -> bool:
        allowed = self.lifetime.stale_if_error
        in_time = allowed is None or now < self.expires_at + allowed
        return self.response.status < 400 and in_time

    def is_shown_while_refreshed(self, now: float) -> bool:
        return now < self.expires_at + self.lifetime.stale_while_revalidate

    def validators(self) -> Mapping[str, str]:
        names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        headers = self.response.headers
        return {names[name]: headers[name] for name in names if name in headers}

    def age(self, now: float) -> int:
        own = self.response.headers.get("Age", "0")
        return int(max(0.0, now - self.fetched_at)) + (
            int(own) if own.isdecimal() else 0
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An answer and where it came from.

    :param shared: Whether those who waited for the same fetch may have it too.
    """

    response: Response
    result: Result
    age: int | None = None
    shared: bool = False


class Store:
    """Copies by key; the least recently used go when there is no room."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._copies: OrderedDict[Key, Copy] = OrderedDict()

    def get(self, key: Key) -> Copy | None:
        if key in self._copies:
            self._copies.move_to_end(key)
        return self._copies.get(key)

    def put(self, key: Key, copy: Copy) -> None:
        self.discard(key)
        self._copies[key] = copy
        self._size += copy.size
        while self._size > self._capacity:
            self.discard(next(iter(self._copies)))

    def discard(self, key: Key) -> None:
        if copy := self._copies.pop(key, None):
            self._size -= copy.size

    def discard_all(self, condemned: Callable[[Key], bool]) -> None:
        for key in [key for key in self._copies if condemned(key)]:
            self.discard(key)


class Cache:
    """Answers from the store, from the origin, or from what another is fetching."""

    def __init__(self, *, clock: Clock, capacity: int = DEFAULT_CAPACITY) -> None:
        self._clock = clock
        self._store = Store(capacity)
        self._flights: dict[Key, asyncio.Task[Outcome]] = {}

    def discard(self, condemned: Callable[[Key], bool]) -> None:
        self._store.discard_all(condemned)

    async def answer(self, key: Key, rules: Rules, ask: Ask) -> Outcome:
        copy = self._store.get(key)
        now = self._clock()
        if copy and now < copy.checked_again_at:
            return _from_cache(copy, now)
        if copy and copy.is_shown_while_refreshed(now):
            self._refresh_in_the_background(key, rules, ask)
            return _from_cache(copy, now)
        if not rules.collapse:
            return await self._fetch(key, rules, ask)
        return await self._join(key, rules, ask)

    async def _join(self, key: Key, rules: Rules, ask: Ask) -> Outcome:
        flight = self._flights.get(key)
        leads = flight is None
        if flight is None:
            flight = self._start(key, rules, ask)
        # Shielded: a viewer that goes away must not take the answer from the others.
        outcome = await asyncio.shield(flight)
        if leads:
            return outcome
        if outcome.shared:
            return replace(outcome, result=Result.HIT, age=outcome.age or 0)
        return await self._fetch(key, rules, ask)

    def _start(self, key: Key, rules: Rules, ask: Ask) -> asyncio.Task[Outcome]:
        flight = asyncio.ensure_future(self._fetch(key, rules, ask))
        self._flights[key] = flight
        flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return flight

    def _refresh_in_the_background(self, key: Key, rules: Rules, ask: Ask) -> None:
        if key not in self._flights:
            self._start(key, rules, ask).add_done_callback(_close_unread)

    async def _fetch(self, key: Key, rules: Rules, ask: Ask) -> Outcome:
        copy = self._store.get(key)
        validators = copy.validators() if copy and rules.revalidate else {}
        response = await ask(validators)
        now = self._clock()
        if copy and response.status >= 500 and copy.stands_in_for_errors(now):
            _close(response)
            return self._keep_stale(key, copy, now + rules.error_ttl(response.status))
        if copy and validators and response.status == 304:
            renewed = _renewed(copy.response, response)
            self._keep(key, renewed, rules, now)
            return Outcome(
                response=renewed, result=Result.REFRESH_HIT, age=0, shared=True
            )
        fresh = self._keep(key, response, rules, now)
        return Outcome(response=response, result=Result.MISS, shared=fresh > 0)

    def _keep(self, key: Key, response: Response, rules: Rules, now: float) -> float:
        life = lifetime(
            response.status,
            response.headers,
            ttls=rules.ttls,
            error_ttl=rules.error_ttl(response.status),
            now=now,
        )
        if life is None or response.rest:
            self._store.discard(key)
            return 0
        until = now + life.fresh
        self._store.put(
            key,
            Copy(
                response=response, lifetime=life, fetched_at=now, checked_again_at=until
            ),
        )
        return life.fresh

    def _keep_stale(self, key: Key, copy: Copy, until: float) -> Outcome:
        self._store.put(key, replace(copy, checked_again_at=until))
        age = copy.age(self._clock())
        return Outcome(response=copy.response, result=Result.HIT, age=age, shared=True)


def _from_cache(copy: Copy, now: float) -> Outcome:
    return Outcome(response=copy.response, result=Result.HIT, age=copy.age(now))


def _renewed(old: Response, new: Response) -> Response:
    headers = old.headers.copy()
    told = [(n, v) for n, v in new.headers.items() if n.lower() not in _OF_THE_BODY]
    for name, _ in told:
        headers.popall(name, None)
    headers.extend(told)
    return replace(old, headers=headers)


def _close(response: Response) -> None:
    if response.rest:
        response.rest.close()


def _close_unread(flight: asyncio.Task[Outcome]) -> None:
    if not flight.cancelled() and flight.exception() is None:
        _close(flight.result().response)
