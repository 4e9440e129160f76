"""The server as CloudFront asks it: real TLS and HTTP on this machine."""

from __future__ import annotations

import datetime as dt
import http.client
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from certificates_support import Authority
from preflight_support import SECRET, Recorded, target, target_of

from cdn_review.preflight.origin import checking, reaching
from cdn_review.preflight.origin.checking import check_origin
from cdn_review.preflight.result import Level

HOST = "www.example.com"
GOOD = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}


def days(number):
    return f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=number):%Y%m%d%H%M%SZ}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.signed(HOST, start=days(-1), end=days(60))


@pytest.fixture(autouse=True)
def trusted(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)


@contextmanager
def serving(context, answer):
    """A server whose answer to (path, headers) is (status, headers). Its address, its log."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            status, headers = answer(self.path, self.headers)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        # Who refuses the certificate leaves in the middle of the handshake.
        server.handle_error = lambda request, address: None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def found(context, answer, **environment):
    with serving(context, answer) as (address, _):
        results = list(
            check_origin(target(**environment), Recorded(), elsewhere=address)
        )
    assert all(one.cure for one in results if one.level in (Level.WARN, Level.FAIL))
    return [(str(one.level), one.check, one.sentence) for one in results]


def bad(results):
    return sorted({(level, text) for level, _, text in results if level != "PASS"})


def missing(path, headers):
    return 404, GOOD


def test_a_server_that_answers_as_a_file_server_passes(certificate):
    results = found(certificate, missing)
    assert {level for level, _, _ in results} == {"PASS"}
    assert len(results) == 5
    assert {check for _, check, _ in results} == {"origin", "tree"}


def test_it_is_asked_as_the_distributions_ask(certificate):
    with serving(certificate, missing) as (address, asked):
        list(check_origin(target(), Recorded(), elsewhere=address))
    trees = {(path.split("/")[1], headers["X-Cdn-Tree"]) for path, headers in asked}
    assert trees == {
        ("static", "static"),
        ("admin", "static"),
        ("media", "media"),
        ("admin", "media"),
    }
    assert {headers["Host"] for _, headers in asked} == {HOST}


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (302, {"Location": "/accounts/login/"}, "redirects a missing file to"),
        (301, {"Location": "https://login.example.org/"}, "to login.example.org"),
        (401, {"WWW-Authenticate": "Basic"}, "answers 401: a login or a filter"),
        (403, {}, "answers 403: a login or a filter"),
        (200, {}, "answers 200 for a file that nobody has"),
        (500, {}, "answers 500"),
        (503, {}, "answers 503"),
    ],
)
def test_an_answer_that_is_no_404_fails(certificate, status, headers, sentence):
    results = bad(found(certificate, lambda path, given: (status, headers)))
    assert any(level == "FAIL" and sentence in text for level, text in results)


def test_the_secret_of_a_login_page_is_not_shown(certificate):
    where = {"Location": "https://user:hunter2@login.example.org/?token=abc"}
    results = found(certificate, lambda path, given: (302, where))
    assert "hunter2" not in str(results)
    assert "abc" not in str(results)


def test_a_403_may_be_the_secret_that_is_asked_for(certificate):
    def guarded(path, headers):
        return 403, GOOD

    assert bad(found(certificate, guarded, origin_secret=SECRET)) == []
    assert bad(found(certificate, guarded)) != []


@pytest.mark.parametrize(
    "headers",
    [
        {"Via": "1.1 abc.cloudfront.net (CloudFront)"},
        {"X-Amz-Cf-Id": "abc"},
        {"CF-RAY": "8a1"},
        {"X-Served-By": "cache-fra-1"},
        {"X-Cache": "Error from cloudfront"},
        {"Server": "cloudflare"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_a_server_behind_another_cdn_fails(certificate, headers):
    results = bad(found(certificate, lambda path, given: (404, {**GOOD, **headers})))
    assert any("is itself behind a CDN" in text for level, text in results)


def test_a_proxy_of_ones_own_is_no_cdn(certificate):
    for own in ({"Via": "1.1 nginx"}, {"Via": "1.1 varnish"}, {"X-Cache": "MISS"}):
        answer = {**GOOD, **own}
        results = found(certificate, lambda p, g, answer=answer: (404, answer))
        assert bad(results) == []


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({**GOOD, "Cache-Control": "max-age=60"}, "lets a missing file be cached"),
        ({**GOOD, "Set-Cookie": "a=b"}, "sets cookies with files"),
        ({"Cache-Control": "no-store"}, "sends no Access-Control-Allow-Origin"),
    ],
)
def test_wrong_headers_are_warnings(certificate, headers, sentence):
    results = bad(found(certificate, lambda path, given: (404, headers)))
    assert {level for level, _ in results} == {"WARN"}
    assert all(sentence in text for _, text in results)


def test_the_edge_may_send_the_cors_headers_itself(certificate):
    answer = {"Cache-Control": "no-store"}
    results = found(certificate, lambda p, g: (404, answer), cors="any_origin")
    assert bad(results) == []


def test_an_admin_that_a_distribution_can_reach_fails(certificate):
    def open_admin(path, headers):
        return (200, GOOD) if path == "/admin/" else (404, GOOD)

    results = bad(found(certificate, open_admin))
    assert {level for level, _ in results} == {"FAIL"}
    assert any("for /admin/ is answered with 200" in text for _, text in results)


@pytest.mark.parametrize(
    ("status", "is_open"), [(400, False), (302, True), (401, True)]
)
def test_an_admin_that_is_refused_is_closed(certificate, status, is_open):
    def admin(path, headers):
        return (status, GOOD) if path == "/admin/" else (404, GOOD)

    assert bool(bad(found(certificate, admin))) == is_open


def test_a_server_that_is_asked_without_tls_is_asked_so():
    origin = {
        "Id": "o",
        "DomainName": HOST,
        "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"},
    }
    config = {"Origins": [origin], "DefaultCacheBehavior": {"TargetOriginId": "o"}}
    properties = {"DistributionConfig": config}
    foreign = target_of(
        {"D": {"Type": "AWS::CloudFront::Distribution", "Properties": properties}}
    )
    with serving(None, missing) as (address, _):
        results = list(check_origin(foreign, Recorded(), elsewhere=address))
    assert {one.level for one in results} == {Level.PASS}


def test_a_server_that_only_drips_is_left(certificate, monkeypatch):
    monkeypatch.setattr(reaching, "SECONDS", 0.1)
    address = reaching.Address(host=HOST, port=443, elsewhere=None)
    with dripping(certificate) as place:
        drips = replace(address, elsewhere=place)
        started = time.monotonic()
        with pytest.raises((OSError, http.client.HTTPException)):
            reaching.ask(drips, "/", {})
    assert time.monotonic() - started < 3


@contextmanager
def dripping(context):
    """A server that says something again and again, and never ends its headers."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            with context.wrap_socket(server.accept()[0], server_side=True) as peer:
                peer.send(b"HTTP/1.1 404 Not Found\r\n")
                with suppress(OSError):
                    while not ended.wait(0.02):
                        peer.send(b"X-More: 1\r\n")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield server.getsockname()
        finally:
            ended.set()
            thread.join(5)


def test_a_header_that_is_sent_twice_counts_twice():
    twice = [("Cache-Control", "no-store"), ("cache-control", "max-age=60")]
    assert reaching._joined(twice) == {"cache-control": "no-store, max-age=60"}


def test_a_certificate_for_another_name_fails(authority):
    other = authority.signed("other.example.com", start=days(-1), end=days(60))
    ((level, text),) = bad(found(other, missing))
    assert level == "FAIL"
    assert "the certificate of www.example.com is refused" in text


def test_a_certificate_that_nobody_signed_fails(certificate, monkeypatch, tmp_path):
    nobody = Authority.made(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", nobody.file)
    ((level, text),) = bad(found(certificate, missing))
    assert level == "FAIL"
    assert "is refused" in text


def test_an_expired_certificate_fails(authority):
    old = authority.signed(HOST, start=days(-60), end=days(-1))
    ((level, text),) = bad(found(old, missing))
    assert level == "FAIL"
    assert "expired" in text


def test_a_certificate_that_ends_soon_is_a_warning(authority):
    soon = authority.signed(HOST, start=days(-60), end=days(5.1))
    results = bad(found(soon, missing))
    assert results == [("WARN", f"the certificate of {HOST} ends in 5 days")]


def test_a_server_without_tls_fails():
    ((level, text),) = bad(found(None, missing))
    assert level == "FAIL"
    assert "does not speak TLS 1.2" in text


def test_old_tls_fails(authority):
    context = authority.signed(HOST, start=days(-1), end=days(60))
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    ((level, text),) = bad(found(context, missing))
    assert level == "FAIL"
    assert "TLS 1.2" in text


def test_nobody_at_the_port_fails(certificate):
    with serving(certificate, missing) as (address, _):
        pass
    results = list(check_origin(target(), Recorded(), elsewhere=address))
    assert [str(one.level) for one in results] == ["FAIL"]
    assert "does not answer on port 443" in results[0].sentence


@pytest.mark.parametrize(
    ("addresses", "sentence"),
    [
        ([], "has no address in DNS"),
        (["10.0.0.7"], "leads to an address that is not on the internet"),
        (["93.184.215.14", "192.168.0.1"], "leads to an address that is not"),
    ],
)
def test_dns_has_to_lead_to_the_internet(monkeypatch, addresses, sentence):
    monkeypatch.setattr(checking, "resolved", lambda host: addresses)
    (result,) = check_origin(target(), Recorded())
    assert result.level is Level.FAIL
    assert sentence in result.sentence


def test_a_server_in_a_private_network_is_left_out():
    arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/50dc"
    origin = {"domain_name": HOST, "vpc_endpoint_arn": arn}
    (result,) = check_origin(target(origin=origin), Recorded())
    assert result.level is Level.SKIP
