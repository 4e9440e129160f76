"""TLS of both sides: certificates, versions, and what each protocol may ask for."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess

import pytest
from certificates_support import Authority
from edge_support import (
    HOST,
    LONG,
    ORIGIN,
    STATIC,
    CountingOrigin,
    Reply,
    RunningEdge,
    deployed,
    distribution,
)
from tools import require

from cdn_edge.listener import ViewerTimeouts
from cdn_edge.tls import LocalAuthority, OriginTls, ViewerTls

LOCAL = "d111.cloudfront.localhost"
VALID = {"start": "20200101000000Z", "end": "20990101000000Z"}
ARN = "arn:aws:acm:us-east-1:000000000000:certificate/1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return LocalAuthority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Signs what origins show."""
    return Authority.made(tmp_path_factory.mktemp("foreign"))


@pytest.fixture
def server():
    with CountingOrigin() as server:
        server.default = Reply(headers={"Cache-Control": "max-age=60"})
        yield server


def running(authority, server, *distributions):
    return RunningEdge(
        deployed(*distributions),
        origins={ORIGIN: server},
        viewer_tls=ViewerTls(authority),
        limits=ViewerTimeouts(linger=0.5),
    )


def by_tls(edge, authority, *, name=LOCAL, version=None, request=None):
    """The certificate that the edge shows, and what it answers."""
    context = ssl.create_default_context(cafile=authority.certificate_file)
    if version:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    request = request or b"GET /a HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection((HOST, edge.edge.tls_port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        shown = connection.getpeercert()
        connection.sendall(request.replace(b"%b", name.encode()))
        said = b"".join(iter(lambda: connection.recv(65536), b""))
        return shown, said


# -- the authority


def test_keys_are_for_their_owner_alone(tmp_path):
    folder = tmp_path / "tls"
    LocalAuthority(folder).signed(["a.localhost"])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"ca.pem": 0o600, "ca-key.pem": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_authority_lasts_and_a_damaged_pair_is_made_again(tmp_path):
    first = LocalAuthority(tmp_path).certificate_file.read_bytes()
    assert LocalAuthority(tmp_path).certificate_file.read_bytes() == first
    (tmp_path / "ca-key.pem").unlink()
    assert LocalAuthority(tmp_path).certificate_file.read_bytes() != first


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem"])
def test_a_file_of_somebody_else_is_not_replaced(tmp_path, name):
    LocalAuthority(tmp_path)
    (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match="must be as the edge made them, or absent"):
        LocalAuthority(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_openssl_trusts_the_authority_for_this_machine_only(authority, tmp_path):
    shown = subprocess.run(
        [
            *(require("openssl"), "x509", "-noout", "-text"),
            *("-in", authority.certificate_file),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "X509v3 Name Constraints: critical" in shown
    assert "DNS:localhost" in shown and "pathlen:0" in shown


def test_a_certificate_for_a_foreign_name_is_refused(authority, server):
    server_context = authority.signed(["www.example.com"])
    trusting = ssl.create_default_context(cafile=authority.certificate_file)
    with CountingOrigin(server_context) as impostor:
        address = (HOST, impostor.port)
        with (
            socket.create_connection(address) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match="subtree"),
        ):
            trusting.wrap_socket(plain, server_hostname="www.example.com")


# -- viewers


@pytest.mark.documented(
    "TLS for viewers, by the name they ask for", "cnames-https-dedicated-ip-or-sni"
)
def test_viewers_get_files_by_tls_with_a_certificate_of_their_distribution(
    authority, server
):
    of_names = distribution(Aliases={"Items": ["static.example.com", "*.example.org"]})
    with running(authority, server, of_names) as edge:
        shown, said = by_tls(edge, authority)
        assert said.startswith(b"HTTP/1.1 200 ") and said.endswith(b"body")
        names = {value for _, value in shown["subjectAltName"]}
        assert {LOCAL, "static.example.com.localhost"} <= names
        for alias in ("static.example.com.localhost", "a.example.org.localhost"):
            assert b"X-Cache: Hit" in by_tls(edge, authority, name=alias)[1]


def test_a_name_that_nobody_has_gets_the_edge_s_own_certificate(authority, server):
    with running(authority, server) as edge:
        assert b" 403 " in by_tls(edge, authority, name="d9.cloudfront.localhost")[1]


def test_names_of_a_new_deploy_are_shown_at_once(authority, server):
    with running(authority, server) as edge:
        edge.redeploy(deployed(distribution(Aliases={"Items": ["new.example.com"]})))
        name = "new.example.com.localhost"
        assert b" 200 " in by_tls(edge, authority, name=name)[1]


@pytest.mark.documented(
    "The security policy names the least version of TLS",
    "secure-connections-supported-viewer-protocols-ciphers",
)
@pytest.mark.parametrize(
    ("policy", "version", "works"),
    [
        ("TLSv1.2_2021", ssl.TLSVersion.TLSv1_1, False),
        ("TLSv1.2_2021", ssl.TLSVersion.TLSv1_2, True),
        ("TLSv1.3_2025", ssl.TLSVersion.TLSv1_2, False),
        ("TLSv1.3_2025", ssl.TLSVersion.TLSv1_3, True),
        ("TLSv1_2016", ssl.TLSVersion.TLSv1, True),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_security_policy_names_the_least_version(
    authority, server, policy, version, works
):
    certificate = {"ACMCertificateArn": "arn:x", "MinimumProtocolVersion": policy}
    with running(
        authority, server, distribution(ViewerCertificate=certificate)
    ) as edge:
        if works:
            assert b" 200 " in by_tls(edge, authority, version=version)[1]
        else:
            with pytest.raises(OSError):
                by_tls(edge, authority, version=version)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_older_version_is_for_the_distribution_that_allows_it(authority, server):
    def of_version(name, version):
        policy = {"ACMCertificateArn": "arn:x", "MinimumProtocolVersion": version}
        return distribution(name, ViewerCertificate=policy)

    strict = of_version("d111.cloudfront.net", "TLSv1.2_2021")
    lax = of_version("d222.cloudfront.net", "TLSv1.1_2016")
    old = ssl.TLSVersion.TLSv1_1
    with running(authority, server, strict, lax) as edge:
        name = "d222.cloudfront.localhost"
        assert b" 200 " in by_tls(edge, authority, name=name, version=old)[1]
        with pytest.raises(OSError):
            by_tls(edge, authority, version=old)
        assert server.count == 1


def of_policy(policy, **more):
    return distribution(default={"ViewerProtocolPolicy": policy}, **more)


@pytest.mark.documented(
    "`redirect-to-https` answers GET and HEAD with 301",
    "using-https-viewers-to-cloudfront",
)
def test_http_is_redirected_to_the_tls_listener(authority, server):
    redirecting = of_policy("redirect-to-https", DefaultRootObject="index.html")
    with running(authority, server, redirecting) as edge:
        got = edge.get("/a%20b?c=d", host=f"{LOCAL}:{edge.port}")
        there = f"https://{LOCAL}:{edge.edge.tls_port}/a%20b?c=d"
        assert (got.status, got.headers["location"]) == (301, there)
        root = edge.get("/", host=LOCAL).headers["location"]
        assert root == f"https://{LOCAL}:{edge.edge.tls_port}/"
        assert got.cache == "Redirect"
        assert server.count == 0
        assert b" 200 " in by_tls(edge, authority)[1]


@pytest.mark.documented(
    "`redirect-to-https` answers other methods with 307, and by HTTP/1.0 with 403",
    "using-https-viewers-to-cloudfront",
    otherwise="Two other pages of 2023 say 403 for all of them.",
)
def test_other_methods_are_redirected_with_their_body_or_refused(authority, server):
    with running(authority, server, of_policy("redirect-to-https")) as edge:
        assert edge.get("/a", method="POST", body=b"x").status == 307
        old = b"POST /a HTTP/1.0\r\nHost: d111.cloudfront.net\r\n\r\n"
        assert edge.send(old).startswith(b"HTTP/1.1 403 ")
        assert server.count == 0


@pytest.mark.documented(
    "`https-only` and `allow-all`", "using-https-viewers-to-cloudfront"
)
def test_http_is_refused_or_allowed(authority, server):
    with running(authority, server, of_policy("https-only")) as edge:
        assert edge.get("/a").status == 403
        assert b" 200 " in by_tls(edge, authority)[1]
        edge.redeploy(deployed(of_policy("allow-all")))
        assert edge.get("/a").cache == "Hit"


@pytest.mark.documented(
    "Without a TLS listener, HTTP counts as HTTPS (a choice of the edge)",
    "using-https-viewers-to-cloudfront",
)
def test_http_alone_stands_for_both(server):
    with RunningEdge(
        deployed(of_policy("https-only")), origins={ORIGIN: server}
    ) as edge:
        assert edge.get("/a").status == 200


def test_tls_survives_what_is_no_tls_and_no_http(authority, server):
    with running(authority, server) as edge:
        for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff", b""):
            address = (HOST, edge.edge.tls_port)
            with socket.create_connection(address, timeout=20) as connection:
                connection.sendall(noise)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        bad = by_tls(edge, authority, request=b"GET / HTTP/9\r\n\r\n")[1]
        assert bad.startswith(b"HTTP/1.1 400 ")
        assert b" 200 " in by_tls(edge, authority)[1]
        assert "PRIVATE" not in "".join(edge.log)


def test_refusal_of_a_long_upload_is_read_by_tls(authority, server):
    head = b"POST /a HTTP/1.1\r\nHost: %b\r\nContent-Length: 9000000\r\n\r\n"
    with running(authority, server) as edge:
        said = by_tls(edge, authority, request=head + bytes(200_000))[1]
        assert said.startswith(b"HTTP/1.1 403 ")


def test_large_bodies_and_many_requests_pass_by_tls(authority, server):
    server.default = Reply(headers=LONG, body=bytes(range(256)) * 20_000)
    one = b"GET /a HTTP/1.1\r\nHost: %b\r\n\r\n"
    last = b"GET /b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
    with running(authority, server) as edge:
        said = by_tls(edge, authority, request=one * 3 + last)[1]
        assert said.count(server.default.body) == 4


# -- origins


def to_origin(
    foreign, context, *, origin=None, certificates=None, request=None, **config
):
    server = CountingOrigin(context)
    settings = {"OriginProtocolPolicy": "https-only", **(origin or {})}
    one = distribution(origin={"CustomOriginConfig": settings}, **config)
    tls = OriginTls(authorities=foreign.file, certificates=certificates or {})
    source = deployed(one, request=request or {})
    return server, RunningEdge(source, origins={ORIGIN: server}, origin_tls=tls)


def test_origins_are_asked_by_tls_on_kept_connections(foreign):
    server, edge = to_origin(foreign, foreign.signed(ORIGIN, **VALID))
    with server, edge:
        assert [edge.get(f"/{n}").status for n in range(3)] == [200] * 3
        assert server.connections == 1


@pytest.mark.documented(
    "The certificate of an origin must be valid, for its name",
    "using-https-cloudfront-to-custom-origin",
)
@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("other.example.com", VALID),
        (ORIGIN, {"start": "20200101000000Z", "end": "20210101000000Z"}),
    ],
)
def test_an_origin_with_another_s_or_an_expired_certificate_is_a_502(
    foreign, name, times
):
    server, edge = to_origin(foreign, foreign.signed(name, **times))
    with server, edge:
        assert edge.get("/a").status == 502
        assert server.count == 0


@pytest.mark.documented(
    "The certificate of an origin must come from a known authority",
    "using-https-cloudfront-to-custom-origin",
)
def test_an_origin_whose_authority_nobody_knows_is_a_502(foreign, tmp_path):
    unknown = Authority.made(tmp_path)
    server, edge = to_origin(foreign, unknown.signed(ORIGIN, **VALID))
    with server, edge:
        assert edge.get("/a").status == 502


@pytest.mark.documented(
    "The certificate may be for the `Host` that is forwarded",
    "using-https-cloudfront-to-custom-origin",
)
def test_the_certificate_may_be_for_the_host_that_is_forwarded(foreign):
    server, edge = to_origin(
        foreign,
        foreign.signed("www.example.org", **VALID),
        Aliases={"Items": ["www.example.org"]},
        default={"OriginRequestPolicyId": "request"},
        request={"HeadersConfig": {"HeaderBehavior": "allViewer"}},
    )
    with server, edge:
        assert edge.get("/a", host="www.example.org").status == 200
        assert server.asked[0].headers["host"] == "www.example.org"
        assert edge.get("/b").status == 502


@pytest.mark.documented(
    "An origin must speak an allowed version of TLS", "DownloadDistValuesOrigin"
)
@pytest.mark.parametrize(
    ("allowed", "version", "status"),
    [
        (["TLSv1.2"], ssl.TLSVersion.TLSv1_1, 502),
        (["TLSv1.2"], ssl.TLSVersion.TLSv1_2, 200),
        (["TLSv1.2"], ssl.TLSVersion.TLSv1_3, 200),
        (["TLSv1", "TLSv1.2"], ssl.TLSVersion.TLSv1_1, 200),
        (["TLSv1.1"], ssl.TLSVersion.TLSv1, 502),
        (["TLSv1", "TLSv1.1"], ssl.TLSVersion.TLSv1_1, 200),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_origin_must_speak_an_allowed_version(foreign, allowed, version, status):
    context = foreign.signed(ORIGIN, **VALID)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    protocols = {"OriginSslProtocols": {"Quantity": 1, "Items": allowed}}
    server, edge = to_origin(foreign, context, origin=protocols)
    with server, edge:
        assert edge.get("/a").status == status


@pytest.mark.documented(
    "A client certificate is shown to an origin", "origin-mtls-authentication"
)
@pytest.mark.parametrize(("given", "status"), [(True, 200), (False, 502)])
def test_a_client_certificate_is_shown_to_an_origin_that_wants_one(
    foreign, tmp_path, given, status
):
    client = tmp_path / "client.pem"
    foreign.signed("edge", **VALID, purpose="clientAuth")
    parts = [foreign.folder / "server.pem", foreign.folder / "server.key"]
    client.write_bytes(b"".join(part.read_bytes() for part in parts))
    context = foreign.signed(ORIGIN, **VALID)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(foreign.file)
    server, edge = to_origin(
        foreign,
        context,
        origin={"OriginMtlsConfig": {"ClientCertificateArn": ARN}},
        certificates={ARN: client} if given else None,
    )
    with server, edge:
        assert edge.get("/a").status == status


@pytest.mark.documented(
    "`match-viewer` asks the origin as the viewer asks", "DownloadDistValuesOrigin"
)
def test_match_viewer_asks_as_the_viewer_does(authority, foreign):
    plain, secure = CountingOrigin(), CountingOrigin(foreign.signed(ORIGIN, **VALID))
    settings = {"OriginProtocolPolicy": "match-viewer", "HTTPPort": 80}
    one = distribution(
        origin={"CustomOriginConfig": settings},
        default={"ViewerProtocolPolicy": "allow-all"},
    )
    table = {f"{ORIGIN}:80": plain, f"{ORIGIN}:443": secure}
    with (
        plain,
        secure,
        RunningEdge(
            deployed(one),
            origins=table,
            viewer_tls=ViewerTls(authority),
            origin_tls=OriginTls(authorities=foreign.file),
        ) as edge,
    ):
        assert edge.get("/http", host=STATIC).status == 200
        request = b"GET /https HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
        assert b" 200 " in by_tls(edge, authority, request=request)[1]
        assert (plain.targets, secure.targets) == (["/static/http"], ["/static/https"])
