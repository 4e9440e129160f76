"""Connections with viewers and origins: limits, malformed messages, and time."""

from __future__ import annotations

import time

import pytest
from edge_support import (
    CLOSE,
    EVERY_METHOD,
    HEAD,
    LONG,
    OFF,
    STATIC,
    Reply,
    connected,
    distribution,
    status_of,
)

from cdn_edge.listener import ViewerTimeouts


@pytest.mark.documented("A URL over 8,192 bytes is a 414", "cloudfront-limits")
@pytest.mark.parametrize(
    ("target", "status"), [(8192, 200), (8193, 414), (40_000, 414), (200_000, 414)]
)
def test_longest_url(edge, origin, target, status):
    path = b"/" + b"x" * (target - 2) + b"?"
    request = b"GET " + path + HEAD[6:] + CLOSE
    assert status_of(edge.send(request)) == status
    assert origin.count == (status == 200)


@pytest.mark.documented(
    "URL and headers over 32,768 bytes are a 494", "cloudfront-limits"
)
@pytest.mark.parametrize(
    ("lines", "length", "status"),
    [(3, 10_000, 200), (4, 10_000, 494), (1, 40_000, 494), (600, 20, 200)]
    + [(30, 10_000, 494)],
)
def test_longest_headers(edge, origin, lines, length, status):
    headers = b"".join(b"X-%d: %b\r\n" % (n, b"x" * length) for n in range(lines))
    answer = edge.send(HEAD + headers + CLOSE)
    assert status_of(answer) == status
    assert b"X-Cache: " in answer


def test_response_with_many_or_long_headers_passes(edge, origin):
    headers = {f"X-{n}": "x" * 100 for n in range(150)} | {"X-Long": "x" * 12_000}
    origin.default = Reply(headers=headers)
    answer = edge.send(HEAD + CLOSE)
    assert status_of(answer) == 200
    assert b"X-Long: " + b"x" * 12_000 in answer


def test_response_with_headers_over_the_limit_is_502(edge, origin):
    origin.default = Reply(headers={f"X-{n}": "x" * 1000 for n in range(40)})
    assert edge.get("/x").status == 502


@pytest.mark.documented(
    "Malformed requests get a page of CloudFront's kind", "http-400-bad-request"
)
@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET /x\r\n\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"GET /x HTTP/1.1\r\n" + CLOSE,
        HEAD + b"Host: other\r\n" + CLOSE,
        HEAD + b"X : 1\r\n" + CLOSE,
        HEAD + b"X: 1\r\n folded\r\n" + CLOSE,
        HEAD + b"X: \x00\r\n" + CLOSE,
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n",
        HEAD.replace(b"\r\n", b"\n") + b"\n",
        b"GET http://" + STATIC.encode() + b"/x" + HEAD[6:] + CLOSE,
        b"FROB /x" + HEAD[6:] + CLOSE,
    ],
)
def test_malformed_request_gets_a_page_of_cloudfront(edge, origin, request_, capfd):
    answer = edge.send(request_)
    assert status_of(answer) in (400, 501)
    assert b"X-Cache: Error from cloudfront" in answer
    assert b"Server: CloudFront" in answer
    assert (origin.count, len(edge.log)) == (0, 1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("version", [b"2.0", b"3.0", b"1.2"])
def test_unknown_version_is_refused(edge, origin, version):
    answer = edge.send(HEAD.replace(b"1.1", version) + CLOSE)
    assert (status_of(answer) in (400, 505), origin.count) == (True, 0)


def test_transfer_coding_that_would_be_lost_is_refused(edge, origin):
    request = HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    assert (status_of(edge.send(request)), origin.count) == (501, 0)


def test_many_requests_in_one_packet_are_answered_in_turn(edge, origin):
    for path in ("a", "b"):
        origin.replies[f"/static/{path}"] = Reply(headers=LONG, body=path.encode())
    asked = [HEAD.replace(b"/x", b"/" + path) for path in (b"a", b"b", b"a", b"b")]
    answer = edge.send(b"\r\n".join(asked) + CLOSE)
    bodies = [part.rpartition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200")]
    assert bodies[1:] == [b"a", b"b", b"a", b"b"]


def test_requests_before_a_malformed_one_are_answered(edge, origin):
    answer = edge.send(HEAD + b"\r\n" + HEAD + b"\r\n" + b"\x00\r\n\r\n")
    assert [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]] == [200, 200, 400]


@pytest.mark.parametrize(
    "header", ["Range: bytes=", "Range: bytes=-", "If-None-Match: "]
)
def test_huge_numbers_of_a_viewer_do_no_harm(edge, origin, header):
    answer = edge.send(HEAD + header.encode() + b"9" * 4301 + b"\r\n" + CLOSE)
    assert status_of(answer) == 200


def test_huge_age_of_an_origin_does_no_harm(edge, origin):
    origin.default = Reply(headers={"Age": "9" * 4301})
    assert [edge.get("/x").status for _ in range(2)] == [200, 200]


def test_slow_head_is_cut_off(start):
    edge = start(limits=ViewerTimeouts(head=0.4, idle=9))
    with connected(edge) as viewer:
        viewer.sendall(HEAD)
        began = time.monotonic()
        assert viewer.recv(100) == b"" and time.monotonic() - began < 2


def test_idle_connection_is_cut_off(start):
    edge = start(limits=ViewerTimeouts(head=9, idle=0.4))
    with connected(edge) as viewer:
        viewer.sendall(HEAD + b"\r\n")
        assert viewer.recv(4096)
        began = time.monotonic()
        assert b"".join(iter(lambda: viewer.recv(4096), b"")) in (b"", b"body")
        assert time.monotonic() - began < 2


def test_slow_answer_is_not_idle(start, origin):
    edge = start(limits=ViewerTimeouts(head=0.2, idle=0.2))
    origin.default = Reply(delay=0.8)
    assert edge.get("/x").status == 200


@pytest.mark.parametrize(
    "interim",
    [
        [
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        ],
        [b"HTTP/1.1 099 No\r\n\r\n"],
        [b"HTTP/1.1 999 No\r\n\r\n"],
    ],
    ids=["switch", "099", "999"],
)
def test_a_status_that_answers_nothing_is_a_502(start, origin, interim):
    edge = start(distribution(origin={"ConnectionAttempts": 1}))
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    origin.default = Reply(raw=[*interim, whole], missing=1)
    assert edge.get("/x").status == 502


def test_interim_responses_do_not_extend_the_read_timeout(start, origin):
    patience = {"ConnectionAttempts": 1, "CustomOriginConfig": {"OriginReadTimeout": 1}}
    edge = start(distribution(origin=patience))
    hint = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    origin.default = Reply(raw=[hint] * 7, pause=0.6)
    began = time.monotonic()
    assert edge.get("/x").status == 504
    assert time.monotonic() - began < 2


def test_one_interim_response_passes_by(edge, origin):
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    origin.default = Reply(raw=[b"HTTP/1.1 100 Continue\r\n\r\n" + whole])
    assert edge.get("/x").body == b"ok"


@pytest.mark.parametrize("pause", [0, 0.1])
def test_response_that_nobody_asked_for_answers_nobody(start, origin, pause):
    edge = start(cache=OFF)
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
    evil = good.replace(b"good", b"evil")
    origin.default = Reply(raw=[good, evil], pause=pause)
    assert edge.get("/x").body == b"good"
    time.sleep(0.3)
    origin.default = Reply(raw=[good])
    assert edge.get("/y").body == b"good"


def test_connection_to_the_origin_is_used_again(start, origin):
    edge = start(cache=OFF)
    for _ in range(3):
        assert edge.get("/x").status == 200
    assert origin.connections == 1


def test_expect_is_answered_only_when_the_body_is_wanted(start, origin):
    edge = start(distribution(default=EVERY_METHOD))
    expect = b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    with connected(edge) as viewer:
        viewer.sendall(b"POST" + HEAD[3:] + expect)
        assert viewer.recv(100).startswith(b"HTTP/1.1 100 ")
        viewer.sendall(b"a")
        assert viewer.recv(100).startswith(b"HTTP/1.1 200 ")
    with connected(edge) as viewer:
        viewer.sendall(HEAD + expect)
        assert viewer.recv(100).startswith(b"HTTP/1.1 403 ")
