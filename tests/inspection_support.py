"""A build on the disk, a web server that keeps every rule or breaks one, and a CDN over it."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from edge_support import RunningEdge, deployed, distribution
from edge_support import named as items

import dj_cloudfront
from dj_cloudfront.builds.index import INDEX_NAME, File, Index, render
from dj_cloudfront.inspection.checking import Plan, check
from dj_cloudfront.inspection.options import Options
from dj_cloudfront.inspection.places import Kind

HOST = "www.example.com"
SITE = f"https://{HOST}"
BUILD = "b2"
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
}
LONG = b"/* a comment, so that it is worth compressing */\n" * 60
FILES = {
    "css/site.css": LONG + b"body { color: red }\n",
    "js/app.js": LONG + b"export {}\n",
    "js/module.mjs": b"export const a = 1\n",
    "fonts/board.woff2": b"wOF2" + bytes(range(256)) * 4,
    "img/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "img/photo ü.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "data.json": b"{}\n",
}


def write_build(
    root: Path,
    version: str = BUILD,
    files: Mapping[str, bytes] = FILES,
    *,
    compressed: bool = True,
    indexed: bool = True,
) -> Path:
    """A published build, its text with ``.gz`` companions and an index."""
    build = root / version
    every = dict(files)
    for name, data in files.items():
        if compressed and len(data) > 1000 and name.endswith(("css", "js")):
            every[f"{name}.gz"] = gzip.compress(data)
    for name, data in every.items():
        path = build / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if indexed:
        entries = {
            name: File(size=len(data), sha256=hashlib.sha256(data).hexdigest())
            for name, data in every.items()
        }
        (build / INDEX_NAME).write_bytes(render(Index(version=version, files=entries)))
    return build


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
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def good(request: Request, reply: Reply) -> None:
    """No fault."""


class Server:
    """A web server that keeps the rules, but for what ``fault`` makes of its replies."""

    def __init__(
        self, folder: Path, fault: Fault = lambda request, reply: None
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

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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
def cdn_over(port: int, **changes: object) -> Iterator[RunningEdge]:
    """The local edge, with a static and a media distribution over one server.

    :param changes: What else to say of both, as for ``distribution``.
    """
    each = [
        distribution(
            f"d{number}.cloudfront.net",
            origin_path=f"/{tree}",
            origin={
                "CustomHeaders": items(
                    {"HeaderName": "X-Cdn-Tree", "HeaderValue": tree}
                )
            },
            **changes,
        )
        for number, tree in (("111", "static"), ("222", "media"))
    ]
    with RunningEdge(
        deployed(*each), origins={"dev.example.com": f"127.0.0.1:{port}"}
    ) as edge:
        yield edge


def cdn_settings(root: Path, monkeypatch, port: int = 1, version=BUILD):
    """``CDN`` as settings have it, of an edge's port or of one where nobody answers."""
    for name, domain in (("STATIC", "d111"), ("MEDIA", "d222")):
        monkeypatch.setenv(f"{name}_DOMAIN_NAME", f"{domain}.cloudfront.net")
    monkeypatch.setenv(
        "DJ_CLOUDFRONT_URL_FORMAT", f"http://{{label}}.cloudfront.localhost:{port}"
    )
    return dj_cloudfront.config(static_root=root, build_version=version)


def run(cdn, *origins: str, **changes: object):
    """A whole check, with what a test does not care about filled in."""
    options = {"host": HOST, "timeout": 5, **changes.pop("options", {})}
    values = {
        "cdn": cdn,
        "build_version": BUILD,
        "sample": 20,
        "everything": False,
        "only": None,
        "pages": ("/", "/admin/"),
        "allowed_hosts": (HOST,),
        **changes,
    }
    values["only"] = values["only"] and Kind(values["only"])
    return check(Plan(options=Options(origins=origins, **options), **values))


def said(report) -> set[tuple[str, str]]:
    """Ids and levels of what is not PASS."""
    return {(one.id, one.level) for one in report.findings if one.level != "PASS"}


def bad(report) -> list[str]:
    """What is not PASS, in one line each."""
    return [
        f"{one.level} {one.id} {one.place} {one.tree}: {one.sentence} {list(one.subjects)}"
        for one in report.findings
        if one.level != "PASS"
    ]
