"""What each server of ``cdn conf`` answers, by the rules of docs/web-server.md."""

from __future__ import annotations

import gzip
from typing import NamedTuple

import pytest
from origin_support import (
    DJANGO,
    MEDIA,
    OUTSIDE,
    STATIC,
    Origin,
    Response,
)
from servers_support import SERVERS

A_YEAR = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
OF_ANY_ANSWER = {
    *("Server", "Date", "Connection", "Content-Length", "Content-Type", "Via")
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
        *("/static/", "/static/b1", "/static/b1/", "/static/b1/css", "/static/b1/css/"),
        *("/media/", "/media/photos", "/media/photos/"),
    )
]
HIDDEN = [
    Case(f"/static/{name}", 404)
    for name in (".tmp-b2/app.css", ".tmp-b2", "b1/.env", "b1/%2eenv")
]
STRAYS = [
    Case("/admin/", 404, "POST", headers=through("static")),
    *(
        Case(path, 404, headers=through(tree))
        for tree, paths in {
            "static": (
                *("/media/u.png", "/%6dedia/u.png", "/static", "/", "/admin/"),
                *("/staticb1/app.css", "/STATIC/b1/app.css"),
                *("/admin/?/static/", "/admin/static/"),
            ),
            "media": ("/static/b1/app.css", "/media", "/admin/"),
            "private": ("/static/b1/app.css",),
            "static,media": ("/media/u.png",),
        }.items()
        for path in paths
    ),
]
OTHER_METHODS = [
    Case(path, 405, method)
    for path in ("/static/b1/app.css", "/static/new", "/media/u.png", "/media/new")
    for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND")
]
MISSING = [
    Case("/static/b1/nothing.css", 404),
    Case("/static/b0/app.css", 404),
    Case("/static/b1/app.css/", 404),
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
NO_PREFLIGHTS = [*SUCCESSES, *ERRORS, *BAD_RANGES]
CASES = [*NO_PREFLIGHTS, *PREFLIGHTS]


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    return request.param


@pytest.fixture(scope="module")
def origin(server, tmp_path_factory):
    with SERVERS[server](tmp_path_factory.mktemp("origin")) as origin:
        yield origin


class Answers:
    """What a server answers in each case, asked once."""

    def __init__(self, origin: Origin) -> None:
        before = len(origin.upstream.requests)
        self._all: dict[str, Response] = {
            str(case): origin.send(
                case.target, method=case.method, headers=case.headers
            )
            for case in CASES
        }
        self.of_django = origin.upstream.requests[before:]
        self.statuses = {case: one.status for case, one in self._all.items()}

    def all(self, cases: list[Case], name: str) -> dict[str, list[str]]:
        return {str(case): self._all[str(case)].all(name) for case in cases}

    def the(self, cases: list[Case], name: str) -> dict[str, str | None]:
        return {str(case): self._all[str(case)].header(name) for case in cases}


@pytest.fixture(scope="module")
def answers(origin):
    return Answers(origin)


def same(cases: list[Case], value: object) -> dict[str, object]:
    return dict.fromkeys(map(str, cases), value)


def test_each_answer_has_its_status_and_none_is_of_django(answers):
    assert answers.statuses == {str(case): case.status for case in CASES}
    assert answers.of_django == []


def test_static_is_kept_for_a_year_and_media_for_a_day(answers):
    assert answers.the(SUCCESSES, "Cache-Control") == {
        str(case): A_YEAR if case.target.startswith("/static/") else A_DAY
        for case in SUCCESSES
    }


def test_a_revalidation_says_the_same_again(origin):
    for path, expected in (("/static/b1/app.css", A_YEAR), ("/media/u.png", A_DAY)):
        etag = origin.send(path).header("ETag")
        response = origin.send(path, headers={"If-None-Match": etag})
        assert response.status == 304
        assert response.header("Cache-Control") == expected
        assert response.header("Access-Control-Allow-Origin") == "*"


def test_no_error_is_kept(origin, answers):
    below = origin.send("/static/b1/app.css/more")
    assert 400 <= below.status <= 404 and below.header("Cache-Control") == "no-store"
    assert answers.the(ERRORS, "Cache-Control") == same(ERRORS, "no-store")
    # nginx says both, and the stricter wins: RFC 9111, section 4.2.1
    of_ranges = answers.all(BAD_RANGES, "Cache-Control").values()
    assert all("no-store" in values for values in of_ranges)


def test_every_answer_of_the_trees_is_open_to_other_origins(answers):
    assert answers.the(CASES, "Access-Control-Allow-Origin") == same(CASES, "*")
    for case, values in answers.all(CASES, "Access-Control-Expose-Headers").items():
        assert {"X-Cache", "Age"} <= {*values[0].split(", ")}, case


def test_a_preflight_is_allowed_and_what_is_for_it_is_said_to_it_alone(answers):
    for name, value in (
        ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
        ("Access-Control-Allow-Headers", "*"),
        ("Access-Control-Max-Age", "86400"),
    ):
        assert answers.the(PREFLIGHTS, name) == same(PREFLIGHTS, value)
        assert answers.the(NO_PREFLIGHTS, name) == same(NO_PREFLIGHTS, None)
    assert answers.the(PREFLIGHTS, "Cache-Control") == same(PREFLIGHTS, A_DAY)


def test_no_redirect_leads_to_the_server(answers):
    assert answers.the(CASES, "Location") == same(CASES, None)


def test_a_refused_method_is_told_which_ones_are_not(answers):
    for case, values in answers.all(OTHER_METHODS, "Allow").items():
        # Apache adds a list of its own, which is empty.
        allowed = {name.strip() for value in values for name in value.split(",")}
        assert allowed - {""} == {"GET", "HEAD", "OPTIONS"}, case


def test_a_precompressed_file_is_sent_to_who_can_read_it_and_to_nobody_else(origin):
    # nginx withholds it from proxies unless told otherwise.
    for via in ({}, {"Via": "1.1 edge.test (CloudFront)"}):
        headers = {"Accept-Encoding": "br,gzip", **via}
        response = origin.send("/static/b1/app.css", headers=headers)
        assert response.header("Content-Encoding") == "gzip"
        assert gzip.decompress(response.body) == STATIC
        assert response.header("Vary") == "Accept-Encoding"
        assert response.header("Content-Type").startswith("text/css")
    response = origin.send("/static/b1/app.css")
    assert (response.header("Content-Encoding"), response.body) == (None, STATIC)
    assert response.header("Vary") == "Accept-Encoding"


def test_a_question_mark_in_a_name_begins_no_query(origin):
    path = origin.site / "static/b1/q?x.css"
    path.write_bytes(STATIC)
    path.with_name("q?x.css.gz").write_bytes(gzip.compress(STATIC))
    for coding in ("identity", "gzip"):
        headers = {"Accept-Encoding": coding, **through("static")}
        response = origin.send("/static/b1/q%3Fx.css", headers=headers)
        # Apache sends the plain file to both.
        is_gzip = response.header("Content-Encoding") == "gzip" == coding
        body = gzip.decompress(response.body) if is_gzip else response.body
        assert (response.status, body) == (200, STATIC)
        assert response.header("Content-Type") == "text/css; charset=utf-8"


def test_names_that_django_gives_to_uploads_are_served(origin):
    for name in ("my..photo.png", "%C3%BC%20100%25.png", "u.png"):
        response = origin.send(f"/media/{name}", headers=through("media"))
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


TYPES = {
    "app.js": "text/javascript; charset=utf-8",
    "module.mjs": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
    "notes.txt": "text/plain; charset=utf-8",
    "table.csv": "text/csv; charset=utf-8",
    "page.html": "text/html; charset=utf-8",
    "app.css.map": "application/json",
    "site.webmanifest": "application/manifest+json",
    "code.wasm": "application/wasm",
    "font.woff2": "font/woff2",
    "icon.svg": "image/svg+xml",
    "PHOTO.AVIF": "image/avif",
    "movie.MP4": "video/mp4",
    "data.tar.gz": "application/gzip",
    "paper.unheard-of": "application/octet-stream",
    "LICENSE": "application/octet-stream",
}


def test_a_file_has_the_same_type_everywhere(origin):
    """Whatever tables of types the machine has."""
    folder = origin.site / "static/b1/types"
    folder.mkdir()
    found = {}
    for name in TYPES:
        (folder / name).write_bytes(b"of this type")
        response = origin.send(f"/static/b1/types/{name}")
        found[name] = response.header("Content-Type")
    assert found == TYPES


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


def test_brotli_is_preferred_where_it_can_be(server, origin):
    bodies = {"": b"plain" * 60, "gzip": b"gzip" * 9, "br": b"br"}
    for coding, ending in (("", ""), ("gzip", ".gz"), ("br", ".br")):
        (origin.site / f"static/b1/both.css{ending}").write_bytes(bodies[coding])
    # nginx needs a module: test_server_config_beside.py
    best = "gzip" if server.startswith("nginx") else "br"
    for sent, coding in (("br,gzip", best), ("gzip", "gzip"), ("", "")):
        response = origin.send("/static/b1/both.css", headers={"Accept-Encoding": sent})
        assert response.body == bodies[coding]
        assert response.header("Content-Encoding") == (coding or None)
        assert response.header("Content-Type") == "text/css; charset=utf-8"
        # "br" is Breton, too.
        assert response.header("Content-Language") is None


def test_an_upload_is_not_taken_for_the_compressed_form_of_another(origin):
    """Names of uploads are their visitors': one could put his content under another's."""
    for ending in ("gz", "br"):
        (origin.site / f"media/u.png.{ending}").write_bytes(b"a forgery")
    response = origin.send("/media/u.png", headers={"Accept-Encoding": "br,gzip"})
    assert (response.body, response.header("Content-Encoding")) == (MEDIA, None)


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


def test_a_part_of_a_file_is_that_part(origin):
    for asked, body in (("0-0", STATIC[:1]), ("-1", STATIC[-1:]), ("5-", STATIC[5:])):
        headers = {"Range": f"bytes={asked}"}
        response = origin.send("/static/b1/app.css", headers=headers)
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


def test_everything_else_is_django(origin):
    for target in (
        *("/", "/admin/?next=%2Fa", "/static", "/STATIC/b1/app.css", "/.well-known/x"),
    ):
        for host in ("shop.example.com", "shop.example.com:8443"):
            response = origin.send(target, headers={"Host": host})
            assert (response.status, response.body) == (200, DJANGO)
            asked = origin.upstream.requests[-1]
            assert (asked.target, asked.headers["Host"]) == (target, host)
    for odd in ("/go/https://a.test/", "/tag/a%2Fb/", "/a//b"):
        assert origin.send(odd).body == DJANGO


# Behind WhiteNoise an ASGI server answers itself.
PROXIES = [name for name in SERVERS if name != "whitenoise"]


@pytest.mark.parametrize("server", PROXIES, indirect=True)
def test_a_websocket_reaches_django(origin):
    answer = origin.upgrade("websocket")
    assert answer.startswith("HTTP/1.1 101 ")
    assert answer.endswith("\r\n\r\nhello")
    asked = origin.upstream.requests[-1]
    assert {k.lower(): v for k, v in asked.headers.items()}["upgrade"] == "websocket"


@pytest.mark.parametrize("server", ["nginx", "apache"], indirect=True)
def test_no_other_protocol_is_spoken_past_the_rules(origin):
    answer = origin.upgrade("h2c")
    assert answer.startswith("HTTP/1.1 200 ")
    names = {name.lower() for name in origin.upstream.requests[-1].headers}
    assert "upgrade" not in names


def test_django_answers_for_itself(origin):
    response = origin.send("/", headers={"Origin": "https://a.test"})
    assert {name for name, _ in response.headers} <= OF_ANY_ANSWER


def test_a_request_that_is_too_long_leaves_nothing_in_caches(origin):
    for long in ("a" * 300, "a" * 9000):
        for path, accept in ((long, "*/*"), ("nothing.css", long)):
            headers = through("static", Accept=accept)
            response = origin.send(f"/static/b1/{path}", headers=headers)
            assert 400 <= response.status < 500
            assert response.header("Cache-Control") in ("no-store", None)


def test_no_link_leads_out_of_the_tree(server, origin):
    for path in ("/media/link.txt", "/media/linked/secret.txt"):
        response = origin.send(path)
        if server == "caddy":
            # It follows links and cannot be told not to: docs/web-server.md.
            assert (response.status, response.body) == (200, OUTSIDE)
            continue
        # Apache tells a link from a file that is missing.
        assert response.status == (403 if server == "apache" else 404)
        assert response.header("Cache-Control") == "no-store"
