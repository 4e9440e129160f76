"""redbot, which knows nothing of this project, looks at each server's answers."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from http_notes import ARGUED, expected
from judges import install
from origin_support import write_site
from servers_support import SERVERS
from tools import require_package
from whitenoise import WhiteNoise

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
NAMES = ["nginx", "apache", "caddy", "whitenoise"]
CSS, PICTURE = "/static/b1/many.css", "/media/photos/a.png"
# Larger than the part that redbot asks for, compressed too.
RULES = b"".join(b".c%d { color: #%06x }\n" % (n, n * 7919) for n in range(2000))
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVO"
    "RK5CYII="
)
PREFLIGHT = {"Origin": "https://a.test", "Access-Control-Request-Method": "GET"}
QUESTIONS = {
    "plain": {"url": "/static/b1/css/site.css", "status": 200},
    "gzip": {"url": CSS, "status": 200, "headers": {"Origin": "https://a.test"}},
    "br": {"url": CSS, "status": 200, "headers": {"Accept-Encoding": "br,gzip"}},
    "head": {"url": CSS, "status": 200, "method": "HEAD"},
    "part": {"url": CSS, "status": 206, "headers": {"Range": "bytes=0-3"}},
    "known": {"url": CSS, "status": 304, "headers": {"If-None-Match": "<tag>"}},
    "beyond": {"url": CSS, "status": 416, "headers": {"Range": "bytes=99999-"}},
    "missing": {"url": "/static/b1/nothing.css", "status": 404},
    "stray": {"url": "/admin/", "status": 404, "headers": {"X-Cdn-Tree": "static"}},
    "refused": {"url": CSS, "status": 405, "method": "DELETE"},
    "preflight": {
        "url": CSS,
        "status": 204,
        "method": "OPTIONS",
        "headers": PREFLIGHT,
    },
    "media": {"url": PICTURE, "status": 200},
}
ALL = {"ranges": True, "tags": True, "dates": True, "gzip": True}


class Redbot:
    """The judge, in a virtual environment of its own."""

    def __init__(self):
        self.python = install.ensure(only="redbot")["redbot"] / "bin" / "python"

    def run(self, *arguments, given):
        done = subprocess.run(
            [str(self.python), *arguments],
            input=given,
            capture_output=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def show(self, port, questions):
        """What it says of the answers of a port."""
        asked = {
            name: {**one, "url": f"http://127.0.0.1:{port}{one['url']}"}
            for name, one in questions.items()
        }
        program = str(install.ROOT / "tests/judges/lint_http.py")
        return json.loads(self.run(program, given=json.dumps(asked).encode()))

    def brotli(self, data):
        """It reads brotli, so it can write some."""
        code = (
            "import brotli, sys;"
            "sys.stdout.buffer.write(brotli.compress(sys.stdin.buffer.read()))"
        )
        return self.run("-c", code, given=data)


@pytest.fixture(scope="module")
def redbot():
    return Redbot()


@pytest.fixture(scope="module", params=NAMES)
def server(request):
    return request.param


@pytest.fixture(scope="module")
def verdicts(server, redbot, tmp_path_factory):
    """What redbot says of each answer of a server."""
    options = {}
    if server == "nginx":
        require_package("libnginx-mod-http-brotli-static")
        options["brotli"] = True
    with SERVERS[server](tmp_path_factory.mktemp(server), **options) as origin:
        build = origin.site / "static/b1"
        (build / "many.css").write_bytes(RULES)
        (build / "many.css.gz").write_bytes(gzip.compress(RULES))
        (build / "many.css.br").write_bytes(redbot.brotli(RULES))
        (origin.site / "media/photos/a.png").write_bytes(PNG + bytes(5000))
        make_older(origin.site)
        tag = origin.send(CSS).header("ETag")
        questions = json.loads(
            json.dumps(QUESTIONS).replace('"<tag>"', json.dumps(tag))
        )
        return redbot.show(origin.port, questions)


def make_older(site):
    """A date of this minute is a weak one: what changes again may have it too."""
    an_hour_ago = time.time() - 3600
    for path in site.rglob("*.*"):
        if not path.is_symlink():
            os.utime(path, (an_hour_ago, an_hour_ago))


def faults(verdict):
    return {
        note["id"] for note in verdict["notes"] if note["level"] in ("warning", "bad")
    }


@pytest.mark.parametrize("question", QUESTIONS)
def test_redbot_finds_nothing_that_is_not_argued(server, verdicts, question):
    verdict = verdicts[question]
    assert (verdict["error"], verdict["status"]) == (
        None,
        QUESTIONS[question]["status"],
    )
    assert verdict["notes"], "it has looked"
    assert faults(verdict) == expected(server, question)


@pytest.mark.parametrize(
    ("question", "supported"),
    [
        ("gzip", ALL),
        ("plain", {**ALL, "gzip": False}),
        ("media", {**ALL, "gzip": False}),
    ],
)
def test_redbot_finds_what_ought_to_be_there(verdicts, question, supported):
    assert verdicts[question]["supports"] == supported


def test_redbot_takes_the_preflight_for_one(verdicts):
    assert "CORS_PREFLIGHT_RESPONSE" in {
        note["id"] for note in verdicts["preflight"]["notes"]
    }


def test_each_argument_is_about_an_answer_that_is_asked_for():
    for one in ARGUED:
        assert any(
            one.where(server, question) for server in NAMES for question in QUESTIONS
        ), one.note


# That the judge finds faults: stock WhiteNoise, with headers as they are often added.


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


def naive(environ, start_response):
    start_response("404 Not Found", [("Content-Length", "0")])
    return [b""]


def often_added(headers, path, url):
    headers["Access-Control-Allow-Methods"] = "GET"


def test_redbot_finds_the_known_faults_of_a_naive_server(redbot, tmp_path):
    write_site(tmp_path)
    application = WhiteNoise(
        naive,
        root=tmp_path / "static",
        prefix="static",
        add_headers_function=often_added,
    )
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,))
        thread.start()
        try:
            verdict = redbot.show(
                httpd.server_port, {"it": {"url": "/static/b1/app.css"}}
            )["it"]
        finally:
            httpd.shutdown()
            thread.join()
    assert verdict["status"] == 200
    assert faults(verdict) == {
        "CORS_PREFLIGHT_ONLY",
        "STORE_PUBLIC_UNNECESSARY",
        "VARY_ETAG_DOESNT_CHANGE",
    }
