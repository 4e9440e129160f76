"""``cdn check`` against real servers, alone and behind the local edge; and in which order."""

from __future__ import annotations

import os
import shutil
import time

import pytest
from live_check_faults_support import CSS, SMALL, header, of_errors
from live_check_server_support import HOST, Reply, Server
from live_check_support import (
    BUILD,
    FILES,
    PAGES,
    bad,
    cdn_over,
    cdn_settings,
    run,
    said,
    write_build,
)
from servers_support import SERVERS

import dj_cloudfront
from dj_cloudfront.builds.index import INDEX_NAME, read_index


@pytest.fixture
def site(tmp_path):
    write_build(tmp_path / "static")
    (tmp_path / "media").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", SERVERS)
def test_what_the_command_prints_for_a_server_passes(name, tmp_path, monkeypatch):
    with SERVERS[name](tmp_path) as origin, cdn_over(origin.port) as edge:
        root = origin.site / "static"
        write_build(root, hashed_folders=True)
        cdn = cdn_settings(root, monkeypatch, edge.port)
        report = run(cdn, f"http://127.0.0.1:{origin.port}", pages=PAGES)
    assert bad(report) == []
    assert report.verdict == "PASS"
    assert report.files == (len(FILES), len(FILES))
    assert {one.id for one in report.findings} > {"bytes", "compression", "odd-paths"}


def test_without_its_refusals_nginx_shows_the_site(tmp_path, monkeypatch):
    """The rules are what is found out, not the server's good luck."""

    def edit(text):
        kept = [line for line in text.splitlines() if "return 404; }" not in line]
        assert len(kept) < len(text.splitlines())
        return "\n".join(kept)

    with SERVERS["nginx proxy_pass with /"](tmp_path, edit=edit) as origin:
        root = origin.site / "static"
        write_build(root)
        with cdn_over(origin.port) as edge:
            cdn = cdn_settings(root, monkeypatch, edge.port)
            report = run(cdn, f"http://127.0.0.1:{origin.port}", pages=PAGES)
    shown = {"tree FAIL", "odd-paths FAIL", "hidden FAIL"}
    assert said(report) == shown
    through = [one for one in report.findings if one.id == "odd-paths"]
    assert {one.level for one in through if "cloudfront" in one.target} == {"FAIL"}


@pytest.mark.parametrize(
    ("folder", "file", "message"),
    [
        (0o700, 0o644, "does not have the build: each of its files is a 404"),
        (0o755, 0o600, "refuses files (403)"),
    ],
)
def test_a_build_that_the_web_server_may_not_read_is_told(
    tmp_path, monkeypatch, folder, file, message
):
    """As under umask 077, on a server whose user is another one."""
    if os.geteuid() != 0:
        pytest.skip("only root starts a server whose children are another user")
    with SERVERS["apache"](tmp_path) as origin:
        root = origin.site / "static"
        build = write_build(root, files={CSS: SMALL[CSS]})
        (build / CSS).chmod(file)
        build.chmod(folder)
        cdn = cdn_settings(root, monkeypatch)
        report = run(cdn, f"http://127.0.0.1:{origin.port}", only="origin")
    (hint,) = [one.hint for one in report.findings if one.message == message]
    assert "let the web server read" in hint


# -- hashed folders


def test_a_server_that_lacks_one_hashed_folder_fails(tmp_path, monkeypatch):
    (tmp_path / "media").mkdir()
    root = tmp_path / "static"
    # So that no sample has a file of each.
    many = {f"folder{number}/x.css": b"p {}%d" % number for number in range(30)}
    build = write_build(root, files=FILES | many, hashed_folders=True)
    hashed = read_index(build).hashed_folders["folder17"]
    with Server(tmp_path) as server:
        cdn = cdn_settings(root, monkeypatch)
        options = {"only": "origin", "sample": 3}
        assert said(run(cdn, server.url, **options)) == set()
        shutil.move(root / hashed, tmp_path / "lost")
        report = run(cdn, server.url, **options)
    [status] = [
        one for one in report.findings if one.id == "status" and one.level == "FAIL"
    ]
    assert status.subjects == ("folder17/x.css",)


def test_pages_urls_are_asked_for_and_one_of_the_build_too(site, monkeypatch):
    root = site / "other" / "static"
    (site / "other" / "media").mkdir(parents=True)
    build = write_build(root, hashed_folders=True)
    hashed = read_index(build).hashed_folders
    with Server(site / "other") as server:
        run(cdn_settings(root, monkeypatch), server.url, only="origin")
    files = [one.target for one in server.asked if one.target.endswith((".css", ".js"))]
    assert f"/static/{hashed['js']}/js/app.js" in files
    in_build = {
        one
        for one in files
        if one.startswith(f"/static/{BUILD}/") and "check-" not in one
    }
    assert len(in_build) <= 1


# -- the servers first, then the CDN


def asked_for_files(server):
    return [one for one in server.asked if f"/{BUILD}/css" in one.target]


def test_the_cdn_is_not_asked_for_a_build_that_a_server_lacks(site, monkeypatch):
    (site / "old/static").mkdir(parents=True)
    (site / "old/media").mkdir()
    with Server(site) as ready, Server(site / "old") as late:
        with cdn_over(late.port) as edge:
            cdn = cdn_settings(site / "static", monkeypatch, edge.port)
            report = run(cdn, ready.url, late.url, pages=PAGES)
        through = [one for one in asked_for_files(late) if "via" not in one.headers]
    [fault] = [one for one in report.findings if one.level == "FAIL"]
    assert (fault.id, fault.target) == ("status", late.url)
    assert "does not have the build" in fault.message
    assert through == []
    assert report.not_checked == (
        f"build {BUILD} through the CDN: {late.url} must have it first: the CDN would only "
        "find errors there",
    )
    # What has nothing to do with the build is looked at all the same.
    asked = {one.id for one in report.findings if "cloudfront" in one.target}
    assert {"missing", "missing-lifetime", "odd-paths"} < asked
    assert not {"status", "bytes", "preflight"} & asked


def test_a_cdn_that_keeps_errors_is_not_asked_for_a_build_blindly(site, monkeypatch):
    fault = of_errors(header("Cache-Control", "max-age=31536000"))
    with Server(site, fault) as server, cdn_over(server.port) as edge:
        cdn = cdn_settings(site / "static", monkeypatch, edge.port)
        blind = run(cdn)
        unasked = run(cdn, server.url, only="cdn")
        before = len(asked_for_files(server))
        seen = run(cdn, server.url)
    assert before == 0
    # Servers that are named and not asked do not vouch for anything.
    assert any("would cache the answer" in one for one in unasked.not_checked)
    assert any("would cache the answer" in one for one in blind.not_checked)
    # A server that was asked has all of it, so there is no 404 to be kept.
    assert not any("through the CDN" in one for one in seen.not_checked)


def test_asking_early_leaves_nothing_behind(site, monkeypatch):
    """Error TTL 0 and no-store: a build may be asked for before it is there."""
    early = site / "early"
    write_build(early / "static")
    (site / "server/static").mkdir(parents=True)
    (site / "server/media").mkdir()
    with Server(site / "server") as server, cdn_over(server.port) as edge:
        cdn = cdn_settings(early / "static", monkeypatch, edge.port)
        before = run(cdn)
        write_build(site / "server/static")
        after = run(cdn, server.url)
    assert "status FAIL" in said(before)
    assert bad(after) == []


# -- who is asked, and as whom


def test_a_server_is_asked_as_the_cdn_asks(site, monkeypatch):
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site) as server:
        run(cdn, server.url, only="origin")
    assert {one.headers["host"] for one in server.asked} == {HOST}
    assert {one.headers["x-cdn-tree"] for one in server.asked} == {"static", "media"}
    assert all("CloudFront" in one.headers["via"] for one in server.asked)
    codings = {one.headers["accept-encoding"] for one in asked_for_files(server)}
    assert codings == {"identity", "gzip", "br,gzip"}
    origins = {one.headers.get("origin") for one in asked_for_files(server)}
    assert origins == {None, f"https://{HOST}"}


def test_the_cdn_is_asked_as_a_browser_asks(site, monkeypatch):
    # A server in its place, for an edge hands on no header that it does not know.
    with Server(site) as cdn_itself:
        cdn = cdn_settings(site / "static", monkeypatch, cdn_itself.port)
        secret = {"X-Origin-Secret": "s3cret-of-the-servers"}
        run(cdn, only="cdn", options={"headers": secret})
    names = {name for one in cdn_itself.asked for name in one.headers}
    assert names <= {
        "host",
        "user-agent",
        "accept-encoding",
        "origin",
        "access-control-request-method",
        "access-control-request-headers",
    }
    hosts = {one.headers["host"] for one in cdn_itself.asked}
    base = f"cloudfront.localhost:{cdn_itself.port}"
    assert hosts == {f"d111.{base}", f"d222.{base}"}


def test_the_secret_opens_a_server_and_is_never_shown(site, monkeypatch):
    secret = "s3cret-of-the-servers"

    def asks(request, reply):
        given = request.headers.get("x-origin-secret", "nothing")
        if given == secret:
            return None
        return Reply(403, {"Cache-Control": "no-store"})

    def repeats(request, reply):
        given = request.headers.get("x-origin-secret", "nothing")
        return Reply(301, {"Location": f"https://{given}.example/"})

    cdn = cdn_settings(site / "static", monkeypatch)
    options = {"headers": {"X-Origin-Secret": secret}}
    with Server(site, asks) as server:
        assert "login FAIL" in said(run(cdn, server.url, only="origin"))
        opened = run(cdn, server.url, only="origin", options=options)
    assert bad(opened) == []
    with Server(site, repeats) as server:
        shown = run(cdn, server.url, only="origin", options=options)
    assert "https://….example" in str(shown)
    assert secret not in str(shown)


def test_only_one_side_is_asked_if_so_told(site, monkeypatch):
    with Server(site) as server, cdn_over(server.port) as edge:
        cdn = cdn_settings(site / "static", monkeypatch, edge.port)
        servers = run(cdn, server.url, only="origin")
        through = run(cdn, server.url, only="cdn")
    assert {one.target for one in servers.findings} == {server.url}
    assert all("cloudfront" in one.target for one in through.findings)


def test_everything_asks_for_every_file_once(tmp_path, monkeypatch):
    many = {f"js/{number}.js": b"export {}\n" for number in range(60)}
    write_build(tmp_path / "static", files=many)
    (tmp_path / "media").mkdir()
    cdn = cdn_settings(tmp_path / "static", monkeypatch)
    with Server(tmp_path) as server:
        few = run(cdn, server.url, only="origin", sample=5)
        (tmp_path / "static" / BUILD / "js/59.js").unlink()
        every = run(cdn, server.url, only="origin", sample=5, everything=True)
    assert few.files == (5, 60)
    assert bad(few) == []
    assert every.files == (60, 60)
    (found,) = [one for one in every.findings if one.level != "PASS"]
    assert (found.id, found.subjects) == ("status", ("js/59.js",))


def test_a_half_that_is_not_deployed_is_left_out_and_named(site, monkeypatch):
    with Server(site) as server, cdn_over(server.port) as edge:
        cdn_settings(site / "static", monkeypatch, edge.port)
        monkeypatch.delenv("STATIC_DOMAIN_NAME")
        media = dj_cloudfront.config(static_root=site / "none", build_version="b1")
        report = run(media, server.url)
    assert {one.tree for one in report.findings} == {"media"}
    assert bad(report) == []
    (note,) = report.not_checked
    assert note.startswith("static: StaticDomainName must be given")


def test_servers_can_be_asked_with_local_settings(site):
    local = dj_cloudfront.config(static_root=site / "static", local=True)
    with Server(site) as server:
        report = run(local, server.url)
    assert bad(report) == []
    assert {one.tree for one in report.findings} == {"static", "media"}
    (note,) = report.not_checked
    assert note.startswith("the CDN: the settings have local=True")


def test_without_an_index_the_files_on_this_disk_are_compared(site, monkeypatch):
    (site / "static" / BUILD / INDEX_NAME).unlink()
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site) as server:
        report = run(cdn, server.url, only="origin")
    assert bad(report) == []
    (note,) = report.not_checked
    assert note.startswith("the index of the build: it has none")


def test_an_interruption_ends_it_at_once(site, monkeypatch):
    def interrupt(what, done, total):
        if done == 10:
            raise KeyboardInterrupt

    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site, lambda q, r: time.sleep(0.01)) as server:
        with pytest.raises(KeyboardInterrupt):
            run(cdn, server.url, only="origin", progress=interrupt)
        assert len(server.asked) < 40
