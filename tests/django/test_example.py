"""The example site over real HTTP: gunicorn in a process and a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import RequestFactory
from pages_support import set_up_django

EXAMPLE = Path(__file__).resolve().parents[2] / "example"
MANAGE = [sys.executable, "-W", "error", str(EXAMPLE / "manage.py")]
STATIC, MEDIA = "https://static.example.com", "https://media.example.com"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


def environment(data, **changes):
    inherited = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "TMPDIR"}}
    return {
        **inherited,
        "EXAMPLE_DATA": str(data),
        "EXAMPLE_DEBUG": "0",
        "EXAMPLE_SECRET_KEY": "for tests " + "x" * 50,
        "STATIC_DOMAIN_NAME": "static.example.com",
        "MEDIA_DOMAIN_NAME": "media.example.com",
        "PYTHONUNBUFFERED": "1",
        **changes,
    }


def manage(data, *arguments, check=True, **changes):
    done = subprocess.run(
        [*MANAGE, *arguments],
        env=environment(data, **changes),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def commands(data, *given):
    """Several commands in one process."""
    script = (
        f"from django.core.management import call_command as c\nfor g in {given}: c(*g)"
    )
    return manage(data, "shell", "-v0", "-c", script)


class Site:
    def __init__(self, data: Path, port: int, process: subprocess.Popen[str]) -> None:
        self.data, self.port, self.process = data, port, process
        self.cookie = ""

    def request(self, method, path, body=None, headers=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            given = {"Cookie": self.cookie, **(headers or {})}
            connection.request(method, path, body, given)
            response: HTTPResponse = connection.getresponse()
            text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie", []):
            if cookie.startswith("csrftoken="):
                self.cookie = cookie.partition(";")[0]
        return response, text

    def page(self, path="/"):
        response, text = self.request("GET", path)
        assert response.status == 200, text
        return text

    def upload(self, filename, content):
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.page())[1]
        boundary = uuid.uuid4().hex
        field = "--{}\r\nContent-Disposition: form-data; name={}\r\n\r\n"
        body = (
            field.format(boundary, '"csrfmiddlewaretoken"') + token + "\r\n"
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="image"; filename="{filename}"\r\nContent-Type: image/png\r\n\r\n'
        ).encode()
        body += content + f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            # As a browser on any port sends it.
            "Origin": f"http://127.0.0.1:{self.port}",
        }
        return self.request("POST", "/", body, headers)

    def files(self):
        uploads = self.data / "media" / "uploads"
        return {
            str(path.relative_to(uploads))
            for path in uploads.rglob("*")
            if path.is_file()
        }


@contextlib.contextmanager
def serve(data: Path) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd, port = listener.fileno(), listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "mysite.wsgi", "--no-control-socket"]
            + ["--chdir", str(EXAMPLE), "--bind", f"fd://{fd}", "--log-level", "error"],
            env=environment(data),
            pass_fds=[fd],
            text=True,
        )
        try:
            yield Site(data, port, process)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a database, one image and the build b1."""
    data = tmp_path_factory.mktemp("example")
    (data / "BUILD_VERSION").write_text("b1\n")
    commands(
        data, ["migrate", "-v0"], ["seed_gallery"], ["collectstatic", "--no-input"]
    )
    return data


@pytest.fixture(scope="module")
def site(data):
    with serve(data) as site:
        yield site


def links(page):
    return re.findall(r'(?:src|href|data-asset-url)="([^"#]*)', page)


def test_the_page_refers_to_files_of_its_own_build_and_to_none_of_the_site(site):
    page = site.page()
    static = [url for url in links(page) if url.startswith(STATIC)]
    assert {url.rpartition("/")[2] for url in static} == {
        *("site.css", "board.woff2", "main.js", "assets.js"),
        *("sprite.svg", "favicon.svg", "backdrop.svg"),
    }
    assert all(url.startswith(f"{STATIC}/b1/") for url in static)
    assert '<meta name="build-version" content="b1">' in page
    assert {url for url in links(page) if not url.startswith((STATIC, MEDIA))} == {
        "/admin/"
    }


def test_the_login_page_of_the_admin_takes_its_files_and_icon_from_the_build(site):
    page = site.page("/admin/login/")
    files = [url for url in links(page) if re.search(r"\.(css|js|svg|ico)$", url)]
    assert f"{STATIC}/b1/gallery/img/favicon.svg" in files
    assert f"{STATIC}/b1/admin/css/base.css" in files
    assert all(url.startswith(f"{STATIC}/b1/") for url in files)


def test_every_static_file_a_page_names_is_in_the_collected_build(site):
    pages = site.page() + site.page("/admin/login/")
    names = {url for url in links(pages) if url.startswith(STATIC)}
    assert names
    for url in names:
        assert (site.data / "static" / url.removeprefix(f"{STATIC}/")).is_file(), url


@pytest.mark.parametrize("path", ["/", "/admin/login/"])
def test_a_page_may_load_what_the_cdn_has_and_says_so_early(site, path):
    response, _ = site.request("GET", path)
    directives = response.headers["Content-Security-Policy"].split("; ")
    policy = {name: sources for name, *sources in map(str.split, directives)}
    assert policy["default-src"] == ["'self'"]
    assert policy["font-src"] == policy["script-src"] == ["'self'", STATIC]
    assert policy["img-src"] == policy["connect-src"] == ["'self'", STATIC, MEDIA]
    assert f"<{MEDIA}>; rel=preconnect" in response.headers["Link"].split(", ")
    assert "private" in response.headers["Cache-Control"]


def test_an_empty_gallery_gets_one_image_however_often_it_is_seeded(site):
    before = site.files()
    assert before
    assert "already" in manage(site.data, "seed_gallery").stdout
    assert site.files() == before


def test_an_upload_comes_back_from_the_media_host_in_a_folder_of_its_own(site):
    before = site.files()
    response, _ = site.upload("Résumé photo.PNG", PNG)
    assert (response.status, response.headers["Location"]) == (302, "/")
    (name,) = site.files() - before
    assert re.fullmatch(r"[0-9a-f]{20}/Résumé_photo\.PNG", name)
    assert (site.data / "media" / "uploads" / name).read_bytes() == PNG
    page = site.page()
    assert f'src="{MEDIA}/uploads/{quote(name)}"' in page
    assert 'alt="Résumé photo.PNG"' in page


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(16)),
        ("a.jpeg", b"\xff\xd8\xff\xe1" + bytes(16)),
        ("a.gif", b"GIF89a" + bytes(16)),
        ("a.webp", b"RIFF\n\0\0\0WEBPVP8 "),
        ("at-the-limit.png", PNG.ljust(5 * 1024 * 1024, b"\0")),
    ],
)
def test_an_image_is_taken(site, filename, content):
    before = site.files()
    response, _ = site.upload(filename, content)
    assert response.status == 302
    assert len(site.files() - before) == 1


@pytest.mark.parametrize(
    ("filename", "content", "sentence"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not allowed"),
        ("a.html", PNG, "is not allowed"),
        ("png", PNG, "is not allowed"),
        ("a.png", b"<!doctype html><script>1</script>", "of the kind its name says"),
        ("a.png", b"GIF89a" + bytes(16), "of the kind its name says"),
        ("a.png.svg", PNG, "is not allowed"),
        ("a.png", PNG.ljust(5 * 1024 * 1024 + 1, b"\0"), "at most 5 MB"),
        ("a.png", b"", "empty"),
    ],
)
def test_what_is_no_image_is_refused(site, filename, content, sentence):
    before = site.files()
    response, text = site.upload(filename, content)
    assert response.status == 422
    assert sentence in text
    assert site.files() == before


@pytest.mark.parametrize(
    "filename", ["../../evil.png", "..%2fevil.png", "/etc/evil.png"]
)
def test_a_path_in_a_name_leads_nowhere(site, filename):
    before = site.files()
    response, _ = site.upload(filename, PNG)
    assert response.status == 302
    (new,) = site.files() - before
    assert re.fullmatch(r"[0-9a-f]{20}/[^/]+\.png", new)


def test_the_icon_that_browsers_guess_is_a_redirect_that_no_cache_keeps(site):
    response, _ = site.request("GET", "/favicon.ico")
    assert response.status == 302
    assert response.headers["Location"] == f"{STATIC}/b1/gallery/img/favicon.svg"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_health_page_names_the_build(site):
    response, text = site.request("GET", "/healthz")
    assert json.loads(text) == {"status": "ok", "build": "b1"}
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/favicon.ico", "/admin/login/"])
def test_a_distribution_gets_404_from_every_page(site, path):
    response, _ = site.request("GET", path, headers={"X-Cdn-Tree": "static"})
    assert (response.status, response.headers["Cache-Control"]) == (404, "no-store")
    assert site.request("GET", path)[0].status in {200, 302}


def test_without_debug_the_site_serves_no_file(site):
    uploads = [f"/media/uploads/{quote(name)}" for name in site.files()]
    assert uploads
    for path in (*uploads, "/static/b1/gallery/css/site.css"):
        assert site.request("GET", path)[0].status == 404


def test_the_next_build_is_published_before_the_switch_and_served_after_a_hup(
    data, tmp_path
):
    shutil.copy(data / "db.sqlite3", tmp_path)
    version = tmp_path / "BUILD_VERSION"
    version.write_text("b1")
    with serve(tmp_path) as site:
        manage(tmp_path, "cdn", "publish", BUILD_VERSION="b2")
        assert (tmp_path / "static/b2/gallery/css/site.css").is_file()
        assert f"{STATIC}/b1/" in site.page()

        version.with_suffix(".new").write_text("b2")
        version.with_suffix(".new").rename(version)
        site.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        # Old and new workers answer side by side for a moment.
        while f"{STATIC}/b2/" not in (page := site.page()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert f"{STATIC}/b1/" not in page


def test_a_cookie_that_no_header_can_hold_is_a_failed_request(monkeypatch):
    set_up_django()
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from gallery import private

    cookie = 'CloudFront-Policy="a\\012b"'
    request = RequestFactory().get("/", headers={"Cookie": cookie})
    assert request.COOKIES == {"CloudFront-Policy": "a\nb"}
    answer = private.ask("http://private.localhost:1/sunset.png", request)
    assert answer["status"].startswith("failed: Invalid header value")


def test_the_checks_pass_and_no_migration_is_missing(data):
    check, migrations = ["check", "--fail-level=WARNING"], ["makemigrations", "--check"]
    commands(data, check, migrations)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"EXAMPLE_SECRET_KEY": ""},
            "EXAMPLE_SECRET_KEY must be set to a long random string when EXAMPLE_DEBUG=0",
        ),
        ({"BUILD_VERSION": "../b2"}, "build_version must be 1 to 64 letters"),
        (
            {"STATIC_DOMAIN_NAME": "", "MEDIA_DOMAIN_NAME": ""},
            "outputs_file must be the file written by 'cdk deploy --outputs-file'",
        ),
    ],
)
def test_fails_when_a_setting_is_missing_or_wrong(data, changes, sentence):
    done = manage(data, "check", check=False, **changes)
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]


def test_runserver_needs_no_environment_and_serves_the_files_itself(data, tmp_path):
    bare = environment(tmp_path)
    for name in (
        *("EXAMPLE_DEBUG", "EXAMPLE_SECRET_KEY"),
        *("STATIC_DOMAIN_NAME", "MEDIA_DOMAIN_NAME"),
    ):
        del bare[name]
    shutil.copy(data / "db.sqlite3", tmp_path)
    shutil.copytree(data / "media", tmp_path / "media")
    manage(tmp_path, "seed_gallery", EXAMPLE_DEBUG="1")
    with subprocess.Popen(
        [*MANAGE, "runserver", "--noreload", "127.0.0.1:0"],
        env=bare,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            port = next(filter(None, map(_port, process.stdout)))
            site = Site(tmp_path, port, process)
            urls = {url for url in links(site.page()) if url != "/admin/"}
            assert {url.split("/")[1] for url in urls} == {"static", "media", "private"}
            for url in urls:
                connection = HTTPConnection("127.0.0.1", port, timeout=20)
                with contextlib.closing(connection):
                    connection.request("GET", url)
                    assert connection.getresponse().status == 200, url
        finally:
            process.terminate()


def _port(line: str) -> int | None:
    match = re.search(r"server at http://127\.0\.0\.1:(\d+)/", line)
    return int(match[1]) if match else None
