"""docs/web-server.md and the lines for servers on other pages."""

from __future__ import annotations

import io
import json
import shlex
import textwrap

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from docs_support import (
    ROOT,
    code,
    fenced,
    options_of,
    parser_of,
    section,
    tables,
)
from http_notes import ARGUED
from servers_support import SERVERS
from tools import has_package

from dj_cloudfront.contract import Output
from dj_cloudfront.management.commands.cdn import Command

PAGE = ROOT / "docs" / "web-server.md"
GETTING_STARTED = ROOT / "docs" / "getting-started.md"
WEB_SERVERS = {"nginx", "apache", "caddy"}


@pytest.fixture(autouse=True)
def documented_settings(tmp_path, monkeypatch):
    """The settings of Getting started, on a server."""
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8")
    outputs = dict.fromkeys(Output, "d111111abcdef8.cloudfront.net")
    (tmp_path / "cdn-outputs.json").write_text(json.dumps({"mysite-cdn-prod": outputs}))
    monkeypatch.setenv("BUILD_VERSION", "2026-11-23.1")
    (text,) = (
        text
        for kind, text in fenced(GETTING_STARTED)
        if kind == "python" and "ALLOWED_HOSTS" in text
    )
    names = {"DEBUG": False, "BASE_DIR": tmp_path}
    exec(compile(text, "settings.py", "exec"), names)
    wanted = ("CDN", "MEDIA_ROOT", "ALLOWED_HOSTS", "MIDDLEWARE")
    with override_settings(**{name: names[name] for name in wanted}):
        yield


def printed(line):
    """What a documented command prints; its file stays unwritten."""
    words = shlex.split(line)
    assert words[:4] == ["python", "manage.py", "cdn", "conf"]
    if "--output" in words:
        del words[words.index("--output") :]
    out = io.StringIO()
    call_command(Command(), *words[3:], stdout=out, no_color=True)
    return out.getvalue()


def commands(page):
    """The commands of a page's shell blocks, with their continued lines."""
    return [
        line
        for kind, text in fenced(page)
        if kind == "sh"
        for line in text.replace("\\\n", " ").splitlines()
        if " cdn conf " in line
    ]


def nginx_blocks(page):
    return [text for kind, text in fenced(page) if kind == "nginx"]


def test_the_page_shows_what_the_command_prints_for_the_settings():
    assert printed("python manage.py cdn conf nginx") in nginx_blocks(PAGE)


def test_whitenoise_is_documented_as_printed():
    (shown,) = (text for kind, text in fenced(PAGE) if kind == "python")
    lines = shown.splitlines()
    text = printed("python manage.py cdn conf whitenoise").splitlines()
    assert lines[1:] == text[1:]
    assert lines[0] == text[0].partition(":")[0]


@pytest.mark.parametrize("page", ["web-server", "origin-secret", "private-media"])
def test_documented_commands_print_something(page, monkeypatch):
    monkeypatch.setenv("ORIGIN_SECRET", "1" * 64)
    monkeypatch.setenv("NEW_ORIGIN_SECRET", "2" * 64)
    found = commands(ROOT / "docs" / f"{page}.md")
    assert found
    for line in found:
        assert "location ^~ /static/" in printed(line)


@pytest.mark.parametrize("page", ["origin-secret", "private-media"])
def test_lines_on_other_pages_are_lines_that_are_printed(page, monkeypatch):
    monkeypatch.setenv("ORIGIN_SECRET", "1" * 64)
    monkeypatch.setenv("NEW_ORIGIN_SECRET", "2" * 64)
    path = ROOT / "docs" / f"{page}.md"
    (line,) = commands(path)
    text = textwrap.dedent(printed(line))
    blocks = nginx_blocks(path)
    assert len(blocks) >= 2
    for block in blocks:
        indented = [textwrap.indent(block, " " * indent) for indent in (0, 4)]
        assert any(f"\n{one}" in text for one in indented), block


# -- the options


def documented_servers(cell):
    if cell == "all":
        return {*WEB_SERVERS, "whitenoise"}
    named = {*code(cell)}
    return WEB_SERVERS if cell.startswith("all but") else named


def option_rows():
    (table,) = tables(section(PAGE, "Options"))
    return {code(row[0])[0].split()[0]: row for row in table}


@pytest.mark.parametrize("server", [*sorted(WEB_SERVERS), "whitenoise"])
def test_every_option_of_a_server_is_documented_and_no_other(server):
    rows = option_rows()
    assert {
        flag for flag, row in rows.items() if server in documented_servers(row[1])
    } == {*options_of(parser_of("conf", server))}


def test_defaults_and_placeholders_are_as_documented():
    for flag, (name, servers, default, _) in option_rows().items():
        server = min(documented_servers(servers))
        action = options_of(parser_of("conf", server))[flag]
        placeholder = code(name)[0].partition(" ")[2]
        shown = action.metavar or ("TREE" if action.choices else "")
        assert placeholder == shown, flag
        if action.default not in (None, False, []):
            assert code(default) == [str(action.default)]


def test_every_server_is_in_the_first_table():
    first = tables(PAGE.read_text("utf-8"))[0]
    servers = next(
        one.choices for one in parser_of("conf")._actions if one.dest == "server"
    )
    assert [code(row[0])[0] for row in first] == [*servers]


# -- the rules


def test_every_line_of_the_table_is_about_the_block():
    (table,) = tables(section(PAGE, "The nginx block, line by line"))
    block = printed("python manage.py cdn conf nginx")
    for row in table:
        for words in code(row[0]):
            parts = words.rstrip(")").split("…")
            assert all(part.strip() in block for part in parts), words


def test_what_redbot_says_is_documented_as_it_is_expected():
    (table,) = tables(section(PAGE, "What an independent judge finds"))
    assert [(code(row[0])[0], row[2]) for row in table] == [
        (one.note, one.why) for one in ARGUED
    ]


# -- where servers differ


@pytest.mark.parametrize("server", ["nginx", "apache", "caddy", "whitenoise"])
def test_servers_differ_as_documented(server, tmp_path):
    (table,) = tables(section(PAGE, "Where servers differ"))
    column = 1 + ["nginx", "apache", "caddy", "whitenoise"].index(server)
    said = {row[0]: row[column] for row in table}
    given = {"brotli": True} if server == "nginx" and has_brotli() else {}
    with SERVERS[server](tmp_path, **given) as origin:
        build = origin.site / "static/b1"
        (build / "app.css.br").write_bytes(b"b" * 300)
        (build / "link.txt").symlink_to("app.css")
        of_media, of_build = (
            origin.send(path).status
            for path in ("/media/link.txt", "/static/b1/link.txt")
        )
        several = ask_css(origin, Range="bytes=0-3,8-9").status
        chosen = ask_css(origin, **{"Accept-Encoding": "gzip,br;q=0.5"})
    link = said["a symbolic link inside a tree"]
    names = {200: "**followed**", 403: "403", 404: "404"}
    assert link.partition(";")[0] == names[of_media]
    if given or server != "nginx":
        assert names[of_build] in link
        assert (of_build == 200) == ("followed" in link)
    ranges = {206: "all", 200: "the whole file"}[several]
    assert said["several ranges at once"] == ranges
    if given or server != "nginx":
        form = said["which form, of several that the client takes"]
        expected = "br" if form == "brotli" else "gzip"
        assert chosen.header("Content-Encoding") == expected


def ask_css(origin, **headers):
    return origin.send("/static/b1/app.css", headers=headers)


def has_brotli():
    return has_package("libnginx-mod-http-brotli-static")
