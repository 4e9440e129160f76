"""A web server that keeps the rules of docs/web-server.md, or all but one."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

from origin_support import ManyAtOnce

HOST = "www.example.com"
TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "png": "image/png",
    "gz": "application/gzip",
    "html": "text/html",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
}


@dataclass
class Request:
    """What a server was asked. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass
class Reply:
    """What a server says."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    more_headers: list[tuple[str, str]] = field(default_factory=list)
    cut: int = 0


Fault = Callable[[Request, Reply], Reply | None]
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "X-Cache, Age, ETag, Content-Length, Content-Range",
    "X-Content-Type-Options": "nosniff",
}
SANDBOX = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"


def good(request: Request, reply: Reply) -> None:
    """No fault."""


class Server:
    """A web server that keeps the rules, but for what ``fault`` makes of its replies."""

    def __init__(
        self,
        folder: Path,
        fault: Fault = good,
        *,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.folder = folder
        self.fault = fault
        self.asked: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                # self.path has lost a doubled slash by now
                target = self.requestline.split(" ")[1]
                names = {name.lower(): value for name, value in self.headers.items()}
                server.respond(self, Request(self.command, target, names))

            do_GET = do_HEAD = do_OPTIONS = answer

            def log_message(self, *args: object) -> None:
                pass

        self._server = ManyAtOnce(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A handshake that fails is the client's matter.
        self._server.handle_error = lambda *args: None
        self._scheme = "http" if context is None else "https"
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True
            )
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def respond(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        self.asked.append(request)
        reply = good_reply(self.folder, request)
        reply = self.fault(request, reply) or reply
        handler.send_response_only(reply.status)
        pairs = [*reply.headers.items(), *reply.more_headers]
        if reply.status != 204:
            pairs.append(("Content-Length", str(len(reply.body) + reply.cut)))
        for name, value in pairs:
            handler.send_header(name, value)
        handler.end_headers()
        if request.method != "HEAD":
            handler.wfile.write(reply.body)
        handler.close_connection = handler.close_connection or bool(reply.cut)


def good_reply(folder: Path, request: Request) -> Reply:
    """What the rules of docs/web-server.md ask for."""
    path = request.path
    tree = path.split("/")[1] if path.startswith("/") else ""
    asked_by = request.headers.get("x-cdn-tree")
    odd = any(part in request.target for part in ("..", "//", "\\", "%2", "%5", "%0"))
    is_space = "%20" in request.target and "..%" not in request.target
    if tree not in ("static", "media") or asked_by not in (None, tree):
        return error(tree)
    if (odd and not is_space) or "/." in path:
        return error(tree)
    if request.method == "OPTIONS":
        return Reply(204, {**headers_of(tree), "Cache-Control": "max-age=86400"})
    file = folder / path[1:]
    return found(tree, file, request) if file.is_file() else error(tree)


def found(tree: str, file: Path, request: Request) -> Reply:
    keep = (
        "public, max-age=31536000, immutable" if tree == "static" else "max-age=86400"
    )
    headers = {
        **headers_of(tree),
        "Cache-Control": keep,
        "Content-Type": TYPES.get(file.suffix[1:], "application/octet-stream"),
        "Vary": "Accept-Encoding",
    }
    zipped = file.with_name(f"{file.name}.gz")
    if "gzip" in request.headers.get("accept-encoding", "") and zipped.is_file():
        headers["Content-Encoding"] = "gzip"
        file = zipped
    return Reply(200, headers, file.read_bytes())


def error(tree: str) -> Reply:
    return Reply(404, {**headers_of(tree), "Cache-Control": "no-store"}, b"nothing\n")


def headers_of(tree: str) -> dict[str, str]:
    return {**CORS, **({"Content-Security-Policy": SANDBOX} if tree == "media" else {})}


@contextlib.contextmanager
def listener(answer):
    """Gives each connection to ``answer``; remembers what was sent to it."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    answer(connection, heard)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)
