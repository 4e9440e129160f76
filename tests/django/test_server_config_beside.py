"""What stands beside a site on the same machine: other sites, modules, other people's lines."""

from __future__ import annotations

import os
import re

import pytest
from accepting_support import accepted, caddy_accepts
from origin_support import DJANGO, MEDIA, STATIC, free_port, replace_once
from servers_support import (
    APACHE_MODULES,
    WEB_SERVERS,
    apache,
    nginx,
    nginx_config,
    site_of,
)
from tools import require, require_package

from dj_cloudfront.server_config import caddy as caddy_text
from dj_cloudfront.server_config import nginx as nginx_text
from local.origin.caddy import command, environment

SECRETS = ("1" * 64, "2" * 64)
OWN = {
    "nginx": """
location /chat/ {
    proxy_pass http://UPSTREAM/other/;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $websocket;
    proxy_set_header Connection $websocket_connection;
}
location /old/ { return 301 /new/; }
""",
    "apache": """
ProxyPass "/chat/" "http://UPSTREAM/other/" upgrade=websocket
RewriteRule "^/old/" "/new/" [R=301,L]
""",
    "caddy": """
handle_path /chat/* {
	rewrite * /other{path}
	reverse_proxy UPSTREAM
}
redir /old/* /new/ 301
""",
}


@pytest.mark.parametrize("server", OWN)
def test_a_site_adds_lines_that_no_new_configuration_overwrites(tmp_path, server):
    with WEB_SERVERS[server](tmp_path, own=OWN[server]) as origin:
        moved = origin.send("/old/page")
        assert moved.status == 301
        assert moved.header("Location").endswith("/new/")
        assert origin.upgrade("websocket", "/chat/room").endswith("hello")
        assert origin.upstream.requests[-1].target == "/other/room"
        assert origin.send("/").body == DJANGO
        assert origin.send("/static/b1/app.css").body == STATIC
        for target in ("/old/page", "/chat/room"):
            assert origin.reaches(target, tree="static") is None
            assert origin.send(target, headers={"X-Cdn-Tree": "static"}).status == 404


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ({}, "site.d/*.conf"),
        ({"server_name": ["*.example.com"]}, "example.com.d/*.conf"),
        ({"server_name": ["a.test", "b.test"]}, "a.test.d/*.conf"),
        ({"server_name": ["a.test"], "name": "shop"}, "shop.d/*.conf"),
    ],
)
def test_each_site_has_a_folder_of_its_own_lines(tmp_path, options, pattern):
    assert site_of(tmp_path, **options).own_lines == pattern


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


def test_two_sites_on_one_nginx_need_names(tmp_path):
    def both(first, second):
        texts = [
            nginx_text.render(
                site_of(tmp_path, listen=f"127.0.0.1:{free_port()}", name=name)
            )
            for name in (first, second)
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
    named = named.replace("$shop_", "$").replace("shop.d/", "site.d/")
    assert named.replace("shop", "app") == plain


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
        assert response.header("Content-Type") == "text/css; charset=utf-8"
        assert response.header("Vary") == "Accept-Encoding"
        assert response.header("ETag") != origin.send("/static/b1/app.css").header(
            "ETag"
        )
