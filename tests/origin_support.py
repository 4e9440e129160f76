"""Real web servers in front of a Django that only takes notes, for the tests of both.

``with caddy(folder) as origin:`` and ``with nginx(folder) as origin:`` write a small site
into the folder and serve it; ``origin.send()`` puts a target on the wire byte for byte,
which HTTP clients do not: they resolve ``..`` themselves and would hide the hole.
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools import require

from local.origin.caddy import command, environment, validate
from local.origin.caddyfile import caddyfile

README = Path(__file__).parents[1] / "README.md"

ODD_PATHS = (
    "/../admin/",
    "/%2e%2e/admin/",
    "/.%2e/admin/",
    "/%2E%2E/admin/",
    "/b1/../../admin/",
    "/b1/css/../../../admin/",
    "/..%2fadmin/",
    "/%2e%2e%2fadmin/",
    "/b1/..//../admin/",
    "/../media/u.png",
    "/../static/b1/app.css",
    "/%2e%2e/media/u.png",
    "/%2e%2e/static/b1/app.css",
    "//admin/",
    "http://x/admin/",
    "/..;/admin/",
    "/..%5cadmin/",
    "/..\\admin/",
    "/%252e%252e/admin/",
    "/%25252e%25252e/admin/",
    "/..%252fadmin/",
    "/%c0%ae%c0%ae/admin/",
    "/b1/app.css%00/../../admin/",
    "/../admin/?next=/static/b1/app.css",
)
"""Paths a viewer can send and by which a distribution might leave its tree."""

ODD_NAMES = (
    "back\\slash.png",
    "dot%2e.png",
    "slash%2f.png",
    "nul%00.png",
    "twice%252e.png",
)
"""Files that only a refused path can name."""

DJANGO, STATIC, MEDIA = b"django", b"body { color: red }\n", b"the picture\n"
OUTSIDE = b"outside of every tree\n"


@dataclass(frozen=True)
class Response:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The only value of a header. Two of one kind are a fault by themselves."""
        values = self.all(name)
        assert len(values) < 2, f"{name} was sent {len(values)} times: {values}"
        return values[0] if values else None


@dataclass(frozen=True)
class Request:
    """What reached Django: the target as it was on the wire."""

    target: str
    headers: Mapping[str, str]


class Upstream:
    """A Django that answers ``django`` to everything and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                # self.path has lost a doubled slash by now
                target = self.requestline.split(" ")[1]
                requests.append(Request(target, dict(self.headers.items())))
                self.send_response(200)
                self.send_header("Content-Length", str(len(DJANGO)))
                self.end_headers()
                self.wfile.write(DJANGO)

            do_GET = do_POST = answer

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def __enter__(self) -> Upstream:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(frozen=True)
class Origin:
    """A running web server and what stands behind it."""

    port: int
    site: Path
    upstream: Upstream

    def send(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return send(self.port, target, method=method, headers=headers)

    def reaches(self, target: str, *, tree: str) -> bytes | None:
        """What a distribution gets for a target: nothing, or Django, or a file's body."""
        before = len(self.upstream.requests)
        response = self.send(target, headers={"X-Cdn-Tree": tree})
        if len(self.upstream.requests) > before:
            return DJANGO
        return response.body if response.status == 200 else None


def send(
    port: int,
    target: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One request on a connection of its own, byte for byte as given."""
    fields = {"Host": "www.example.com", "Connection": "close", **(headers or {})}
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items()
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n")
        with http.client.HTTPResponse(connection, method=method) as answer:
            answer.begin()
            return Response(answer.status, tuple(answer.getheaders()), answer.read())


@contextmanager
def caddy(
    folder: Path, *, edit: Callable[[str], str] = lambda text: text
) -> Iterator[Origin]:
    """The local environment's web server; ``edit`` changes its configuration first."""
    port, probe = _free_port(), _write_site(folder / "site")
    config, storage = folder / "Caddyfile", folder / "storage"
    with Upstream() as upstream:
        text = caddyfile(
            listen=f"127.0.0.1:{port}",
            static_root=folder / "site/static",
            media_root=folder / "site/media",
            upstream=f"127.0.0.1:{upstream.port}",
            storage=storage,
            log=folder / "access.log",
        )
        config.write_text(edit(text))
        validate(config, storage)
        variables = {**os.environ, **environment(storage)}
        with _running(command("run", config), folder, variables):
            _wait_until_ready(port, probe, folder)
            yield Origin(port, folder / "site", upstream)


@contextmanager
def nginx(
    folder: Path,
    *,
    proxy_pass: str = "http://app",
    edit: Callable[[str], str] = lambda text: text,
    probe_headers: Mapping[str, str] | None = None,
) -> Iterator[Origin]:
    """The README's server in Debian's nginx, which runs as one process here.

    An edit that makes it ask for a header gives the header that the probe has to send.
    """
    program = require("nginx")
    port, probe = _free_port(), _write_site(folder / "site")
    with Upstream() as upstream:
        block = edit(nginx_block())
        for old, new in (
            ("server 127.0.0.1:8000;", f"server 127.0.0.1:{upstream.port};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
            ("ssl_certificate     /etc/ssl/mysite/fullchain.pem;", ""),
            ("ssl_certificate_key /etc/ssl/mysite/privkey.pem;", ""),
            ("root /var/mysite;", f"root {folder}/site;"),
            ("proxy_pass http://app;", f"proxy_pass {proxy_pass};"),
        ):
            block = replace_once(block, old, new)
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, block=block))
        start = [program, "-p", str(folder), "-e", "error.log", "-c", str(config)]
        with _running(start, folder, os.environ):
            _wait_until_ready(port, probe, folder, probe_headers)
            yield Origin(port, folder / "site", upstream)


SERVERS: dict[str, Callable[..., AbstractContextManager[Origin]]] = {
    "caddy": caddy,
    "nginx": nginx,
    "nginx proxy_pass with /": partial(nginx, proxy_pass="http://app/"),
}
"""Every server that has to keep the rules; the last form hands Django resolved paths."""

_NGINX = """
daemon off;
master_process off;
pid nginx.pid;
events {{ }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{block}
}}
"""


def nginx_block() -> str:
    """The configuration that the README prints."""
    blocks = re.findall(r"^```nginx\n(.*?)^```$", README.read_text(), re.S | re.M)
    assert len(blocks) == 1, f"README.md must hold one nginx block, got {len(blocks)}"
    return str(blocks[0])


def replace_once(text: str, old: str, new: str) -> str:
    """Replace, and fail when the text is not what the caller thinks it is."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)


def _write_site(site: Path) -> str:
    """Two trees, what must not be served beside and in them, and a probe's name."""
    build = site / "static/b1"
    (build / "css").mkdir(parents=True)
    (build / "app.css").write_bytes(STATIC)
    (build / "app.css.gz").write_bytes(gzip.compress(STATIC))
    (build / "css/site.css").write_bytes(STATIC)
    (build / "module.mjs").write_bytes(b"export {}\n")
    (build / "index.html").write_bytes(STATIC)
    (build / ".env").write_bytes(OUTSIDE)
    (site / "static/.tmp-b2").mkdir()
    (site / "static/.tmp-b2/app.css").write_bytes(OUTSIDE)
    (site / "admin").mkdir()
    (site / "admin/index.html").write_bytes(OUTSIDE)
    (site / "secret.txt").write_bytes(OUTSIDE)
    (site / "media/photos").mkdir(parents=True)
    for name in ("u.png", "my..photo.png", "ü 100%.png", "page.html", *ODD_NAMES):
        (site / "media" / name).write_bytes(MEDIA)
    (site / "media/link.txt").symlink_to("../secret.txt")
    (site / "media/linked").symlink_to("..", target_is_directory=True)
    probe = secrets.token_hex(8)
    (site / "media" / probe).write_text(probe)
    return probe


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _running(
    start: list[str], folder: Path, variables: Mapping[str, str]
) -> Iterator[None]:
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            start, cwd=folder, env=variables, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(
    port: int, probe: str, folder: Path, headers: Mapping[str, str] | None = None
) -> None:
    # The body says that it is this server and no other on the same port.
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            found = send(port, f"/media/{probe}", headers=headers)
            if found.body == probe.encode():
                return
        except OSError:
            pass
        time.sleep(0.02)
    logs = [*folder.glob("*.log")]
    text = "\n".join(path.read_text() for path in logs)
    raise RuntimeError(f"the web server on port {port} did not get ready:\n{text}")
