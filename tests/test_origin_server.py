"""What the local Caddy and the README's nginx answer, by the rules of docs/web-server.md."""

from __future__ import annotations

import gzip
from typing import NamedTuple

import pytest
from origin_support import (
    DJANGO,
    MEDIA,
    SERVERS,
    STATIC,
    Origin,
    Response,
    nginx,
    replace_once,
)

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
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert response.header("Content-Security-Policy") == policy
    assert response.header("X-Content-Type-Options") == "nosniff"


def test_static_files_have_their_type_and_no_policy(origin):
    response = origin.send("/static/b1/module.mjs")
    assert response.header("Content-Type").startswith("text/javascript")
    assert response.header("X-Content-Type-Options") == "nosniff"
    assert response.header("Content-Security-Policy") is None


@pytest.mark.parametrize(
    "target",
    ["/", "/admin/?next=%2Fa", "/static", "/STATIC/b1/app.css", "/.well-known/x"],
)
def test_everything_else_is_django(origin, target):
    response = origin.send(target, headers={"Host": "shop.example.com"})
    assert (response.status, response.body) == (200, DJANGO)
    assert origin.upstream.requests[-1].target == target
    assert origin.upstream.requests[-1].headers["Host"] == "shop.example.com"


@pytest.mark.parametrize("target", ["/go/https://a.test/", "/tag/a%2Fb/", "/a//b"])
def test_odd_paths_outside_the_trees_are_left_to_django(origin, target):
    assert origin.send(target).body == DJANGO


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
        return replace_once(text, "gzip_static on;", f"gzip_static on;\n{script}")

    with nginx(tmp_path, edit=edit) as origin:
        assert origin.send("/other.html").body == b"ran"
        assert origin.send("/media/page.html").body == MEDIA
        assert origin.send("/static/b1/app.css").body == STATIC


@pytest.mark.parametrize("path", ["/media/link.txt", "/media/linked/secret.txt"])
def test_nginx_follows_no_link_out_of_the_tree(tmp_path, path):
    with nginx(tmp_path) as origin:
        response = origin.send(path)
        assert response.status == 404
        assert response.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", RuntimeError), ("", pytest.skip.Exception)]
)
def test_without_nginx_only_ci_insists(tmp_path, monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    with pytest.raises(outcome, match="apt-get install nginx"), nginx(tmp_path):
        pass
