"""What the servers themselves make of what ``cdn conf`` prints, with each of its options."""

from __future__ import annotations

import re
import subprocess

import pytest
from accepting_support import apache_accepts, caddy_accepts, nginx_accepts
from origin_support import DJANGO, STATIC
from servers_support import (
    WEB_SERVERS,
    open_folder,
    site_of,
)
from tools import require

from dj_cloudfront.server_config import apache as apache_text
from dj_cloudfront.server_config import caddy as caddy_text
from dj_cloudfront.server_config import nginx as nginx_text

SECRETS = ("1" * 64, "2" * 64)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate and its key, in folders that anybody may read."""
    folder = tmp_path_factory.mktemp("certificate")
    files = {name: folder / f"{name}.pem" for name in ("fullchain", "privkey")}
    subprocess.run(
        [
            *(require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-subj", "/CN=www.example.com", "-days", "2"),
            *("-out", str(files["fullchain"]), "-keyout", str(files["privkey"])),
        ],
        check=True,
        capture_output=True,
    )
    return {
        "certificate": str(files["fullchain"]),
        "certificate_key": str(files["privkey"]),
    }


ACCEPTS = {"nginx": nginx_accepts, "apache": apache_accepts, "caddy": caddy_accepts}
EACH = pytest.mark.parametrize("accepts", ACCEPTS.values(), ids=ACCEPTS)
SITES = {
    "the least": {},
    "wildcards": {"server_name": ["example.com", "*.example.com"]},
    "a wildcard alone": {"server_name": ["*.example.com"], "max_upload": 4096},
    "two addresses": {"listen": ["127.0.0.1:8080", "[::1]:8080"]},
    "a socket": {"upstream": "unix:/run/mysite/gunicorn.sock", "listen": "8080"},
    "another machine": {"upstream": "localhost:8000", "listen": "[::1]:8080"},
    "private media": {"secrets": SECRETS, "private": True},
    "one guarded": {"secrets": SECRETS[:1], "guard": ["media"]},
    "a log and a secret": {"access_log": "/tmp/access.log", "secrets": SECRETS},
}


@EACH
@pytest.mark.parametrize("options", SITES.values(), ids=SITES)
def test_each_server_accepts_its_own_configuration(tmp_path, accepts, options):
    ok, said = accepts(site_of(tmp_path, **options), tmp_path)
    assert ok, said
    assert "[warn]" not in said


@EACH
@pytest.mark.parametrize("name", ["the least", "wildcards", "two addresses"])
def test_each_server_accepts_it_with_tls(tmp_path, accepts, name, certificate):
    given = {"server_name": ["www.example.com"], **SITES[name]}
    site = site_of(tmp_path, http=False, **given, **certificate)
    ok, said = accepts(site, tmp_path)
    assert ok, said


@EACH
@pytest.mark.parametrize("name", ["mysite (copy) & 'so' on", "müsli", "~a+b@c=d:e!"])
def test_a_folder_may_have_any_usual_name(tmp_path, accepts, name):
    folder = tmp_path / name
    folder.mkdir()
    ok, said = accepts(site_of(folder, access_log=str(folder / "log")), tmp_path)
    assert ok, said


@pytest.mark.parametrize(
    ("options", "nginx_line", "apache_lines", "caddy_line"),
    [
        ({}, "listen 80;\n    listen [::]:80;", "<VirtualHost *:80>", "http://:80 {"),
        (
            {"listen": ["127.0.0.1:8080", "[::1]:8080"]},
            "listen 127.0.0.1:8080;\n    listen [::1]:8080;",
            "Listen 127.0.0.1:8080\nListen [::1]:8080\n"
            "<VirtualHost 127.0.0.1:8080 [::1]:8080>",
            "http://:8080 {\n\tbind 127.0.0.1 ::1\n",
        ),
        (
            {"listen": ["80", "8080"], "server_name": ["a.test", "*.a.test"]},
            "listen 80;\n    listen [::]:80;\n    listen 8080;\n    listen [::]:8080;",
            "Listen 8080\n<VirtualHost *:80 *:8080>",
            "http://a.test:80, http://*.a.test:80, http://a.test:8080, "
            "http://*.a.test:8080 {",
        ),
        (
            {"http": False, "server_name": ["a.test"]},
            "listen 443 ssl;\n    listen [::]:443 ssl;",
            "<VirtualHost *:443>",
            "a.test {",
        ),
        (
            {"http": False, "server_name": ["a.test"], "listen": "8443"},
            "listen 8443 ssl;\n    listen [::]:8443 ssl;",
            "Listen 8443\n<VirtualHost *:8443>",
            "https://a.test:8443 {",
        ),
    ],
)
def test_each_server_listens_where_it_is_told_to(
    tmp_path, options, nginx_line, apache_lines, caddy_line
):
    site = site_of(tmp_path, **options)
    assert f"    {nginx_line}\n" in nginx_text.render(site)
    found = re.findall(
        r"^(?:Listen .*|<VirtualHost .*)$", apache_text.render(site), re.M
    )
    assert "\n".join(found) == apache_lines
    automatic = site_of(tmp_path, automatic=True, **options)
    assert f"\n{caddy_line}" in caddy_text.render(automatic)


@pytest.mark.parametrize("server", WEB_SERVERS)
def test_django_learns_that_the_visitor_came_by_tls(tmp_path, server, certificate):
    options = {"http": False, "server_name": ["www.example.com"], **certificate}
    with WEB_SERVERS[server](tmp_path, **options) as origin:
        forged = {"X-Forwarded-Proto": "http", "Host": "www.example.com"}
        assert origin.send("/", headers=forged).body == DJANGO
        headers = origin.upstream.requests[-1].headers
        assert headers["X-Forwarded-Proto"] == "https"
        assert origin.send("/static/b1/app.css").body == STATIC


@pytest.mark.parametrize("server", WEB_SERVERS)
def test_behind_another_server_django_learns_what_that_one_says(tmp_path, server):
    with WEB_SERVERS[server](tmp_path) as origin:
        origin.send("/", headers={"X-Forwarded-Proto": "https"})
        headers = origin.upstream.requests[-1].headers
        assert headers["X-Forwarded-Proto"] == "https"


@pytest.mark.parametrize("server", WEB_SERVERS)
def test_django_may_listen_to_a_socket(tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("s")
    with (
        open_folder() as sockets,
        WEB_SERVERS[server](folder, socket=sockets / "app.sock") as origin,
    ):
        assert origin.send("/a%2Fb").body == DJANGO
        assert origin.upstream.requests[-1].target == "/a%2Fb"
        assert origin.upstream.requests[-1].headers["Host"] == "www.example.com"


@pytest.mark.parametrize("server", WEB_SERVERS)
def test_a_body_that_is_too_long_does_not_reach_django(tmp_path, server):
    with WEB_SERVERS[server](tmp_path, max_upload=1) as origin:
        body = b"a" * 1000 * 1000
        assert origin.send("/", method="POST", body=body).body == DJANGO
        response = origin.send("/", method="POST", body=b"a" * 1200 * 1000)
        assert response.status == 413
        assert len(origin.upstream.requests) == 1
