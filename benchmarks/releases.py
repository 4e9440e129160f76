"""Ten releases of a Wagtail site, seen by the same visitors through the edge, design by design."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

from benchmarks import limits
from benchmarks.django_builds import set_up
from benchmarks.edge import deployed
from benchmarks.pairs import Figure
from benchmarks.releases_designs import Design, Release, Served, designs
from benchmarks.releases_plot import plot, table
from benchmarks.releases_site import RELEASES, UPGRADE, StaticFiles, releases
from cdn_edge.cloudfront_api import Invalidation
from cdn_edge.origin_client import Address
from cdn_edge.server import Edge

ROOT = Path(__file__).parent.parent
PAGE, RESULTS, PICTURE = (
    ROOT / "docs" / f"benchmarks.{suffix}" for suffix in ("md", "json", "svg")
)
DAY = 86_400
RETURNING, NEW, OPEN = 12, 4, 3
_REFERENCE = re.compile(
    rb"""url\(["']?([^"')]+)|import "([^"]+)";|new URL\("\./" \+ (\d+)"""
)


@dataclass(kw_only=True)
class Result:
    """What a design came to.

    :param again: Bytes that returning visitors fetched though they had had the same before.
    :param kept: The share of the bytes that keep their URL, for each release after the first.
    """

    design: str
    is_faulty: bool
    again: int = 0
    origin_requests: int = 0
    origin_bytes: int = 0
    edge_requests: int = 0
    pages: int = 0
    mixed: int = 0
    failed: int = 0
    kept: list[float] = field(default_factory=list)

    @property
    def hit_ratio(self) -> float:
        return 1 - self.origin_requests / self.edge_requests


@dataclass
class Browser:
    """What it has: a body and until when, by URL."""

    cached: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    had: set[bytes] = field(default_factory=set)


def run() -> list[Result]:
    """All designs, and their picture and table for the documentation."""
    set_up()
    sites = list(releases(ROOT / ".local" / "benchmarks" / "wagtail"))
    found = []
    for design in designs():
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            made = [
                design.make(Path(folder), number, files)
                for number, files in enumerate(sites)
            ]
        found.append(asyncio.run(_World(design, sites, made).run()))
        print(line(found[-1]), flush=True)
    check(found)
    write([as_data(one) for one in found])
    return found


def figures() -> Sequence[Figure]:
    """This design against plain build folders, which are as safe."""
    results = {one.design: one for one in run()}
    ours, plain = results["hashed folders"], results["plain build folders"]
    return [
        Figure(
            what=f"{what} over ten releases of a Wagtail site, with hashed_folders",
            alternative="those of plain build folders",
            ours=mine,
            theirs=theirs,
            unit="bytes",
            limit=limit,
        )
        for what, mine, theirs, limit in (
            ("bytes fetched again", ours.again, plain.again, limits.FETCHED_AGAIN),
            (
                "bytes of the origin",
                ours.origin_bytes,
                plain.origin_bytes,
                limits.ORIGIN,
            ),
        )
    ]


def write(results: Sequence[dict[str, Any]]) -> None:
    """The figures, the picture, and the table in the documentation."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PICTURE.write_text(plot(results))
    page = PAGE.read_text()
    start = page.index("| design |")
    end = page.index("\n\n", start)
    PAGE.write_text(page[:start] + table(results) + page[end:])


def as_data(result: Result) -> dict[str, Any]:
    return {**asdict(result), "hit_ratio": round(result.hit_ratio, 4)}


def line(result: Result) -> str:
    code = [share for number, share in enumerate(result.kept, 1) if number != UPGRADE]
    return (
        f"{result.design}: {result.again / 1e6:.1f} MB again, {result.origin_requests} requests "
        f"and {result.origin_bytes / 1e6:.1f} MB of the origin, {result.hit_ratio:.1%} hits, "
        f"{result.mixed} of {result.pages} pages mixed, {result.failed} assets failed, "
        f"{min(code):.1%} to {max(code):.1%} keep their URL without an upgrade"
    )


def check(results: Sequence[Result]) -> None:
    """The faulty ones must show their faults, or the visitors prove nothing."""
    for one in results:
        is_right = one.mixed == one.failed == 0
        assert is_right != one.is_faulty, line(one)
    right = [one for one in results if not one.is_faulty]
    # The first is the one that is recommended.
    ours = results[0]
    assert ours.again == min(one.again for one in right)
    assert ours.origin_requests == min(one.origin_requests for one in right)
    code = [share for number, share in enumerate(ours.kept, 1) if number != UPGRADE]
    assert sum(code) / len(code) >= 0.9, code


class _World:
    """Two servers behind a balancer, an edge, and the visitors of ten days."""

    def __init__(
        self, design: Design, sites: Sequence[StaticFiles], made: Sequence[Release]
    ) -> None:
        self.design, self.sites, self.made = design, sites, made
        self.result = Result(design=design.name, is_faulty=design.is_faulty)
        self.servers: list[Served] = [{}, {}]
        self.versions = [0, 0]
        self.now = 0.0
        self.dice = random.Random(7)
        self._turn = 0

    async def run(self) -> Result:
        origin = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = origin.sockets[0].getsockname()[1]
        self.edge = Edge(
            table={"www.example.com": Address("127.0.0.1", port)},
            log=lambda line: None,
            clock=lambda: self.now,
        )
        self.edge.configure(deployed(_policy(self.design.by_query)))
        reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", await self.edge.start()
        )
        self._reader = reader
        for server in (0, 1):
            self._deploy(server, 0)
        regulars = [Browser() for _ in range(RETURNING)]
        for number in range(RELEASES):
            await self._day(number, regulars)
            self.result.kept += [self._kept(number)] if number else []
        self._writer.close()
        await self.edge.stop()
        origin.close()
        return self.result

    async def _day(self, number: int, regulars: Sequence[Browser]) -> None:
        """A page is left open, the release comes server by server, then everybody comes."""
        self.now += DAY / 2
        left_open = [(Browser(), self.versions[0]) for _ in range(OPEN)]
        for browser, version in left_open:
            await self._page(browser, version, self._names("home", version))
        if number:
            if self.made[number].early:
                for server in (0, 1):
                    self._copy(server, number)
            for server in (0, 1):
                self._deploy(server, number)
                for browser in (Browser(), regulars[server]):
                    version = self.dice.choice(self.versions)
                    await self._page(browser, version, self._names("home", version))
            if self.design.invalidates:
                self.edge.invalidate([Invalidation(distribution_id="D1", paths=["/*"])])
        for browser, version in left_open:
            await self._page(browser, version, self._names("late", version))
        self.now += DAY / 2
        visitors = [(one, True) for one in regulars]
        visitors += [(Browser(), False) for _ in range(NEW)]
        for browser, is_regular in visitors:
            pages = ["home", "article", "editor"] if is_regular else ["home", "article"]
            for page in pages:
                self.now += 30
                await self._page(browser, number, self._names(page, number), is_regular)

    def _names(self, page: str, version: int) -> list[str]:
        """The assets that a page names; stylesheets and modules bring more."""
        css, js, images = {
            "home": (range(8), range(6), range(40)),
            "article": (range(4, 12), range(4, 10), range(30, 80)),
            "editor": (range(2), range(2), range(4)),
            "late": (range(0), range(6), range(80, 100)),
        }[page]
        names = [f"site/css/{one}.css" for one in css]
        names += [f"site/js/{one}.mjs" for one in js]
        names += [f"site/img/{one}.png" for one in images]
        if page == "editor":
            names += [
                name
                for name in self.sites[version]
                if name.startswith(("wagtailadmin/css/", "wagtailadmin/js/"))
                and name.endswith((".css", ".js"))
            ]
        return names

    async def _page(
        self,
        browser: Browser,
        version: int,
        names: Sequence[str],
        is_regular: bool = False,
    ) -> None:
        """Load a page of a release, and what its assets refer to."""
        made = self.made[version]
        todo = [made.url(name) for name in names]
        # A page that is open loads more by names that its scripts put together.
        is_late = not any(name.endswith(".css") for name in names)
        seen, is_mixed = set(todo), False
        while todo:
            url = todo.pop()
            status, body = await self._fetch(browser, url, is_regular)
            if status != 200:
                self.result.failed += 1
                continue
            is_mixed |= body not in made.content
            for reference in _references(url, body, late=is_late):
                if reference not in seen:
                    seen.add(reference)
                    todo.append(reference)
        self.result.pages += 1
        self.result.mixed += is_mixed

    async def _fetch(
        self, browser: Browser, url: str, is_regular: bool
    ) -> tuple[int, bytes]:
        known = browser.cached.get(url)
        if known and known[1] > self.now:
            return 200, known[0]
        self._writer.write(
            f"GET {url} HTTP/1.1\r\nHost: d1.cloudfront.net\r\nAccept: */*\r\n\r\n".encode()
        )
        status, headers, body = await _response(self._reader)
        self.result.edge_requests += 1
        if status == 200:
            age = re.search(rb"max-age=(\d+)", headers)
            browser.cached[url] = (body, self.now + int(age[1]) if age else self.now)
            digest = hashlib.sha256(body).digest()
            if is_regular and digest in browser.had:
                self.result.again += len(body)
            browser.had.add(digest)
        return status, body

    def _kept(self, number: int) -> float:
        """By size, of the files that are the same as before or not."""
        before, after = self.made[number - 1], self.made[number]
        old, new = self.sites[number - 1], self.sites[number]
        same = sum(
            len(body)
            for name, body in new.items()
            if name in old and before.url(name) == after.url(name)
        )
        return same / sum(map(len, new.values()))

    def _copy(self, server: int, number: int) -> None:
        release, files = self.made[number], self.servers[server]
        if release.replaces:
            files.clear()
        files.update(release.files)

    def _deploy(self, server: int, number: int) -> None:
        self._copy(server, number)
        self.versions[server] = number

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode().partition("?")[0]
                self._turn += 1
                found = self.servers[self._turn % 2].get(path)
                body, caching = found or (b"", "no-store")
                self.result.origin_requests += 1
                self.result.origin_bytes += len(body)
                writer.write(
                    f"HTTP/1.1 {'200 OK' if found else '404 Not Found'}\r\n"
                    f"Cache-Control: {caching}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()


def _references(url: str, body: bytes, *, late: bool) -> Iterator[str]:
    """Of a stylesheet or a module of the site; those of packages are not followed."""
    if "/site/css/" not in url and "/site/js/" not in url:
        return
    for match in _REFERENCE.finditer(body):
        css, module, number = match.groups()
        if number and late:
            yield urljoin(url, f"./{number.decode()}.mjs")
        elif css or module:
            yield urldefrag(urljoin(url, (css or module).decode()))[0]


async def _response(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length, head
    return int(head.split(b" ", 2)[1]), head, await reader.readexactly(int(length[1]))


def _policy(by_query: bool) -> dict[str, Any]:
    behavior = {"QueryStringBehavior": "all" if by_query else "none"}
    return {
        "MinTTL": 0,
        "DefaultTTL": DAY,
        "MaxTTL": 365 * DAY,
        "ParametersInCacheKeyAndForwardedToOrigin": {"QueryStringsConfig": behavior},
    }
