"""The server as CloudFront asks it: real TLS and HTTP on this machine."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from certificates_support import Authority
from preflight_support import recorded, target

from cdn_review.preflight.origin import check_origin
from dj_cloudfront.findings import Level

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
        # A client that refuses the certificate leaves in the middle of the handshake.
        server.handle_error = lambda request, address: None
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def site(*trees, protocol="https-only", headers=None, policy=None):
    """A distribution for each tree, over one server."""
    resources = {}
    for tree in trees:
        origin = {
            "Id": "o",
            "DomainName": HOST,
            "OriginPath": f"/{tree}",
            "CustomOriginConfig": {"OriginProtocolPolicy": protocol},
            "OriginCustomHeaders": [
                {"HeaderName": name, "HeaderValue": value}
                for name, value in {"X-Cdn-Tree": tree, **(headers or {})}.items()
            ],
        }
        behavior = {"TargetOriginId": "o", "ResponseHeadersPolicyId": policy}
        config = {"Origins": [origin], "DefaultCacheBehavior": behavior}
        made = "AWS::CloudFront::Distribution", {"DistributionConfig": config}
        resources[tree.title()] = made
    return target(resources)


def found(context, answer, wanted=None):
    with serving(context, answer) as (address, _):
        clients = replace(recorded(), origin_address=address)
        findings = list(check_origin(wanted or site("static"), clients))
    assert all(one.hint for one in findings if one.level in (Level.WARN, Level.FAIL))
    return [(str(one.level), one.id, one.message) for one in findings]


def bad(findings):
    return [(level, text) for level, _, text in findings if level != "PASS"]


def missing(path, headers):
    return 404, GOOD


def test_a_server_that_answers_as_a_file_server_passes(certificate):
    findings = found(certificate, missing, site("static", "media"))
    assert {level for level, _, _ in findings} == {"PASS"}
    assert [check for _, check, _ in findings] == ["origin", *("origin", "tree") * 2]


def test_it_is_asked_as_the_distributions_ask(certificate):
    with serving(certificate, missing) as (address, asked):
        clients = replace(recorded(), origin_address=address)
        list(check_origin(site("static", "media"), clients))
    trees = {(path.split("/")[1], headers["X-Cdn-Tree"]) for path, headers in asked}
    assert trees == {
        *{("static", "static"), ("admin", "static")},
        *{("media", "media"), ("admin", "media")},
    }
    assert {headers["Host"] for _, headers in asked} == {HOST}


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (
            302,
            {"Location": "/accounts/login/"},
            "redirects a missing file of the static",
        ),
        (301, {"Location": "https://login.example.org/"}, "to login.example.org"),
        (401, {"WWW-Authenticate": "Basic"}, "distribution: a login or a filter"),
        (403, {}, "distribution: a login or a filter"),
        (200, {}, "answers 200 for a missing file of the static distribution"),
        (500, {}, "answers 500"),
    ],
)
def test_an_answer_that_is_no_404_fails(certificate, status, headers, message):
    findings = bad(found(certificate, lambda path, given: (status, headers)))
    assert any(level == "FAIL" and message in text for level, text in findings)


def test_the_secret_of_a_login_page_is_not_shown(certificate):
    where = {"Location": "https://user:hunter2@login.example.org/?token=abc"}
    findings = found(certificate, lambda path, given: (302, where))
    assert "hunter2" not in str(findings)
    assert "token" not in str(findings)


def test_a_403_may_be_the_secret_that_is_asked_for(certificate):
    secret = {"X-Origin-Secret": "{{resolve:secretsmanager:a:SecretString:::b}}"}
    guarded = site("static", headers=secret)
    assert bad(found(certificate, lambda path, given: (403, GOOD), guarded)) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Via": "1.1 abc.cloudfront.net (CloudFront)"},
        {"CF-RAY": "8a1"},
        {"X-Served-By": "cache-fra-1"},
        {"Server": "cloudflare"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_a_server_behind_another_cdn_fails(certificate, headers):
    findings = bad(found(certificate, lambda path, given: (404, {**GOOD, **headers})))
    assert any("is itself behind a CDN" in text for level, text in findings)


@pytest.mark.parametrize("own", [{"Via": "1.1 nginx"}, {"X-Cache": "MISS"}])
def test_a_proxy_of_ones_own_is_no_cdn(certificate, own):
    assert bad(found(certificate, lambda path, given: (404, {**GOOD, **own}))) == []


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({**GOOD, "Cache-Control": "max-age=60"}, "lets a missing file"),
        ({**GOOD, "Set-Cookie": "a=b"}, "sets cookies with a missing file"),
        ({"Cache-Control": "no-store"}, "sends no Access-Control-Allow-Origin"),
    ],
)
def test_wrong_headers_are_warnings(certificate, headers, message):
    ((level, text),) = bad(found(certificate, lambda path, given: (404, headers)))
    assert level == "WARN"
    assert message in text


def test_the_edge_may_send_the_cors_headers_itself(certificate):
    # AWS's own policy SimpleCORS.
    wanted = site("static", policy="60669652-455b-4ae9-85a4-c4c02393f86c")
    answer = {"Cache-Control": "no-store"}
    assert bad(found(certificate, lambda path, given: (404, answer), wanted)) == []


@pytest.mark.parametrize(
    ("status", "is_open"), [(404, False), (400, False), (200, True), (302, True)]
)
def test_an_admin_that_a_distribution_can_reach_fails(certificate, status, is_open):
    def admin(path, headers):
        return (status, GOOD) if path == "/admin/" else (404, GOOD)

    said = f"{HOST} answers the static distribution {status} for /admin/"
    assert bad(found(certificate, admin)) == ([("FAIL", said)] if is_open else [])


def test_a_server_that_is_asked_without_tls_is_asked_so():
    assert bad(found(None, missing, site("static", protocol="http-only"))) == []


# -- no answer


@pytest.mark.parametrize(
    ("name", "start", "end", "part"),
    [
        ("other.example.com", -1, 60, "has a certificate for another name"),
        (HOST, -60, -1, "has a certificate that has expired"),
    ],
)
def test_a_certificate_that_cloudfront_refuses_fails(authority, name, start, end, part):
    context = authority.signed(name, start=days(start), end=days(end))
    ((level, text),) = bad(found(context, missing, site("static", "media")))
    assert level == "FAIL"
    assert part in text


def test_a_certificate_that_ends_soon_is_a_warning(authority):
    soon = authority.signed(HOST, start=days(-60), end=days(5.1))
    said = f"the certificate of {HOST} ends in 5 days"
    assert bad(found(soon, missing)) == [("WARN", said)]


def test_a_server_without_tls_fails():
    ((level, text),) = bad(found(None, missing))
    assert level == "FAIL"
    assert "speaks no TLS" in text


def test_nobody_at_the_port_fails_once_for_all_distributions(certificate):
    with serving(certificate, missing) as (address, _):
        pass
    clients = replace(recorded(), origin_address=address)
    (finding,) = check_origin(site("static", "media"), clients)
    assert finding.level is Level.FAIL
    assert finding.message.startswith(f"{HOST} refuses connections")


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        ([], "has no address in DNS"),
        (["10.0.0.7"], "has an address that is not on the internet"),
        (
            ["93.184.215.14", "192.168.0.1"],
            "has an address that is not on the internet",
        ),
    ],
)
def test_dns_has_to_lead_to_the_internet(monkeypatch, addresses, message):
    def resolve(host, port, **rest):
        if not addresses:
            raise socket.gaierror
        return [(socket.AF_INET, 1, 6, "", (one, 0)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    (finding,) = check_origin(site("static", "media"), recorded())
    assert finding.level is Level.FAIL
    assert message in finding.message


@pytest.mark.parametrize("kind", ["VpcOriginConfig", "S3OriginConfig"])
def test_an_origin_that_is_not_on_the_internet_is_left_out(kind):
    origin = {"Id": "o", "DomainName": HOST, kind: {}}
    config = {"Origins": [origin], "DefaultCacheBehavior": {"TargetOriginId": "o"}}
    made = "AWS::CloudFront::Distribution", {"DistributionConfig": config}
    assert list(check_origin(target({"D": made}), recorded())) == []
