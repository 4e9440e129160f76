"""One request on the wire, as ``cdn check`` sends it, and every way in which none is answered."""

from __future__ import annotations

import gzip
import hashlib
import sys
import time

import pytest
from live_check_server_support import listener
from live_check_support import SITE
from origin_support import ODD_PATHS, free_port

from dj_cloudfront.http_probe import (
    NO_BROTLI,
    Client,
    Digest,
    ServerAddress,
    UnreachableError,
)
from dj_cloudfront.live_check.probes import path_traversal_probes


def client_of(port, *, connect_to="127.0.0.1", timeout=5):
    address = ServerAddress(
        connect_to=connect_to,
        port=port,
        host="www.example.com",
        server_name="www.example.com",
    )
    return Client(address, timeout=timeout)


def saying(data, *, close=True):
    def answer(connection, heard):
        while (head := read_head(connection)) is not None:
            heard.append(head)
            connection.sendall(data)
            if close:
                return

    return answer


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        if not data:
            return None
        head += data
    return head


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_target_goes_out_byte_for_byte_over_a_connection_that_stays():
    paths = [*ODD_PATHS, "/b1/%C3%BC.css", "/?a=b#c"]
    with listener(saying(OK, close=False)) as (port, heard):
        client = client_of(port)
        for path in paths:
            client.ask(path, headers={"Origin": SITE})
        client.close()
    # Nothing that was not asked for: no Accept-Encoding of a library's own.
    rest = f"HTTP/1.1\r\nHost: www.example.com\r\nOrigin: {SITE}\r\n\r\n"
    assert [head.decode() for head in heard] == [f"GET {path} {rest}" for path in paths]


def test_a_connection_that_the_server_has_closed_is_opened_again():
    with listener(saying(OK)) as (port, heard):
        client = client_of(port)
        # Without "Connection: close" the client believes that it may use it again.
        assert [client.ask("/").status for _ in range(3)] == [200, 200, 200]
        client.close()
    assert len(heard) == 3


def test_several_headers_of_one_name_are_kept_apart():
    data = b"HTTP/1.1 200 OK\r\nVary: A\r\nvary: B\r\nContent-Length: 0\r\n\r\n"
    with listener(saying(data)) as (port, _):
        client = client_of(port)
        answer = client.ask("/")
        client.close()
    assert answer.all("VARY") == ["A", "B"]
    assert answer.get("Vary") == "A, B"
    assert answer.get("Age") == ""


# -- no answer


def failure(port, **options):
    with pytest.raises(UnreachableError) as raised:
        client_of(port, **options).ask("/")
    assert not raised.value.is_certificate
    return str(raised.value)


def test_an_address_without_a_server_is_a_sentence():
    port = free_port()
    assert failure(port) == (
        f"refuses connections: nothing listens on 127.0.0.1 port {port}"
    )
    assert failure(80, connect_to="nowhere.invalid") == (
        "cannot be found: DNS knows no address of nowhere.invalid"
    )
    no_name = f"{'a' * 70}.invalid"
    assert failure(80, connect_to=no_name).startswith("cannot be reached")


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"),
    ],
    ids=["silence", "body", "headers"],
)
def test_an_answer_that_does_not_end_is_a_sentence(head, drop):
    def dripping(connection, heard):
        read_head(connection)
        connection.sendall(head)
        while drop:
            connection.sendall(drop)
            time.sleep(0.01)
        connection.recv(1)

    with listener(dripping) as (port, _):
        start = time.monotonic()
        assert failure(port, timeout=0.03).startswith("gave no whole answer in time")
        assert time.monotonic() - start < 5


def test_the_rest_of_a_long_body_is_left_unread():
    def endless(connection, heard):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        while True:
            connection.sendall(b"x" * 1000)

    with listener(endless) as (port, _):
        address = client_of(port).address
        answer = Client(address, timeout=5, most_bytes=4000).ask("/")
    assert answer.status == 200


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
    ],
)
def test_an_answer_that_breaks_off_is_a_sentence(data):
    with listener(saying(data)) as (port, _):
        assert "in the middle of an answer" in failure(port)


def test_what_is_not_http_is_a_sentence():
    with listener(saying(b"220 mail.example.com ESMTP\r\n")) as (port, _):
        assert failure(port).startswith("did not answer in HTTP/1.1")


def test_a_place_that_failed_three_times_is_not_asked_again():
    def deaf(connection, heard):
        heard.append(read_head(connection))

    with listener(deaf) as (port, heard):
        client = client_of(port)
        for _ in range(8):
            with pytest.raises(UnreachableError):
                client.ask("/")
    assert len(heard) == 3


# -- bodies


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def digest(coding, data, step=7):
    one = Digest(coding)
    for start in range(0, len(data), step):
        one.add(data[start : start + step])
    return one


TEXT = b"body { color: red }\n" * 40


def test_a_body_is_decoded():
    for coding in ("", "Identity ", "GZIP", "x-gzip"):
        data = gzip.compress(TEXT) if "gzip" in coding.lower() else TEXT
        found = digest(coding, data)
        assert (found.wire, found.content) == (sha256(data), sha256(TEXT))
        assert found.decode_error == ""
    # Nothing is no broken gzip.
    assert digest("gzip", b"").decode_error == ""


def test_brotli_is_decoded_where_it_is_installed():
    brotli = pytest.importorskip("brotli")
    found = digest("br", brotli.compress(TEXT))
    assert (found.content, found.decode_error) == (sha256(TEXT), "")
    half = digest("br", brotli.compress(TEXT)[:-5])
    assert (half.content, half.decode_error) == (None, "is no whole br")


def test_without_brotli_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", None)
    found = digest("br", b"anything")
    assert (found.content, found.decode_error) == (None, NO_BROTLI)
    assert found.wire == sha256(b"anything")


@pytest.mark.parametrize(
    ("coding", "data", "decode_error"),
    [
        ("gzip", gzip.compress(TEXT)[:-9], "is no whole gzip"),
        ("gzip", TEXT, "is no gzip"),
        ("br", TEXT, "is no br"),
        ("zstd", TEXT, "has the unknown coding 'zstd'"),
    ],
)
def test_what_cannot_be_decoded_says_why(coding, data, decode_error):
    pytest.importorskip("brotli")
    found = digest(coding, data)
    assert found.content is None
    assert found.decode_error.startswith(decode_error)


# -- odd targets


@pytest.mark.parametrize("prefix", ["", "/static"])
def test_every_odd_path_that_the_web_servers_refuse_is_asked_for(prefix):
    """But for names of files, which a check does not know."""
    asked = path_traversal_probes(["/admin/"], prefix=prefix, host="x")
    shapes = {one.replace(f"{prefix}/x/y/", f"{prefix}/x/") for one in asked}
    for path in ODD_PATHS:
        if "u.png" in path or "app.css" in path.partition("?")[0]:
            continue
        known = path.replace("/b1/css/", "/x/").replace("/b1/", "/x/")
        known = known.partition("?")[0]
        full = known if known.startswith("http:") else prefix + known
        assert any(one.startswith(full) for one in shapes), path
