"""What each server of ``cdn conf`` answers, by the rules of docs/web-server.md."""

from __future__ import annotations

import gzip
import socket
from typing import NamedTuple

import pytest
from origin_support import (
    DJANGO,
    MEDIA,
    STATIC,
    Origin,
    Response,
    replace_once,
)
from servers_support import SERVERS, apache, nginx

A_YEAR = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
OF_ANY_ANSWER = {
    "Server",
    "Date",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Via",
}


class Case(NamedTuple):
    target: str
    status: int
    method: str = "GET"
    headers: dict[str, str] = {}

    def __str__(self) -> str:
        return f"{self.method} {self.target} {self.headers}"


def through(tree: str, **headers: str) -> dict[str, str]:
    return {"X-Cdn-Tree": tree, **headers}


SUCCESSES = [
    Case("/static/b1/app.css", 200),
    Case("/static/b1/app.css", 200, "HEAD"),
    Case("/static/b1/app.css", 206, headers={"Range": "bytes=0-3"}),
    Case("/static/b1/app.css", 200, headers={"Accept-Encoding": "br,gzip"}),
    Case("/static/b1/app.css?v=2", 200, headers=through("static")),
    Case("/static/b1/app.css?v=/../%2e//", 200, headers=through("static")),
    Case("/media/u.png", 200),
    Case("/media/u.png", 200, "HEAD"),
    Case("/media/u.png", 206, headers=through("media", Range="bytes=0-3")),
]
FOLDERS = [
    Case(path, 404)
    for path in (
        "/static/",
        "/static/b1",
        "/static/b1/",
        "/static/b1/css",
        "/static/b1/css/",
        "/media/",
        "/media/photos",
        "/media/photos/",
    )
]
HIDDEN = [
    Case(path, 404)
    for path in (
        "/static/.tmp-b2/app.css",
        "/static/.tmp-b2",
        "/static/b1/.env",
        "/static/b1/%2eenv",
    )
]
STRAYS = [
    Case("/media/u.png", 404, headers=through("static")),
    Case("/static/b1/app.css", 404, headers=through("media")),
    Case("/static/b1/app.css", 404, headers=through("private")),
    Case("/media/u.png", 404, headers=through("static,media")),
    Case("/%6dedia/u.png", 404, headers=through("static")),
    Case("/static", 404, headers=through("static")),
    Case("/media", 404, headers=through("media")),
    Case("/", 404, headers=through("static")),
    Case("/admin/", 404, headers=through("static")),
    Case("/admin/", 404, headers=through("media")),
    Case("/staticb1/app.css", 404, headers=through("static")),
    Case("/STATIC/b1/app.css", 404, headers=through("static")),
    Case("/admin/?/static/", 404, headers=through("static")),
    Case("/admin/static/", 404, headers=through("static")),
    Case("/admin/", 404, "POST", headers=through("static")),
]
OTHER_METHODS = [
    Case(path, 405, method)
    for path in ("/static/b1/app.css", "/static/new", "/media/u.png", "/media/new")
    for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND")
]
MISSING = [
    Case("/static/b1/nothing.css", 404),
    Case("/static/b0/app.css", 404),
    Case("/media/nothing.png", 404, "HEAD"),
    Case("/media/nothing.png", 404, headers=through("media")),
]
BAD_RANGES = [
    Case("/static/b1/app.css", 416, headers={"Range": "bytes=9999-"}),
    Case("/media/u.png", 416, headers={"Range": "bytes=9999-"}),
]
PREFLIGHTS = [
    Case(path, 204, "OPTIONS", {"Origin": "https://a.test"})
    for path in ("/static/b1/app.css", "/media/u.png", "/static/b1/nothing.css")
]
ERRORS = [*FOLDERS, *HIDDEN, *STRAYS, *OTHER_METHODS, *MISSING]


@pytest.fixture(scope="module", params=SERVERS)
def origin(request, tmp_path_factory):
    with SERVERS[request.param](tmp_path_factory.mktemp("origin")) as origin:
        yield origin


def ask(origin: Origin, case: Case) -> Response:
    response = origin.send(case.target, method=case.method, headers=case.headers)
    assert response.status == case.status
    return response


def each(*cases: Case):
    return pytest.mark.parametrize("case", cases, ids=str)


@each(*SUCCESSES)
def test_static_is_kept_for_a_year_and_media_for_a_day(origin, case):
    expected = A_YEAR if case.target.startswith("/static/") else A_DAY
    assert ask(origin, case).header("Cache-Control") == expected


@pytest.mark.parametrize(
    ("path", "expected"), [("/static/b1/app.css", A_YEAR), ("/media/u.png", A_DAY)]
)
def test_a_revalidation_says_the_same_again(origin, path, expected):
    etag = origin.send(path).header("ETag")
    response = origin.send(path, headers={"If-None-Match": etag})
    assert response.status == 304
    assert response.header("Cache-Control") == expected
    assert response.header("Access-Control-Allow-Origin") == "*"


@each(*ERRORS)
def test_no_error_is_kept(origin, case):
    assert ask(origin, case).header("Cache-Control") == "no-store"


@each(*BAD_RANGES)
def test_no_error_of_a_range_is_kept(origin, case):
    # nginx says both, and the stricter wins: RFC 9111, section 4.2.1
    assert "no-store" in ask(origin, case).all("Cache-Control")


@each(*SUCCESSES, *ERRORS, *BAD_RANGES, *PREFLIGHTS)
def test_every_answer_of_the_trees_is_open_to_other_origins(origin, case):
    response = ask(origin, case)
    assert response.header("Access-Control-Allow-Origin") == "*"
    exposed = response.all("Access-Control-Expose-Headers")[0].split(", ")
    assert {"X-Cache", "Age"} <= set(exposed)


@each(*PREFLIGHTS)
def test_a_preflight_is_allowed(origin, case):
    response = ask(origin, case)
    assert response.header("Access-Control-Allow-Methods") == "GET, HEAD, OPTIONS"
    assert response.header("Access-Control-Allow-Headers") == "*"
    assert response.header("Access-Control-Max-Age") == "86400"
    assert response.header("Cache-Control") == A_DAY
    assert response.body == b""


@each(*SUCCESSES, *ERRORS, *BAD_RANGES)
def test_what_is_for_preflights_is_said_to_them_alone(origin, case):
    response = ask(origin, case)
    for name in ("Allow-Methods", "Allow-Headers", "Max-Age"):
        assert response.all(f"Access-Control-{name}") == []


@each(*SUCCESSES, *ERRORS, *BAD_RANGES, *PREFLIGHTS)
def test_no_answer_of_the_trees_comes_from_django(origin, case):
    before = len(origin.upstream.requests)
    ask(origin, case)
    assert len(origin.upstream.requests) == before


@each(*FOLDERS, *MISSING, *STRAYS, Case("/static/b1/app.css/", 404))
def test_no_redirect_leads_to_the_server(origin, case):
    assert ask(origin, case).header("Location") is None


@pytest.mark.parametrize("via", [{}, {"Via": "1.1 edge.test (CloudFront)"}])
def test_a_precompressed_file_is_sent_to_who_can_read_it(origin, via):
    headers = {"Accept-Encoding": "br,gzip", **via}
    response = origin.send("/static/b1/app.css", headers=headers)
    assert response.header("Content-Encoding") == "gzip"
    assert gzip.decompress(response.body) == STATIC
    assert response.header("Vary") == "Accept-Encoding"
    assert response.header("Content-Type").startswith("text/css")


def test_the_plain_file_is_sent_to_everybody_else(origin):
    response = origin.send("/static/b1/app.css")
    assert response.header("Content-Encoding") is None
    assert response.body == STATIC
    assert response.header("Vary") == "Accept-Encoding"


@pytest.mark.parametrize(
    "path", ["/media/my..photo.png", "/media/%C3%BC%20100%25.png", "/media/u.png"]
)
def test_names_that_django_gives_to_uploads_are_served(origin, path):
    response = origin.send(path, headers=through("media"))
    assert (response.status, response.body) == (200, MEDIA)


def test_an_upload_runs_no_script(origin):
    response = origin.send("/media/page.html")
    policy = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
    assert response.header("Content-Security-Policy") == policy
    assert response.header("X-Content-Type-Options") == "nosniff"


def test_static_files_have_their_type_and_no_policy(origin):
    response = origin.send("/static/b1/module.mjs")
    assert response.header("Content-Type").startswith("text/javascript")
    assert response.header("X-Content-Type-Options") == "nosniff"
    assert response.header("Content-Security-Policy") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("module.mjs", "text/javascript; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("notes.txt", "text/plain; charset=utf-8"),
        ("table.csv", "text/csv; charset=utf-8"),
        ("page.html", "text/html; charset=utf-8"),
        ("app.css.map", "application/json"),
        ("site.webmanifest", "application/manifest+json"),
        ("code.wasm", "application/wasm"),
        ("font.woff2", "font/woff2"),
        ("icon.svg", "image/svg+xml"),
        ("PHOTO.AVIF", "image/avif"),
        ("movie.MP4", "video/mp4"),
        ("data.tar.gz", "application/gzip"),
        ("paper.unheard-of", "application/octet-stream"),
        ("LICENSE", "application/octet-stream"),
    ],
)
def test_a_file_has_the_same_type_everywhere(origin, name, expected):
    """Whatever tables of types the machine has."""
    path = origin.site / "static/b1/types" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"of this type")
    response = origin.send(f"/static/b1/types/{name}")
    assert response.status == 200
    assert response.header("Content-Type") == expected


def test_compressed_text_and_uploads_say_their_charset_too(origin):
    compressed = origin.send("/static/b1/app.css", headers={"Accept-Encoding": "gzip"})
    assert compressed.header("Content-Encoding") == "gzip"
    assert compressed.header("Content-Type") == "text/css; charset=utf-8"
    upload = origin.site / "media" / "notes.txt"
    upload.write_text("Grüße", "utf-8")
    response = origin.send("/media/notes.txt")
    assert response.header("Content-Type") == "text/plain; charset=utf-8"
    assert response.body == "Grüße".encode()
    assert response.header("Content-Encoding") is None


@pytest.mark.parametrize("server", ["caddy", "apache", "whitenoise"])
def test_brotli_is_preferred_where_it_can_be(tmp_path, server):
    with SERVERS[server](tmp_path) as origin:
        (origin.site / "static/b1/app.css.br").write_bytes(b"brotli")
        for sent, found in (("br,gzip", "br"), ("gzip", "gzip"), ("", None)):
            headers = {"Accept-Encoding": sent}
            response = origin.send("/static/b1/app.css", headers=headers)
            assert response.header("Content-Encoding") == found
            assert (response.body == b"brotli") == (found == "br")
            assert response.header("Content-Type") == "text/css; charset=utf-8"
            # "br" is Breton, too.
            assert response.header("Content-Language") is None


@pytest.mark.parametrize("ending", ["gz", "br"])
def test_an_upload_is_not_taken_for_the_compressed_form_of_another(origin, ending):
    """Names of uploads are their visitors': one could put his content under another's."""
    (origin.site / f"media/u.png.{ending}").write_bytes(b"a forgery")
    response = origin.send("/media/u.png", headers={"Accept-Encoding": "br,gzip"})
    assert response.body == MEDIA
    assert response.header("Content-Encoding") is None


def test_a_compressed_file_can_be_asked_for_by_its_own_name(origin):
    headers = {"Accept-Encoding": "br,gzip"}
    response = origin.send("/static/b1/app.css.gz", headers=headers)
    assert (response.status, gzip.decompress(response.body)) == (200, STATIC)
    assert response.header("Content-Encoding") is None
    assert response.header("Content-Type") == "application/gzip"


def test_each_form_of_a_file_has_a_tag_of_its_own(origin):
    plain = origin.send("/static/b1/app.css").header("ETag")
    headers = {"Accept-Encoding": "br,gzip"}
    compressed = origin.send("/static/b1/app.css", headers=headers).header("ETag")
    assert plain != compressed
    for form, tag in (({}, plain), (headers, compressed)):
        for sent in (tag, f'"no", {tag}', f"W/{tag.removeprefix('W/')}"):
            known = {**form, "If-None-Match": sent}
            response = origin.send("/static/b1/app.css", headers=known)
            assert (response.status, response.body) == (304, b"")
            assert response.header("ETag").strip("W/") == tag.strip("W/")
            assert response.header("Vary") == "Accept-Encoding"


def test_the_date_of_a_file_is_known_too(origin):
    date = origin.send("/media/u.png").header("Last-Modified")
    response = origin.send("/media/u.png", headers={"If-Modified-Since": date})
    assert response.status == 304


@pytest.mark.parametrize(
    ("asked", "body"),
    [("0-0", STATIC[:1]), ("-1", STATIC[-1:]), ("5-", STATIC[5:])],
)
def test_a_part_of_a_file_is_that_part(origin, asked, body):
    response = origin.send("/static/b1/app.css", headers={"Range": f"bytes={asked}"})
    # The whole file is an answer to any range.
    assert (response.status, response.body) in ((206, body), (200, STATIC))


def test_a_part_of_another_form_is_not_mixed_in(origin):
    headers = {"Range": "bytes=5-9", "If-Range": '"of another build"'}
    response = origin.send("/static/b1/app.css", headers=headers)
    assert (response.status, response.body) == (200, STATIC)


def test_several_parts_say_where_they_end(origin):
    headers = {"Range": "bytes=0-3,8-9"}
    response = origin.send("/static/b1/app.css", headers=headers)
    parts = response.header("Content-Type").startswith("multipart/byteranges")
    assert (response.status, parts) in ((206, True), (200, False))


@each(*OTHER_METHODS)
def test_a_refused_method_is_told_which_ones_are_not(origin, case):
    # Apache adds a list of its own, which is empty.
    allowed = ",".join(ask(origin, case).all("Allow")).replace(" ", "").split(",")
    assert {*allowed} - {""} == {"GET", "HEAD", "OPTIONS"}


def test_a_build_is_served_as_soon_as_it_is_there_and_no_longer_than_that(origin):
    build = origin.site / "static/b2"
    assert origin.send("/static/b2/app.css").status == 404
    build.mkdir()
    (build / "app.css").write_bytes(STATIC)
    response = origin.send("/static/b2/app.css")
    assert (response.status, response.body) == (200, STATIC)
    build.rename(origin.site / "static/.b2-trash")
    for method in ("GET", "HEAD"):
        headers = {"If-None-Match": response.header("ETag")}
        again = origin.send("/static/b2/app.css", method=method, headers=headers)
        assert again.status == 404
    (origin.site / "static/.b2-trash").rename(build)
    assert origin.send("/static/b2/app.css").status == 200
    (build / "app.css").unlink()
    build.rmdir()
    assert origin.send("/static/b2/app.css").status == 404


@pytest.mark.parametrize(
    "target",
    ["/", "/admin/?next=%2Fa", "/static", "/STATIC/b1/app.css", "/.well-known/x"],
)
@pytest.mark.parametrize("host", ["shop.example.com", "shop.example.com:8443"])
def test_everything_else_is_django(origin, target, host):
    response = origin.send(target, headers={"Host": host})
    assert (response.status, response.body) == (200, DJANGO)
    assert origin.upstream.requests[-1].target == target
    assert origin.upstream.requests[-1].headers["Host"] == host


@pytest.mark.parametrize("target", ["/go/https://a.test/", "/tag/a%2Fb/", "/a//b"])
def test_odd_paths_outside_the_trees_are_left_to_django(origin, target):
    assert origin.send(target).body == DJANGO


def handshake(origin, protocol):
    """The head of the answer, and what came after five bytes were sent."""
    head = (
        f"GET /chat HTTP/1.1\r\nHost: www.example.com\r\nConnection: Upgrade\r\n"
        f"Upgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", origin.port), timeout=10) as client:
        client.sendall(head.encode())
        answer = client.recv(65536).decode()
        if " 101 " in answer.splitlines()[0]:
            client.sendall(b"hello")
            while not answer.endswith("hello"):
                more = client.recv(65536).decode()
                assert more, answer
                answer += more
        return answer


# Behind WhiteNoise an ASGI server answers itself.
PROXIES = [name for name in SERVERS if name != "whitenoise"]


@pytest.mark.parametrize("origin", PROXIES, indirect=True)
def test_a_websocket_reaches_django(origin):
    answer = handshake(origin, "websocket")
    assert answer.startswith("HTTP/1.1 101 ")
    assert answer.endswith("\r\n\r\nhello")
    asked = origin.upstream.requests[-1]
    assert {k.lower(): v for k, v in asked.headers.items()}["upgrade"] == "websocket"


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_no_other_protocol_is_spoken_past_the_rules(tmp_path, server):
    with SERVERS[server](tmp_path) as origin:
        answer = handshake(origin, "h2c")
        assert answer.startswith("HTTP/1.1 200 ")
        names = {name.lower() for name in origin.upstream.requests[-1].headers}
        assert "upgrade" not in names


def test_django_answers_for_itself(origin):
    response = origin.send("/", headers={"Origin": "https://a.test"})
    assert {name for name, _ in response.headers} <= OF_ANY_ANSWER


@pytest.mark.parametrize("size", [300, 9000])
@pytest.mark.parametrize("where", ["path", "header"])
def test_a_request_that_is_too_long_leaves_nothing_in_caches(origin, where, size):
    long = "a" * size
    path = f"/static/b1/{long if where == 'path' else 'nothing.css'}"
    headers = through("static", Accept=long if where == "header" else "*/*")
    response = origin.send(path, headers=headers)
    assert 400 <= response.status < 500
    assert response.header("Cache-Control") in ("no-store", None)


def test_below_a_file_there_is_nothing(origin):
    response = origin.send("/static/b1/app.css/more")
    assert response.status in (400, 404)
    assert response.header("Cache-Control") == "no-store"


def test_nginx_lets_no_rule_for_scripts_reach_into_the_trees(tmp_path):
    """Such as ``location ~ \\.php$``, which would run what a visitor has uploaded."""

    def edit(text):
        script = r"location ~ \.(html|css)$ { return 200 ran; }"
        return replace_once(
            text, "    default_type ", f"    {script}\n    default_type "
        )

    with nginx(tmp_path, edit=edit) as origin:
        assert origin.send("/other.html").body == b"ran"
        assert origin.send("/media/page.html").body == MEDIA
        assert origin.send("/static/b1/app.css").body == STATIC


def test_apache_lets_no_rule_for_scripts_reach_into_the_trees(tmp_path):
    """As Debian's PHP does it: for files of a name, whatever their folder says."""
    script = r"""
        <FilesMatch "\.(html|css)$">
            SetHandler server-status
        </FilesMatch>
        AddHandler server-status .png
        AddOutputFilter INCLUDES .png
    """
    with apache(tmp_path, beside=script) as origin:
        assert origin.send("/media/page.html").body == MEDIA
        assert origin.send("/media/u.png").body == MEDIA
        assert origin.send("/static/b1/app.css").body == STATIC

    def edit(text):
        return replace_once(text, "        SetHandler default-handler\n", "")

    (tmp_path / "without").mkdir()
    with apache(tmp_path / "without", beside=script, edit=edit) as origin:
        assert MEDIA not in origin.send("/media/page.html").body


# Caddy follows links and cannot be told not to: docs/web-server.md.
@pytest.mark.parametrize("server", ["nginx", "apache", "whitenoise"])
@pytest.mark.parametrize("path", ["/media/link.txt", "/media/linked/secret.txt"])
def test_no_link_leads_out_of_the_tree(tmp_path, server, path):
    with SERVERS[server](tmp_path) as origin:
        response = origin.send(path)
        # Apache tells a link from a file that is missing.
        assert response.status == (403 if server == "apache" else 404)
        assert response.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(("program", "server"), [("nginx", nginx), ("apache2", apache)])
@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", RuntimeError), ("", pytest.skip.Exception)]
)
def test_without_a_server_only_ci_insists(
    tmp_path, monkeypatch, ci, outcome, program, server
):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    with pytest.raises(outcome, match=f"apt-get install {program}"), server(tmp_path):
        pass
