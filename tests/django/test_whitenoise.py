"""The middleware that serves files with WhiteNoise, in this process."""

from __future__ import annotations

import asyncio
import gzip
import os
import warnings

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

import dj_cloudfront
from dj_cloudfront.whitenoise import MediaFilesMiddleware, StaticFilesMiddleware

TEXT = b"body { color: red }\n" * 20
PAGE = b"a page of Django"
A_YEAR = "public, max-age=31536000, immutable"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A build, an upload, and settings that name them."""
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8")
    build = tmp_path / "static" / "b1"
    build.mkdir(parents=True)
    (build / "app.css").write_bytes(TEXT)
    (build / "app.css.gz").write_bytes(gzip.compress(TEXT))
    (build / "plain.js").write_bytes(b"1")
    (build / "empty.txt").write_bytes(b"")
    media = tmp_path / "media"
    media.mkdir()
    (media / "page.html").write_bytes(b"<script>")
    monkeypatch.setenv("STATIC_DOMAIN_NAME", "static.example.com")
    cdn = dj_cloudfront.config(static_root=tmp_path / "static", build_version="b1")
    with override_settings(CDN=cdn, MEDIA_ROOT=media):
        yield tmp_path


@pytest.fixture
def ask(site):
    """Send a request through both middlewares, as printed by ``cdn conf``."""
    chain = StaticFilesMiddleware(MediaFilesMiddleware(lambda _: HttpResponse(PAGE)))

    def send(path, *, method="GET", raw=None, name="RAW_URI", **headers):
        given = {k.replace("_", "-"): v for k, v in headers.items()}
        request = RequestFactory().generic(method, "/", headers=given)
        request.path_info = path
        if raw is not None:
            request.META[name] = raw
        return closed(chain(request))

    return send


def closed(response):
    """The response with its ``body``, as a server leaves it."""
    streaming = response.streaming
    response.body = b"".join(response) if streaming else response.content
    response.close()
    return response


def test_a_file_is_served_with_everything_that_an_edge_and_a_browser_need(ask):
    response = ask("/static/b1/app.css")
    assert response.status_code == 200
    assert response.body == TEXT
    assert dict(response.items()) == {
        "Content-Type": "text/css; charset=utf-8",
        "Content-Length": str(len(TEXT)),
        "Last-Modified": response["Last-Modified"],
        "ETag": response["ETag"],
        "Accept-Ranges": "bytes",
        "Vary": "Accept-Encoding",
        "Cache-Control": A_YEAR,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": (
            "X-Cache, Age, ETag, Content-Length, Content-Range"
        ),
        "X-Content-Type-Options": "nosniff",
    }


def test_a_file_without_content_is_a_file(ask):
    response = ask("/static/b1/empty.txt")
    assert (response.status_code, response.body) == (200, b"")
    assert response["Content-Length"] == "0"


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/b1",
        "/static/b1/",
        "/static/b1/missing.css",
        "/static/b0/app.css",
        "/static/b1/app.css/",
        "/static/b1/app.css/more",
        "/static/b1/./app.css",
        "/static/b1/../b1/app.css",
        "/static//b1/app.css",
        "/static/.b1/app.css",
        "/static/b1/app.css\0",
        f"/static/b1/{'a' * 300}.css",
        "/media/../static/b1/app.css",
    ],
)
def test_everything_else_in_a_tree_is_not_there(ask, path):
    response = ask(path)
    assert (response.status_code, response.body) == (404, b"")
    assert response["Cache-Control"] == "no-store"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.has_header("Content-Type")


@pytest.mark.parametrize(
    ("tree", "path", "status"),
    [
        ("static", "/static/b1/app.css", 200),
        ("media", "/media/page.html", 200),
        ("media", "/static/b1/app.css", 404),
        ("static", "/media/page.html", 404),
        ("static", "/admin/", 404),
        ("media", "/admin/", 404),
        ("private", "/static/b1/app.css", 404),
    ],
)
def test_a_distribution_is_held_to_its_tree(ask, tree, path, status):
    assert ask(path, X_Cdn_Tree=tree).status_code == status


def test_another_distribution_is_left_to_the_next_middleware(ask):
    assert ask("/admin/", X_Cdn_Tree="private").content == PAGE


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize("before", ["", "http://www.example.com"])
@pytest.mark.parametrize(
    "raw",
    [
        "/static/b1/..%2fb1/app.css",
        "/static/%62%31/%2e/app.css",
        "/media/%252e%252e/static/b1/app.css",
    ],
)
def test_an_odd_path_is_refused_however_the_server_names_it(ask, raw, before, name):
    harmless = "/static/b1/app.css?next=/../%2e%2e//"
    assert ask("/static/b1/app.css", raw=harmless).status_code == 200
    response = ask("/static/b1/app.css", raw=f"{before}{raw}", name=name)
    assert response.status_code == 404


@pytest.mark.parametrize("name", ["a%2eb.css", "a\\b.css", "a%00.css"])
def test_a_server_that_tells_no_raw_path_is_no_way_around(ask, site, name):
    (site / "static/b1" / name).write_bytes(TEXT)
    assert ask(f"/static/b1/{name}").status_code == 404


def test_the_raw_path_of_asgi_is_looked_at(site):
    middleware = StaticFilesMiddleware(lambda _: HttpResponse(PAGE))
    for raw, status in ((b"/static/b1/app.css", 200), (b"/static/b1//app.css", 404)):
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/static/b1/app.css",
            "raw_path": raw,
            "headers": [],
        }
        response = middleware(ASGIRequest(scope, None))
        response.close()
        assert response.status_code == status


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_under_asgi_a_file_is_read_in_parts(site, method):
    """Without the warning by which Django reads the whole file first."""
    middleware = StaticFilesMiddleware(lambda _: HttpResponse(PAGE))
    (site / "static/b1/big.bin").write_bytes(TEXT * 10_000)
    path = "/static/b1/big.bin"
    scope = {"type": "http", "method": method, "path": path, "headers": []}

    async def answered():
        response = middleware(ASGIRequest(scope, None))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parts = [part async for part in response]
        response.close()
        return response, parts

    response, parts = asyncio.run(answered())
    assert response["Content-Length"] == str(len(TEXT) * 10_000)
    assert b"".join(parts) == (TEXT * 10_000 if method == "GET" else b"")
    assert len(parts) > 1 or method == "HEAD"


def test_no_link_is_followed_to_a_compressed_file(ask, site):
    (site / "secret").write_bytes(b"s")
    (site / "static/b1/app.css.br").symlink_to(site / "secret")
    response = ask("/static/b1/app.css", Accept_Encoding="br")
    assert response.body == TEXT


def test_the_folder_of_the_builds_may_be_a_link(site, monkeypatch):
    (site / "current").symlink_to("static", target_is_directory=True)
    cdn = dj_cloudfront.config(static_root=site / "current", build_version="b1")
    with override_settings(CDN=cdn):
        middleware = StaticFilesMiddleware(lambda _: HttpResponse(PAGE))
    response = closed(middleware(RequestFactory().get("/static/b1/app.css")))
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_plain_file_is_not_there(ask, site, kind):
    path = site / "static/b1/odd.css"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    assert ask("/static/b1/odd.css").status_code == 404


def test_a_build_that_is_pruned_while_it_is_read_is_no_failure(ask, site, monkeypatch):
    find = StaticFilesMiddleware._find

    def pruned(self, url):
        file = find(self, url)
        (site / "static/b1/app.css").unlink()
        return file

    monkeypatch.setattr(StaticFilesMiddleware, "_find", pruned)
    response = ask("/static/b1/app.css")
    assert (response.status_code, response["Cache-Control"]) == (404, "no-store")


# -- what is repaired in WhiteNoise


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("known", ["{}", 'W/"0", W/{}', '"0", {}', "*"])
def test_a_client_that_has_it_is_told_so(ask, encoding, known):
    tag = ask("/static/b1/app.css", Accept_Encoding=encoding)["ETag"]
    headers = {"Accept_Encoding": encoding, "If_None_Match": known.format(tag)}
    response = ask("/static/b1/app.css", **headers)
    assert (response.status_code, response.body) == (304, b"")
    assert response["ETag"] == tag
    assert response["Vary"] == "Accept-Encoding"
    assert response["Cache-Control"] == A_YEAR
    assert response["Access-Control-Allow-Origin"] == "*"


def test_a_date_counts_only_without_a_tag(ask):
    date = ask("/static/b1/app.css")["Last-Modified"]
    assert ask("/static/b1/app.css", If_Modified_Since=date).status_code == 304
    headers = {"If_Modified_Since": date, "If_None_Match": '"0"'}
    assert ask("/static/b1/app.css", **headers).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "status", "expected"),
    [
        ("bytes=0-3", 206, TEXT[:4]),
        ("bytes=5-", 206, TEXT[5:]),
        ("bytes=-5", 206, TEXT[-5:]),
        ("bytes=0-0", 200, TEXT),
        ("bytes=-1", 200, TEXT),
        (f"bytes={len(TEXT) - 1}-", 200, TEXT),
        ("bytes=0-1,4-5", 200, TEXT),
        ("lines=1-2", 200, TEXT),
        (f"bytes={len(TEXT)}-", 416, b""),
    ],
)
def test_a_range_is_that_range_or_the_whole(ask, wanted, status, expected):
    response = ask("/static/b1/app.css", Range=wanted)
    assert (response.status_code, response.body) == (status, expected)
    if status == 206:
        assert response["Content-Range"].endswith(f"/{len(TEXT)}")
        assert response["ETag"] == ask("/static/b1/app.css")["ETag"]
    if status == 416:
        assert response["Content-Range"] == f"bytes */{len(TEXT)}"
        assert response["Cache-Control"] == "no-store"


# -- settings


def test_with_local_urls_it_is_not_used(site):
    local = dj_cloudfront.config(static_root=site / "static", local=True)
    with override_settings(CDN=local), pytest.raises(MiddlewareNotUsed):
        StaticFilesMiddleware(lambda _: HttpResponse(PAGE))


def test_fails_without_a_folder_for_uploads(site):
    with override_settings(MEDIA_ROOT=""), pytest.raises(ImproperlyConfigured) as fail:
        MediaFilesMiddleware(lambda _: HttpResponse(PAGE))
    assert str(fail.value) == (
        "MEDIA_ROOT must be a folder, such as '/var/mysite/media', got ''"
    )
