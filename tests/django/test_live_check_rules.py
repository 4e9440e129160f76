"""Each rule of ``cdn check``: kept by a good server, and noticed when one thing is wrong."""

from __future__ import annotations

import sys

import pytest
from docs_support import ROOT, code, section, tables
from live_check_faults_support import (
    AT_THE_CDN,
    AT_THE_SERVER,
    CSS,
    SMALL,
    header,
    is_file,
    of_css,
    of_files,
)
from live_check_server_support import Reply, Server, good
from live_check_support import (
    BUILD,
    bad,
    cdn_over,
    cdn_settings,
    run,
    said,
    write_build,
    wrong,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_build(folder / "static", files=SMALL)
    (folder / "media").mkdir()
    return folder


def ids_in(expected):
    return {*filter(None, expected.split(", "))}


def pages_for(expected):
    # Pages are asked for in many odd ways, which most faults have nothing to do with.
    has_odd = not expected or expected.startswith(("tree", "odd-paths"))
    return ("/admin/",) if has_odd else ()


@pytest.mark.parametrize("name", AT_THE_SERVER)
def test_one_thing_wrong_at_a_server_is_all_that_is_found(name, site, monkeypatch):
    fault, expected = AT_THE_SERVER[name]
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site, fault) as server:
        report = run(cdn, server.url, only="origin", pages=pages_for(expected))
    assert said(report) == ids_in(expected), bad(report)
    assert all(one.hint and one.target == server.url for one in wrong(report))


@pytest.mark.parametrize("name", AT_THE_CDN)
def test_one_thing_wrong_at_the_cdn_is_all_that_is_found(name, site, monkeypatch):
    fault, changes, expected = AT_THE_CDN[name]
    with (
        Server(site, fault or good) as server,
        cdn_over(server.port, **changes) as edge,
    ):
        cdn = cdn_settings(site / "static", monkeypatch, edge.port)
        report = run(cdn, only="cdn", pages=pages_for(expected))
    assert said(report) == ids_in(expected), bad(report)


def test_text_that_the_cdn_does_not_compress_is_noticed(tmp_path, monkeypatch):
    write_build(tmp_path / "static", files=SMALL, codings=())
    with Server(tmp_path) as server, cdn_over(server.port) as edge:
        cdn = cdn_settings(tmp_path / "static", monkeypatch, edge.port)
        report = run(cdn, server.url)
    # The server is not to blame: CloudFront compresses what has no companion.
    (found,) = wrong(report)
    assert (found.id, found.level, found.subjects) == ("compression", "WARN", (CSS,))
    assert "cloudfront.localhost" in found.target


def test_text_that_the_cdn_compresses_needs_no_vary_of_the_server(
    tmp_path, monkeypatch
):
    write_build(tmp_path / "static", files=SMALL, codings=())
    with (
        # As nginx does without a companion.
        Server(tmp_path, of_files(header("Vary", None))) as server,
        cdn_over(server.port, default={"Compress": True}) as edge,
    ):
        cdn = cdn_settings(tmp_path / "static", monkeypatch, edge.port)
        told = edge.get(f"/{BUILD}/{CSS}", headers={"Accept-Encoding": "gzip"})
        report = run(cdn, server.url, pages=())
    assert told.headers["content-encoding"] == "gzip" and "vary" not in told.headers
    assert bad(report) == []


def sent_in_br(body):
    """A server, or an edge, that sends a stylesheet in br to those who take it."""

    def fault(request, reply):
        if not (is_file(request, reply) and request.name == "site.css"):
            return None
        if "br" not in request.headers["accept-encoding"]:
            return None
        return Reply(200, {**reply.headers, "Content-Encoding": "br"}, body)

    return of_files(fault)


BROTLI = pytest.mark.parametrize("is_installed", [True, False])


@BROTLI
def test_published_brotli_is_known_by_its_bytes(tmp_path, monkeypatch, is_installed):
    pytest.importorskip("brotli")
    build = write_build(tmp_path / "static", files=SMALL, codings=("gzip", "br"))
    published = (build / f"{CSS}.br").read_bytes()
    cdn = cdn_settings(tmp_path / "static", monkeypatch)
    if not is_installed:
        monkeypatch.setitem(sys.modules, "brotli", None)
    with Server(tmp_path, sent_in_br(published)) as server:
        report = run(cdn, server.url, only="origin")
    assert (bad(report), report.not_checked) == ([], ())


@BROTLI
@pytest.mark.parametrize("is_right", [True, False])
def test_other_brotli_is_decoded_or_left_out(site, monkeypatch, is_right, is_installed):
    brotli = pytest.importorskip("brotli")
    body = brotli.compress(SMALL[CSS] if is_right else b"other", quality=1)
    cdn = cdn_settings(site / "static", monkeypatch)
    if not is_installed:
        monkeypatch.setitem(sys.modules, "brotli", None)
    with Server(site, sent_in_br(body)) as server:
        report = run(cdn, server.url, only="origin")
    expected = set() if is_right or not is_installed else {"bytes FAIL"}
    assert said(report) == expected
    if not is_installed:
        (note,) = report.not_checked
        assert note.startswith(
            f"answers in br of {server.url}: Brotli must be installed"
        )


def test_an_older_copy_of_the_cdn_is_noticed(site, monkeypatch):
    stale = {"is": True}

    def fault(request, reply):
        if stale["is"] and is_file(request, reply) and request.name == "site.css":
            return Reply(200, reply.headers, b"older")
        return None

    with Server(site, fault) as server, cdn_over(server.port) as edge:
        cdn = cdn_settings(site / "static", monkeypatch, edge.port)
        edge.get(f"/{BUILD}/{CSS}", headers={"Accept-Encoding": "identity"})
        stale["is"] = False
        edge.clock.advance(100)
        report = run(cdn, server.url)
    (found,) = wrong(report)
    assert (found.id, found.level) == ("bytes", "FAIL")
    assert "from earlier" in found.message
    assert found.subjects == (CSS,)
    assert "invalidate" in found.hint


def test_a_name_that_does_not_lead_to_cloudfront_is_noticed(site, monkeypatch):
    with Server(site) as server:
        cdn = cdn_settings(site / "static", monkeypatch, server.port)
        assert "cloudfront WARN" in said(run(cdn, only="cdn"))


def test_servers_that_disagree_are_named(site, monkeypatch):
    fault = of_css(header("Cache-Control", "public, max-age=31536000, immutable, x"))
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site) as one, Server(site, fault) as other:
        report = run(cdn, one.url, other.url, only="origin")
    (found,) = wrong(report)
    assert (found.id, found.level) == ("agreement", "WARN")
    assert found.target == other.url
    assert found.message == f"sends another Cache-Control than {one.url}"


def test_a_server_that_is_not_there_is_one_sentence(site, monkeypatch):
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site) as server:
        gone = server.url
    with Server(site) as server:
        report = run(cdn, gone, server.url, only="origin")
    assert said(report) == {"reach FAIL"}
    assert all(
        one.target == gone and one.message.startswith("refuses connections")
        for one in wrong(report)
    )
    assert any(
        one.target == server.url and one.id == "bytes" for one in report.findings
    )


ELSEWHERE = {
    # test_live_check_tls.py
    *("certificate WARN", "certificate FAIL", "reach FAIL"),
    *("cloudfront WARN", "agreement WARN"),
}


def test_every_level_of_every_rule_is_provoked_once():
    """A rule that nothing provokes may as well say PASS to everything."""
    faults = [*AT_THE_SERVER.values(), *AT_THE_CDN.values()]
    provoked = {found for row in faults for found in ids_in(row[-1])} | ELSEWHERE
    page = ROOT / "docs" / "live-check.md"
    (documented,) = tables(section(page, "What is looked at"))
    assert provoked == {
        f"{code(name)[0]} {level}"
        for name, fails, warns, _ in documented
        for level, text in (("FAIL", fails), ("WARN", warns))
        if text
    }
