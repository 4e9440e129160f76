"""Traffic on this machine: a round-robin balancer, an edge, and visitors who load pages."""

from __future__ import annotations

import http.client
import itertools
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from edge_support import HOST, LoopThread, Viewer, distribution
from edge_support import deployed as described

from cdn_edge.distributions import parse
from cdn_edge.origin_client import origin_table
from cdn_edge.server import Edge

SITE = "www.example.com"
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_AWAY = (502, 503)


class Balancer:
    """Gives each request to the next of its servers; one that is away is passed over."""

    def __init__(self):
        self.backends = []
        self._turn = itertools.count()
        balancer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                # self.path has lost a doubled slash by now
                target = self.requestline.split(" ")[1]
                status, headers, body = balancer.ask(self.command, target, self.headers)
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD" and status not in (204, 304):
                    self.wfile.write(body)

            do_GET = do_HEAD = do_OPTIONS = do_PUT = answer

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *raised):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def ask(self, method, target, headers):
        tried, turn = set(), next(self._turn)
        # Servers come and go meanwhile.
        while left := [port for port in self.backends if port not in tried]:
            port = left[turn % len(left)]
            tried.add(port)
            try:
                answer = _asked(port, method, target, headers)
            except OSError:
                continue
            if answer[0] not in _AWAY:
                return answer
        return 503, [], b"no server"


def _asked(port, method, target, headers):
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        kept = [one for one in answer.getheaders() if one[0].lower() not in _HOP]
        return answer.status, kept, answer.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


class LiveEdge(Viewer):
    """The edge in front of one origin, in time as it passes.

    :param port: Where the origin is on this machine.
    """

    def __init__(self, port, *, origin_path="/static", default=None, **policies):
        behind = {
            "origin": {"DomainName": SITE},
            "origin_path": origin_path,
            "DefaultRootObject": "nobody-has-this",
        }
        self._table = {}
        self._edge = Edge(table=self._table, log=str)
        self.ask(port)
        self._edge.configure(
            parse(described(distribution(default=default, **behind), **policies))
        )
        self._thread = LoopThread()
        super().__init__(port=self._thread.run(self._edge.start()))

    def ask(self, port):
        """The origin is at this port from now on."""
        self._table.update(origin_table([f"{SITE}={HOST}:{port}"]))

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self._thread.run(self._edge.stop())
        self._thread.close()


class Visitors:
    """Load a page, all its assets, and those of pages that were opened before, and again.

    Each load has an ``Origin`` of its own, which is in the key of the cache. So each is a
    visitor at another edge location, and the server is always asked.

    :param site: The port of the pages.
    :ivar away: How many times there was no page, as while the only server restarts.
    """

    def __init__(self, site, edge):
        self.site, self.edge = site, edge
        self.failures, self.pages, self.away = [], 0, 0
        self.open = {}
        self._number = itertools.count()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        self.wait()
        return self

    def __exit__(self, *raised):
        self._stop.set()
        self._thread.join(60)

    def wait(self, *builds, rounds=4):
        """Until they have loaded as many pages more, and pages of these builds too."""
        target, deadline = self.pages + rounds, time.monotonic() + 60
        while self.pages < target or not set(builds) <= set(self.open):
            assert time.monotonic() < deadline, (self.failures[:3], self.away)
            time.sleep(0.02)

    def _run(self):
        while not self._stop.wait(0.05):
            try:
                self._visit()
            except Exception as error:
                self.failures.append(repr(error))

    def _visit(self):
        page = Viewer(port=self.site, host=SITE).get("/")
        if page.status in _AWAY:
            self.away += 1
            return
        text = page.body.decode()
        (build,) = re.findall(r'<meta name="build" content="(.+?)">', text)
        (mark,) = re.findall(r"<h1>(.+?)</h1>", text)
        urls = re.findall(r'(?:href|src)="(.+?)"', text)
        assert len(urls) > 3
        self.open[build] = (urls, mark)
        for name, (of_page, its_mark) in list(self.open.items()):
            for url in of_page:
                self._load(url, name, its_mark)
        self.pages += 1

    def _load(self, url, build, mark):
        path = "/" + url.partition("//")[2].partition("/")[2]
        if not path.startswith(f"/{build}/"):
            self.failures.append(f"the page of {build} refers to {url}")
        origin = {"Origin": f"https://visitor-{next(self._number)}.example.com"}
        got = self.edge.get(path, headers=origin)
        if got.status != 200:
            self.failures.append(f"{path} answered {got.status}")
        elif path.endswith((".css", ".js")) and mark.encode() not in got.body:
            self.failures.append(f"{path} is of another build: {got.body[:60]!r}")
