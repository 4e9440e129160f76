"""What a web server of servers_support serves, and how it is asked: byte for byte.

``origin.send()`` puts a target on the wire as it is, which HTTP clients do not: they resolve
``..`` themselves and would hide the hole.
"""

from __future__ import annotations

import gzip
import http.client
import secrets
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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

DJANGO, MEDIA = b"django", b"the picture\n"
# Long enough that its compressed form is shorter.
STATIC = b"body { color: red }\n" * 20
PRIVATE = b"for some eyes only\n"
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
    """A Django that answers ``django`` to everything and remembers what it was asked.

    :param path: A socket of this machine to listen to. Default: a port.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.requests: list[Request] = []
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                if len(self.rfile.read(size)) < size:
                    return
                # self.path has lost a doubled slash by now
                target = self.requestline.split(" ")[1]
                requests.append(Request(target, dict(self.headers.items())))
                if "upgrade" in self.headers.get("Connection", "").lower():
                    self.echo(self.headers["Upgrade"])
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(DJANGO)))
                self.end_headers()
                self.wfile.write(DJANGO)

            def echo(self, protocol: str) -> None:
                """Another protocol from here on: five bytes come back."""
                head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                self.wfile.write(f"{head}Upgrade: {protocol}\r\n\r\n".encode())
                self.wfile.write(self.rfile.read(5))
                self.close_connection = True

            do_GET = do_POST = answer

            def log_message(self, *args: object) -> None:
                pass

        server = ManyAtOnce if path is None else _OnSocket
        self._server = server(path and str(path) or ("127.0.0.1", 0), Handler)
        if path is None:
            self.address = f"127.0.0.1:{self._server.server_address[1]}"
        else:
            path.chmod(0o777)
            self.address = f"unix:{path}"
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


class ManyAtOnce(ThreadingHTTPServer):
    """A connection that finds no place in the queue comes again after a second."""

    request_queue_size = 128


class _OnSocket(ManyAtOnce):
    address_family = socket.AF_UNIX
    server_bind = socketserver.TCPServer.server_bind


@dataclass(frozen=True)
class Origin:
    """A running web server and what stands behind it.

    :param upstream: Has ``requests``, all that reached Django.
    """

    port: int
    site: Path
    upstream: Any
    tls: bool = False

    def send(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Response:
        return send(
            self.port, target, method=method, headers=headers, body=body, tls=self.tls
        )

    def upgrade(self, protocol: str, target: str = "/chat") -> str:
        """The head of the answer, and what came after five bytes were sent."""
        head = (
            f"GET {target} HTTP/1.1\r\nHost: www.example.com\r\n"
            f"Connection: Upgrade\r\nUpgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            client.sendall(head.encode())
            answer = client.recv(65536).decode()
            if " 101 " in answer.splitlines()[0]:
                client.sendall(b"hello")
                while not answer.endswith("hello"):
                    more = client.recv(65536).decode()
                    assert more, answer
                    answer += more
            return answer

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
    body: bytes = b"",
    tls: bool = False,
) -> Response:
    """One request on a connection of its own, byte for byte as given."""
    fields = {"Host": "www.example.com", "Connection": "close", **(headers or {})}
    if body:
        fields["Content-Length"] = str(len(body))
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items()
    )
    with _connection(port, tls) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n" + body)
        with http.client.HTTPResponse(connection, method=method) as answer:
            answer.begin()
            return Response(answer.status, tuple(answer.getheaders()), answer.read())


def _connection(port: int, tls: bool) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    if not tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Made by the tests: nobody vouches for it.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname="www.example.com")


def replace_once(text: str, old: str, new: str) -> str:
    """Replace, and fail when the text is not what the caller thinks it is."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)


def write_site(site: Path) -> str:
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
    (site / "private").mkdir()
    (site / "private/a.pdf").write_bytes(PRIVATE)
    (site / "private/.hidden").write_bytes(PRIVATE)
    probe = secrets.token_hex(8)
    (site / "media" / probe).write_text(probe)
    return probe


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(
    start: Sequence[str], folder: Path, variables: Mapping[str, str]
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


def wait_until_ready(
    port: int,
    probe: str,
    folder: Path,
    headers: Mapping[str, str] | None = None,
    path: str | None = None,
    tls: bool = False,
) -> None:
    # The body says that it is this server and no other on the same port.
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            found = send(port, path or f"/media/{probe}", headers=headers, tls=tls)
            if found.body == probe.encode():
                return
        except OSError:
            pass
        time.sleep(0.02)
    logs = [*folder.glob("*.log")]
    text = "\n".join(path.read_text() for path in logs)
    raise RuntimeError(f"the web server on port {port} did not get ready:\n{text}")
