"""What can be wrong with a web server or a distribution, one thing at a time."""

from __future__ import annotations

import gzip
import re
import secrets

from edge_support import named as items
from live_check_server_support import HOST, Reply, error
from live_check_support import BUILD, FILES

SMALL = {
    name: FILES[name] for name in ("css/site.css", "fonts/board.woff2", "notes.txt")
}
CSS, FONT = "css/site.css", "fonts/board.woff2"
ALLOW = "Access-Control-Allow-Origin"


def is_file(request, reply):
    return request.target.startswith(f"/static/{BUILD}/") and reply.status == 200


def of_files(change):
    """A fault of the answers for files of the build."""

    def fault(request, reply):
        return change(request, reply) if is_file(request, reply) else None

    return fault


def of_css(change):
    return of_files(lambda q, r: change(q, r) if q.name == "site.css" else None)


def of_errors(change):
    return lambda q, r: (
        change(q, r) if r.status == 404 and q.path[:3] != "/.." else None
    )


def header(name, value):
    """A reply with another value, or without the header if there is none."""

    def change(request, reply):
        reply.headers.pop(name, None)
        if value is not None:
            reply.headers[name] = value
        return reply

    return change


def answer(status, body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, reply: Reply(status, {**named}, body)


def instead(status, body=b"", **headers):
    """Another status, all headers as they were."""

    def change(request, reply):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(status, {**reply.headers, **named}, body)

    return change


def on(method, change):
    return lambda q, r: change(q, r) if q.method == method else None


def at(pattern, change):
    """A fault of the answers for targets of a shape."""
    return lambda q, r: change(q, r) if re.fullmatch(pattern, q.target) else None


def twice(request, reply):
    reply.more_headers.append((ALLOW, "*"))
    return reply


def only_with_origin(request, reply):
    if "origin" not in request.headers:
        reply.headers.pop(ALLOW, None)
    return reply


def echo(request, reply):
    reply.headers[ALLOW] = request.headers.get("origin", "null")
    return reply


def no_gzip(request, reply):
    if reply.headers.get("Content-Encoding") == "gzip":
        del reply.headers["Content-Encoding"]
        return Reply(200, reply.headers, SMALL[CSS])
    return reply


def gzip_for_all(request, reply):
    reply.headers["Content-Encoding"] = "gzip"
    return Reply(200, reply.headers, gzip.compress(SMALL[CSS]))


def broken_gzip(request, reply):
    if reply.headers.get("Content-Encoding") == "gzip":
        reply.body = reply.body[:-20]
    return reply


def unknown_coding(request, reply):
    reply.headers["Content-Encoding"] = "snappy"
    return reply


def with_an_id(request, reply):
    """An error page that is another one every time."""
    reply.body = secrets.token_hex(8).encode()
    return reply


def any_build(request, reply):
    """A server that drops the build from the path."""
    name = re.sub(r"^/static/[^/]+/", "", request.target)
    asked_by = request.headers.get("x-cdn-tree")
    if reply.status != 404 or name not in SMALL or asked_by != "static":
        return None
    return Reply(200, reply.headers, SMALL[name])


def pages_for_dots(request, reply):
    """A server that resolves the path before it looks at it."""
    if "/../" in request.target:
        return Reply(200, {"Content-Type": "text/html"}, b"<title>Site</title>")
    return None


# What is wrong, and what a report then says and nothing else: ids with their levels.
AT_THE_SERVER = {
    "a cache in front": (of_files(header("X-Varnish", "1 2")), "other-cdn WARN"),
    "another CDN in front": (
        of_files(header("Server", "cloudflare")),
        "other-cdn WARN",
    ),
    "no build": (of_files(answer(404, b"nothing\n")), "status FAIL"),
    "a file missing": (of_css(lambda q, r: error("static")), "status FAIL"),
    "a server error": (of_css(instead(500)), "status FAIL"),
    "a redirect to https": (
        of_files(answer(301, Location=f"https://{HOST}/", Cache_Control="no-store")),
        "redirect FAIL",
    ),
    "a redirect that is kept": (
        of_files(answer(301, Location="/elsewhere/")),
        "redirect FAIL, redirect-lifetime FAIL",
    ),
    "a login": (
        of_files(answer(302, Location="/login/?next=/", Cache_Control="no-store")),
        "login FAIL",
    ),
    "a password": (of_files(answer(401)), "login FAIL"),
    "a page for a file": (
        of_files(instead(200, b"<html>", Content_Type="text/html")),
        "login FAIL",
    ),
    "other bytes": (of_css(instead(200, b"body {}")), "bytes FAIL"),
    "half a gzip": (of_css(broken_gzip), "bytes FAIL"),
    "an unknown coding": (
        of_css(unknown_coding),
        "bytes FAIL, compression WARN, compression FAIL",
    ),
    "a stylesheet as text": (of_css(header("Content-Type", "text/plain")), "type FAIL"),
    "text in any encoding": (
        of_files(
            lambda q, r: (
                header("Content-Type", "text/plain")(q, r)
                if q.name == "notes.txt"
                else None
            )
        ),
        "type WARN",
    ),
    "a font as anything": (
        of_files(
            lambda q, r: (
                header("Content-Type", None)(q, r) if "font" in q.path else None
            )
        ),
        "type WARN",
    ),
    "no compression": (of_css(no_gzip), "compression WARN"),
    "no Vary": (of_css(header("Vary", None)), "compression WARN"),
    "compression for all": (of_css(gzip_for_all), "compression FAIL"),
    "a cookie": (of_css(header("Set-Cookie", "a=b")), "cookie WARN"),
    "no CORS": (of_css(header(ALLOW, None)), "cors FAIL, cors WARN"),
    "CORS twice": (of_css(twice), "cors FAIL, cors WARN"),
    "CORS for another": (
        of_css(header(ALLOW, "https://other.example")),
        "cors FAIL, cors WARN",
    ),
    "CORS only with Origin": (of_css(only_with_origin), "cors WARN"),
    "CORS in one coding only": (
        of_css(
            lambda q, r: (
                header(ALLOW, None)(q, r) if "Content-Encoding" in r.headers else None
            )
        ),
        "cors FAIL, cors WARN",
    ),
    "Origin repeated": (of_css(echo), "cors WARN"),
    "a 404 without CORS": (of_errors(header(ALLOW, None)), "cors WARN"),
    "hidden headers": (
        of_css(header("Access-Control-Expose-Headers", "ETag")),
        "expose WARN",
    ),
    "no OPTIONS": (on("OPTIONS", instead(405)), "preflight FAIL"),
    "bare OPTIONS": (on("OPTIONS", answer(204)), "preflight FAIL"),
    "no keeping": (of_css(header("Cache-Control", "no-store")), "lifetime FAIL"),
    "expired": (
        of_css(
            lambda q, r: header("Expires", "0")(q, header("Cache-Control", None)(q, r))
        ),
        "lifetime FAIL",
    ),
    "a minute": (of_css(header("Cache-Control", "max-age=60")), "lifetime WARN"),
    "no lifetime": (of_css(header("Cache-Control", None)), "lifetime WARN"),
    "not immutable": (
        of_css(header("Cache-Control", "max-age=31536000")),
        "lifetime WARN",
    ),
    "a page for what is missing": (of_errors(instead(200)), "missing FAIL"),
    "403 for what is missing": (of_errors(instead(403)), "missing WARN"),
    "a 404 for a year": (
        of_errors(header("Cache-Control", "public, max-age=31536000")),
        "missing-lifetime FAIL",
    ),
    "a 404 that says nothing": (
        of_errors(header("Cache-Control", None)),
        "missing-lifetime WARN",
    ),
    "any build": (any_build, "other-build FAIL"),
    "a hidden file": (at(r"/static/b2/\.cdn-index\.json", instead(200)), "hidden FAIL"),
    "an open .git": (at(r"/media/\.git/HEAD", instead(200)), "hidden FAIL"),
    "a listing": (at(r"/media/", instead(200)), "listing FAIL"),
    "a slash added": (
        at("/static/b2", instead(301, Location="/static/b2/")),
        "listing WARN",
    ),
    "a slash added at the origin": (
        at("/static/b2", instead(301, Location=f"https://{HOST}/static/b2/")),
        "listing FAIL",
    ),
    "the site": (
        at("/admin/", answer(302, Location="/x", Cache_Control="no-store")),
        "tree FAIL",
    ),
    "dots resolved": (pages_for_dots, "odd-paths FAIL"),
    "dots refused by another": (
        at(r"/static/\.\./.*", answer(404, b"not by the web server")),
        "odd-paths WARN",
    ),
    "dots that break it": (at(r"/static/\.\./.*", instead(500)), "odd-paths WARN"),
    "errors with an id": (of_errors(with_an_id), ""),
    "no sandbox": (
        lambda q, r: header("Content-Security-Policy", None)(q, r),
        "sandbox WARN",
    ),
    "sniffing": (
        lambda q, r: header("X-Content-Type-Options", None)(q, r),
        "nosniff WARN",
    ),
}


def of_media(change):
    return lambda q, r: change(q, r) if q.path.startswith("/media/") else None


GET_AND_HEAD = {
    "AllowedMethods": {
        **items("GET", "HEAD"),
        "CachedMethods": items("GET", "HEAD"),
    }
}
# The same, with what the distributions have: seen through the CDN alone.
AT_THE_CDN = {
    "a cookie": (of_css(header("Set-Cookie", "a=b")), {}, "cookie FAIL"),
    "no OPTIONS": (None, {"default": GET_AND_HEAD}, "preflight WARN"),
    "errors kept": (
        of_errors(header("Cache-Control", None)),
        {"errors": {404: 300}},
        "missing-lifetime WARN, missing-lifetime FAIL",
    ),
    "no sandbox": (
        of_media(header("Content-Security-Policy", None)),
        {},
        "sandbox FAIL",
    ),
    "sniffing": (of_media(header("X-Content-Type-Options", None)), {}, "nosniff FAIL"),
    "dots resolved": (pages_for_dots, {}, "odd-paths FAIL"),
}
