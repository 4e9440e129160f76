"""Certificates and TLS, as ``cdn check`` sees them."""

from __future__ import annotations

import datetime as dt
import http.client

import pytest
from certificates_support import Authority
from live_check_server_support import HOST, Server, listener
from live_check_support import bad, cdn_settings, run, said, write_build


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def site(tmp_path):
    write_build(tmp_path / "static", files={"site.css": b"body {}\n"})
    (tmp_path / "media").mkdir()
    return tmp_path


def days(number):
    """A moment so many days from now, as openssl writes it."""
    return f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=number):%Y%m%d%H%M%SZ}"


def checked(site, monkeypatch, context, ca_file=None, host=HOST):
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site, context=context) as server:
        options = {"ca_file": ca_file, "host": host}
        return run(cdn, server.url, only="origin", options=options)


def sentences(report):
    return {one.message for one in report.findings if one.id == "certificate"}


def test_a_valid_certificate_passes_for_the_name_that_the_cdn_asks_for(
    authority, site, monkeypatch
):
    # The address is 127.0.0.1: the name is in Host and in the handshake.
    context = authority.signed(HOST, start=days(-1), end=days(60))
    report = checked(site, monkeypatch, context, authority.file)
    assert bad(report) == []
    assert sentences(report) == {"has a certificate that is valid for its name"}


def test_a_certificate_that_ends_soon_is_a_warning(authority, site, monkeypatch):
    context = authority.signed(HOST, start=days(-60), end=days(9.1))
    report = checked(site, monkeypatch, context, authority.file)
    assert said(report) == {"certificate WARN"}
    assert sentences(report) == {"has a certificate that expires in 9 days"}


@pytest.mark.parametrize(
    ("name", "start", "end", "trusted", "sentence"),
    [
        (HOST, -60, -1, True, "has a certificate that has expired"),
        (HOST, 1, 60, True, "has a certificate that is not valid yet"),
        ("other.example", -1, 60, True, "has a certificate for another name"),
        (HOST, -1, 60, False, "has a certificate of an authority"),
    ],
)
def test_a_wrong_certificate_is_one_sentence(
    authority, site, monkeypatch, name, start, end, trusted, sentence
):
    context = authority.signed(name, start=days(start), end=days(end))
    ca_file = authority.file if trusted else None
    report = checked(site, monkeypatch, context, ca_file)
    assert said(report) == {"certificate FAIL"}
    assert all(one.startswith(sentence) for one in sentences(report))
    assert any(HOST in one.hint for one in report.findings)


def test_a_certificate_for_another_purpose_is_one_sentence(
    authority, site, monkeypatch
):
    context = authority.signed(HOST, start=days(-1), end=days(60), purpose="clientAuth")
    report = checked(site, monkeypatch, context, authority.file)
    assert said(report) == {"certificate FAIL"}
    assert all(
        "has a certificate that is refused (" in one for one in sentences(report)
    )


def test_a_handshake_that_breaks_off_is_one_sentence(site, monkeypatch):
    def refuse(connection, heard):
        connection.recv(65536)
        # An alert of TLS 1.2: fatal, handshake failure.
        connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")

    cdn = cdn_settings(site / "static", monkeypatch)
    with listener(refuse) as (port, _):
        report = run(cdn, f"https://127.0.0.1:{port}", only="origin")
    assert said(report) == {"reach FAIL"}
    assert any("breaks off TLS on" in one.message for one in report.findings)


def test_nothing_is_sent_to_a_server_with_a_wrong_certificate(
    authority, site, monkeypatch
):
    context = authority.signed("other.example", start=days(-1), end=days(60))
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site, context=context) as server:
        options = {"ca_file": authority.file, "headers": {"X-Origin-Secret": "s3cret"}}
        run(cdn, server.url, only="origin", options=options)
        assert server.asked == []


def test_a_server_without_tls_is_named(site, monkeypatch):
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site) as server:
        url = server.url.replace("http:", "https:")
        report = run(cdn, url, only="origin")
    assert said(report) == {"reach FAIL"}
    assert any("speaks no TLS" in one.message for one in report.findings)


def test_a_server_with_tls_asked_without_is_named(authority, site, monkeypatch):
    context = authority.signed(HOST, start=days(-1), end=days(60))
    cdn = cdn_settings(site / "static", monkeypatch)
    with Server(site, context=context) as server:
        url = server.url.replace("https:", "http:")
        report = run(cdn, url, only="origin")
    assert said(report) == {"reach FAIL"}
    assert http.client.RemoteDisconnected.__name__ not in str(report)


def test_fails_when_the_authorities_are_no_file(site, monkeypatch):
    cdn = cdn_settings(site / "static", monkeypatch)
    with pytest.raises(ValueError, match="--ca must be a file of certificates"):
        run(cdn, "https://127.0.0.1:1", options={"ca_file": str(site / "none.pem")})
