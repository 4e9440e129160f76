"""What the servers themselves make of what ``cdn conf`` prints, with each of its options."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from origin_support import DJANGO, STATIC
from servers_support import (
    APACHE_MODULES,
    WEB_SERVERS,
    apache,
    apache_config,
    apache_environment,
    nginx,
    nginx_config,
    open_folder,
    site_of,
)
from tools import require, require_package

from dj_cloudfront.servers import apache as apache_text
from dj_cloudfront.servers import caddy as caddy_text
from dj_cloudfront.servers import nginx as nginx_text
from local.origin.caddy import command, environment

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


def accepted(start, folder, variables=None):
    """Whether a program ends well, and what it says."""
    done = subprocess.run(
        start, cwd=folder, env=variables, capture_output=True, text=True
    )
    return done.returncode == 0, done.stdout + done.stderr


def nginx_accepts(site, folder, **options):
    config = folder / "nginx.conf"
    config.write_text(nginx_config(folder, nginx_text.render(site, **options)))
    program = require("nginx")
    start = [program, "-t", "-p", str(folder), "-e", "error.log", "-c", str(config)]
    return accepted(start, folder)


def apache_accepts(site, folder):
    config = folder / "apache.conf"
    config.write_text(apache_config(folder, apache_text.render(site)))
    start = [require("apache2"), "-t", "-f", str(config)]
    return accepted(start, folder, apache_environment(folder))


def caddy_accepts(site, folder):
    config = folder / "Caddyfile"
    config.write_text(caddy_text.render(site))
    variables = {**os.environ, **environment(folder / "storage")}
    ok, said = accepted(command("validate", config), folder, variables)
    # It is formatted as Caddy would format it, or Caddy warns.
    return ok and "not formatted" not in said, said


ACCEPTS = {"nginx": nginx_accepts, "apache": apache_accepts, "caddy": caddy_accepts}
EACH = pytest.mark.parametrize("accepts", ACCEPTS.values(), ids=ACCEPTS)
SITES = {
    "the least": {},
    "names": {"server_name": ["www.example.com", "example.com"]},
    "a port": {"listen": "8080"},
    "an address": {"listen": "127.0.0.1:8080"},
    "IPv6": {"listen": "[::1]:8080"},
    "a socket": {"upstream": "unix:/run/mysite/gunicorn.sock"},
    "another machine": {"upstream": "localhost:8000"},
    "private media": {"secrets": SECRETS, "private": True},
    "one guarded": {"secrets": SECRETS[:1], "guard": ["media"]},
    "a log": {"access_log": "/tmp/access.log"},
    "much to upload": {"max_upload": 4096},
}


@EACH
@pytest.mark.parametrize("options", SITES.values(), ids=SITES)
def test_each_server_accepts_its_own_configuration(tmp_path, accepts, options):
    ok, said = accepts(site_of(tmp_path, **options), tmp_path)
    assert ok, said
    assert "[warn]" not in said


@EACH
@pytest.mark.parametrize("options", SITES.values(), ids=SITES)
def test_each_server_accepts_it_with_tls(tmp_path, accepts, options, certificate):
    given = {"server_name": ["www.example.com"], **options}
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


# What a machine says beside a site, and what must not matter.


def test_nginx_may_compress_whatever_else_it_likes(tmp_path):
    machine = "gzip on; gzip_types *; gzip_min_length 1; charset koi8-r;"
    headers = {"Accept-Encoding": "br,gzip", "Via": "1.1 edge (CloudFront)"}
    with nginx(tmp_path, beside=machine) as origin:
        response = origin.send("/static/b1/css/site.css", headers=headers)
        assert response.status == 200
        response = origin.send("/static/b1/app.css", headers=headers)
        assert response.header("Content-Encoding") == "gzip"
        assert response.header("Content-Length")


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_apache_compresses_nothing_as_it_goes(tmp_path, encoding):
    """Its own tag of such an answer would be another one than the file's."""
    machine = f"""
        LoadModule brotli_module {APACHE_MODULES}/mod_brotli.so
        AddOutputFilterByType BROTLI_COMPRESS text/css
        AddOutputFilterByType DEFLATE text/css
        FileETag None
        ErrorDocument 404 /404.html
    """
    with apache(tmp_path, beside=machine) as origin:
        headers = {"Accept-Encoding": encoding}
        response = origin.send("/static/b1/css/site.css", headers=headers)
        assert response.body == STATIC
        assert response.header("Content-Encoding") is None
        assert response.header("ETag")
        missing = origin.send("/static/b1/nothing.css", headers=headers)
        assert (missing.status, missing.body == DJANGO) == (404, False)
        assert missing.header("Cache-Control") == "no-store"


def test_two_sites_on_one_nginx_need_names(tmp_path):
    def both(first, second):
        texts = [
            nginx_text.render(site_of(tmp_path, listen=str(port), name=name))
            for port, name in ((8081, first), (8082, second))
        ]
        config = tmp_path / "nginx.conf"
        config.write_text(nginx_config(tmp_path, "\n".join(texts)))
        start = [require("nginx"), "-t", "-p", str(tmp_path), "-c", str(config)]
        return accepted([*start, "-e", "error.log"], tmp_path)

    ok, said = both(None, None)
    assert not ok
    assert 'duplicate upstream "app"' in said
    ok, said = both("shop", "blog")
    assert ok, said


def test_a_name_is_part_of_every_variable_of_nginx(tmp_path):
    options = {"secrets": SECRETS, "private": True}
    plain = nginx_text.render(site_of(tmp_path, **options))
    named = nginx_text.render(site_of(tmp_path, name="shop", **options))
    names = {*re.findall(r'^map (?:"[^"]+"|\S+) (\$\w+)', plain, re.M)}
    assert len(names) >= 10
    for name in names:
        assert name in plain
        assert not re.search(rf"{re.escape(name)}\b", named)
        assert f"$shop_{name[1:]}" in named
    assert named.replace("$shop_", "$").replace("shop", "app") == plain


def test_a_named_site_of_nginx_works(tmp_path):
    with nginx(tmp_path, name="shop") as origin:
        assert origin.send("/static/b1/app.css").body == STATIC
        assert origin.reaches("/static/../admin/", tree="static") is None
        assert origin.reaches("http://x/admin/", tree="static") is None


def test_two_sites_in_one_caddyfile_need_names(tmp_path):
    def both(first, second):
        texts = [
            caddy_text.render(site_of(tmp_path, listen=str(port), name=name))
            for port, name in ((8081, first), (8082, second))
        ]
        (tmp_path / "Caddyfile").write_text("\n".join(texts))
        variables = {**os.environ, **environment(tmp_path / "storage")}
        return accepted(command("adapt", tmp_path / "Caddyfile"), tmp_path, variables)

    ok, said = both(None, None)
    assert not ok
    assert "redeclaration of previously declared snippet cdn" in said
    ok, said = both("shop", "blog")
    assert ok, said


def test_caddy_gets_a_certificate_by_itself_when_none_is_given(tmp_path):
    names = ["www.example.com", "example.com"]
    site = site_of(tmp_path, http=False, automatic=True, server_name=names)
    text = caddy_text.render(site)
    assert "\nwww.example.com, example.com {\n\troute {" in text
    ok, said = caddy_accepts(site, tmp_path)
    assert ok, said


def test_nginx_sends_brotli_with_the_module_that_debian_has(tmp_path):
    require_package("libnginx-mod-http-brotli-static")
    with nginx(tmp_path, brotli=True) as origin:
        headers = {"Accept-Encoding": "br,gzip", "Via": "1.1 edge (CloudFront)"}
        origin.send("/static/b1/app.css", headers={"Range": "bytes=0-3"})
        (origin.site / "static/b1/app.css.br").write_bytes(b"brotli")
        for slashes in range(20):
            # What is in the memory behind a path must not matter.
            target = f"/static/b1/app.css?{'/' * slashes}"
            response = origin.send(target, headers=headers)
            assert (response.status, response.body) == (200, b"brotli")
        assert response.header("Content-Encoding") == "br"
        assert response.header("Content-Type") == "text/css"
        assert response.header("Vary") == "Accept-Encoding"
        assert response.header("ETag") != origin.send("/static/b1/app.css").header(
            "ETag"
        )
