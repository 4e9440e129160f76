"""The server as CloudFront asks it: real TLS and HTTP on this machine."""

from __future__ import annotations

import datetime as dt
import socket
from dataclasses import replace

import pytest
from certificates_support import Authority
from live_check_server_support import HOST, Reply, Server, good
from preflight_support import recorded, target

from cdn_review.preflight.origin_answers import check_origin
from dj_cloudfront.findings import Level

CLEAN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}


def days(number):
    return f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=number):%Y%m%d%H%M%SZ}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.signed(HOST, start=days(-1), end=days(60))


@pytest.fixture
def found(authority, monkeypatch, tmp_path, certificate):
    """Asks a server with a fault; gives (level, message) of all that does not pass."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)

    def found(fault=good, wanted=None, context=certificate):
        with Server(tmp_path, fault, context=context) as server:
            clients = replace(recorded(), origin_address=("127.0.0.1", server.port))
            findings = list(check_origin(wanted or site("static"), clients))
        wrong = [one for one in findings if one.level is not Level.PASS]
        assert all(one.hint for one in wrong)
        found.passed = [one.id for one in findings if one.level is Level.PASS]
        found.asked = server.asked
        return [(str(one.level), one.message) for one in wrong]

    return found


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


def answering(status, headers=CLEAN):
    return lambda request, reply: Reply(status, headers)


def test_a_server_is_asked_as_the_distributions_ask(found):
    assert found(wanted=site("static", "media")) == []
    assert found.passed == ["origin", *("origin", "tree") * 2]
    asked = {(one.path.split("/")[1], one.headers["x-cdn-tree"]) for one in found.asked}
    assert asked == {
        *(("static", "static"), ("admin", "static")),
        *(("media", "media"), ("admin", "media")),
    }
    assert {one.headers["host"] for one in found.asked} == {HOST}


HIDDEN = {"X-Origin-Secret": "{{resolve:secretsmanager:a:SecretString:::b}}"}
# AWS's own policy SimpleCORS.
CORS = "60669652-455b-4ae9-85a4-c4c02393f86c"


@pytest.mark.parametrize(
    ("status", "headers", "about", "said"),
    [
        (302, {"Location": "/login/"}, {}, "FAIL distribution: it redirects to /login/"),
        (301, {"Location": "https://u:pass@a.example/?token=b"}, {}, "FAIL to a.example"),
        (401, {"WWW-Authenticate": "Basic"}, {}, "FAIL distribution: a login or a filter"),
        (403, {}, {}, "FAIL distribution: a login or a filter"),
        # It may be the secret that is asked for.
        (403, CLEAN, {"headers": HIDDEN}, ""),
        (200, {}, {}, "FAIL answers 200 for a missing file of the static distribution"),
        (500, {}, {}, "FAIL answers 500"),
        (404, CLEAN | {"Via": "1.1 a.cloudfront.net (CloudFront)"}, {}, "FAIL behind a CDN"),
        (404, CLEAN | {"CF-RAY": "8a1"}, {}, "FAIL behind a CDN"),
        (404, CLEAN | {"X-Served-By": "cache-fra-1"}, {}, "FAIL behind a CDN"),
        # A proxy of one's own is no CDN.
        (404, CLEAN | {"Via": "1.1 nginx"}, {}, ""),
        (404, CLEAN | {"X-Cache": "MISS"}, {}, ""),
        (404, CLEAN | {"Cache-Control": "max-age=60"}, {}, "WARN lets a missing file"),
        (404, CLEAN | {"Set-Cookie": "a=b"}, {}, "WARN sets cookies with a missing file"),
        (404, {"Cache-Control": "no-store"}, {}, "WARN sends no Access-Control-Allow-Origin"),
        # The edge sends the CORS headers itself.
        (404, {"Cache-Control": "no-store"}, {"policy": CORS}, ""),
    ],
)  # fmt: skip
def test_what_the_server_answers_for_a_missing_file_decides(
    found, status, headers, about, said
):
    findings = found(answering(status, headers), site("static", **about))
    level, _, message = said.partition(" ")
    assert any(one == level and message in text for one, text in findings) == bool(said)
    assert bool(findings) == bool(said)
    assert "pass@" not in str(findings) and "token" not in str(findings)


@pytest.mark.parametrize("status", [400, 200, 302])
def test_an_admin_that_a_distribution_can_reach_fails(found, status):
    def admin(request, reply):
        return Reply(status, CLEAN) if request.path == "/admin/" else None

    said = f"{HOST} answers the static distribution {status} for /admin/"
    assert found(admin) == ([] if status == 400 else [("FAIL", said)])


def test_a_server_that_is_asked_without_tls_is_asked_so(found):
    assert found(wanted=site("static", protocol="http-only"), context=None) == []


# -- no answer


@pytest.mark.parametrize(
    ("name", "start", "end", "said"),
    [
        ("other.example.com", -1, 60, ("FAIL", "has a certificate for another name")),
        (HOST, -60, -1, ("FAIL", "has a certificate that has expired")),
        (HOST, -60, 5.1, ("WARN", f"the certificate of {HOST} ends in 5 days")),
        (None, 0, 0, ("FAIL", "speaks no TLS")),
    ],
)
def test_the_certificate_has_to_be_one_that_cloudfront_takes(
    found, authority, name, start, end, said
):
    context = authority.signed(name, start=days(start), end=days(end)) if name else None
    ((level, text),) = found(wanted=site("static", "media"), context=context)
    assert level == said[0]
    assert said[1] in text


def test_nobody_at_the_port_fails_once_for_all_distributions():
    clients = replace(recorded(), origin_address=("127.0.0.1", 9))
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
