"""Bytes on the wire: what passes unchanged, what is bounded, and what is refused."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from edge_support import (
    HOST,
    ORIGIN,
    STATIC,
    CountingOrigin,
    Reply,
    RunningEdge,
    cache_policy,
    deployed,
    distribution,
    named,
)

from cdn_edge.listener import Limits

LONG = {"Cache-Control": "max-age=31536000"}
HEAD = b"GET /x HTTP/1.1\r\nHost: " + STATIC.encode() + b"\r\n"
CLOSE = b"Connection: close\r\n\r\n"
OFF = cache_policy(default_ttl=0, max_ttl=0, headers=(), compressed=False)
ALL = named("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
EVERY_METHOD = {"AllowedMethods": {**ALL, "CachedMethods": named("GET", "HEAD")}}


@pytest.fixture
def origin():
    with CountingOrigin() as running:
        yield running


@pytest.fixture
def edge(origin):
    with RunningEdge(deployed(), origins={ORIGIN: origin}) as running:
        yield running


@pytest.fixture
def start(origin):
    started = []

    def start(*distributions, limits=None, capacity=8 * 1024 * 1024, **policies):
        edge = RunningEdge(
            deployed(*distributions, **policies),
            origins={ORIGIN: origin},
            limits=limits,
            capacity=capacity,
        )
        started.append(edge)
        return edge

    yield start
    for one in started:
        one.__exit__()


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def until(true, seconds=5):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def connected(edge):
    return socket.create_connection((HOST, edge.port), timeout=20)


# -- streaming


@pytest.mark.parametrize("policy", [cache_policy(), OFF], ids=["cached", "disabled"])
@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n", b"X: 1\r\n"],
    ids=["length", "chunked", "to the end"],
)
def test_first_bytes_pass_before_the_last_have_come(start, origin, policy, head):
    edge = start(cache=policy)
    parts = [b"one", b"two"]
    if b"chunked" in head:
        parts = [b"3\r\none\r\n", b"3\r\ntwo\r\n0\r\n\r\n"]
    raw = [b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", *parts]
    origin.default = Reply(raw=raw, pause=0.5, missing=1)
    with connected(edge) as viewer:
        viewer.sendall(HEAD + b"\r\n")
        got, began = b"", time.monotonic()
        while b"one" not in got:
            got += viewer.recv(4096)
        assert b"two" not in got
        assert time.monotonic() - began < 1.4
        while b"two" not in got:
            got += viewer.recv(4096)


def test_a_second_viewer_joins_a_body_that_is_still_coming(edge, origin):
    raw = [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", b"one", b"two"]
    origin.default = Reply(raw=raw, pause=0.3)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(edge.get, "/x")
        until(lambda: origin.sent > 42)
        second = edge.get("/x")
    assert first.result().body == second.body == b"onetwo"
    assert (first.result().cache, second.cache, origin.count) == ("Miss", "Hit", 1)


def test_a_body_that_the_end_of_the_connection_ends_is_kept(edge, origin):
    origin.default = Reply(raw=[b"HTTP/1.1 200 OK\r\n\r\n", b"body"], missing=1)
    assert edge.get("/x").body == b"body"
    assert (edge.get("/x").cache, origin.count) == ("Hit", 1)


def test_a_chunked_body_cut_short_breaks_the_connection_and_is_not_kept(edge, origin):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    origin.default = Reply(raw=[head + b"4\r\nbody\r\n"], missing=1)
    answer = edge.send(HEAD + CLOSE)
    assert b"body" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    origin.default = Reply(headers=LONG)
    assert edge.get("/x").cache == "Miss"


def test_a_body_that_stalls_ends_after_the_read_timeout(start, origin):
    patience = {"ConnectionAttempts": 1, "CustomOriginConfig": {"OriginReadTimeout": 1}}
    edge = start(distribution(origin=patience))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none"
    origin.default = Reply(raw=[head, b"two"], pause=3)
    origin.replies["/static/y"] = Reply(raw=[head], missing=1, pause=0)
    began = time.monotonic()
    with connected(edge) as viewer:
        viewer.sendall(HEAD.replace(b"/x", b"/y") + b"\r\n")
        received = b"".join(iter(lambda: viewer.recv(4096), b""))
    assert received.endswith(b"one")
    assert time.monotonic() - began < 2.5


def test_response_completion_timeout_ends_a_body_that_drips(start, origin):
    edge = start(distribution(origin={"ResponseCompletionTimeout": 1}))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"
    origin.default = Reply(raw=[head, *[b"x"] * 30], pause=0.2)
    began = time.monotonic()
    answer = edge.send(HEAD + CLOSE)
    assert time.monotonic() - began < 2
    assert 1 <= answer.partition(b"\r\n\r\n")[2].count(b"x") < 10


def test_response_completion_timeout_before_the_head_is_a_504(start, origin):
    edge = start(distribution(origin={"ResponseCompletionTimeout": 1}))
    origin.default = Reply(delay=3)
    assert edge.get("/x").status == 504


def test_origin_is_let_go_when_the_viewer_of_a_large_body_leaves(start, origin):
    edge = start(capacity=1_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n"
    origin.default = Reply(raw=[head, *[b"x" * 300_000] * 300])
    with connected(edge) as viewer:
        viewer.sendall(HEAD + b"\r\n")
        assert viewer.recv(100)
    time.sleep(0.5)
    assert origin.sent < 20_000_000


# -- ranges


def test_range_is_asked_of_the_origin_and_kept(edge, origin):
    origin.default = Reply(headers=LONG, body=b"0123456789", ranges=True)
    first = edge.get("/x", headers={"Range": "bytes=2-5"})
    assert (first.status, first.body, first.cache) == (206, b"2345", "Miss")
    assert first.headers["content-range"] == "bytes 2-5/10"
    again = edge.get("/x", headers={"Range": "bytes=3-4"})
    assert (again.status, again.body, again.cache) == (206, b"34", "Hit")
    assert again.headers["content-range"] == "bytes 3-4/10"
    assert [one.headers["range"] for one in origin.asked] == ["bytes=2-5"]


def test_parts_of_one_version_become_the_whole(edge, origin):
    tagged = {**LONG, "ETag": '"1"'}
    origin.default = Reply(headers=tagged, body=b"0123456789", ranges=True)
    for part in ("0-3", "6-9", "2-7"):
        assert edge.get("/x", headers={"Range": f"bytes={part}"}).cache == "Miss"
    whole = edge.get("/x")
    assert (whole.status, whole.body, whole.cache) == (200, b"0123456789", "Hit")


def test_parts_of_two_versions_are_not_joined(edge, origin):
    for tag, body in (('"1"', b"aaaaa"), ('"2"', b"bbbbb")):
        headers = {**LONG, "ETag": tag}
        origin.default = Reply(headers=headers, body=body, ranges=True)
        part = "bytes=0-2" if tag == '"1"' else "bytes=3-4"
        edge.get("/x", headers={"Range": part})
    got = edge.get("/x", headers={"Range": "bytes=0-4"})
    assert (got.body, got.cache, origin.count) == (b"bbbbb", "Miss", 3)


def test_end_of_a_range_that_nobody_has_is_asked_for(edge, origin):
    origin.default = Reply(headers=LONG, body=b"0123456789", ranges=True)
    edge.get("/x", headers={"Range": "bytes=0-3"})
    got = edge.get("/x", headers={"Range": "bytes=-2"})
    assert (got.body, got.cache, origin.count) == (b"89", "Miss", 2)
    assert edge.get("/x", headers={"Range": "bytes=8-"}).cache == "Hit"


def test_expired_part_is_revalidated(edge, origin):
    headers = {"Cache-Control": "max-age=60", "ETag": '"1"'}
    origin.default = Reply(headers=headers, body=b"0123456789", ranges=True)
    edge.get("/x", headers={"Range": "bytes=2-5"})
    edge.clock.advance(61)
    got = edge.get("/x", headers={"Range": "bytes=2-3"})
    assert (got.status, got.body, got.cache) == (206, b"23", "RefreshHit")


def test_origin_without_ranges_gives_the_whole_which_is_kept(edge, origin):
    origin.default = Reply(headers=LONG, body=b"0123456789")
    first = edge.get("/x", headers={"Range": "bytes=2-5"})
    assert (first.status, first.body) == (200, b"0123456789")
    again = edge.get("/x", headers={"Range": "bytes=2-5"})
    assert (again.status, again.body, origin.count) == (206, b"2345", 1)


@pytest.mark.parametrize("text", ["bytes=-8", "bytes=3300000-", "bytes=0-9"])
def test_range_of_a_chunked_answer_is_the_whole(start, origin, text):
    edge = start(capacity=1_000_000)
    body = bytes(range(256)) * 16_384
    origin.default = Reply(headers=LONG, body=body, chunked=True)
    got = edge.get("/x", headers={"Range": text})
    assert (got.status, got.body == body) == (200, True)
    assert "content-range" not in got.headers


def test_range_at_the_end_does_not_wait_for_the_whole(edge, origin):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    origin.default = Reply(raw=[head, b"01234", b"56789"], pause=0.7)
    with ThreadPoolExecutor(1) as pool:
        whole = pool.submit(edge.get, "/x")
        until(lambda: origin.sent > 42)
        origin.default = Reply(headers=LONG, body=b"0123456789", ranges=True)
        part = edge.get("/x", headers={"Range": "bytes=8-9"})
        assert (part.status, part.body, whole.done()) == (206, b"89", False)
    assert whole.result().body == b"0123456789"


def test_several_ranges_are_one_multipart_answer(edge, origin):
    headers = {**LONG, "Content-Type": "text/plain"}
    origin.default = Reply(headers=headers, body=b"0123456789", ranges=True)
    for cache in ("Miss", "Hit"):
        got = edge.get("/x", headers={"Range": "bytes=1-2,5-6"})
        assert (got.status, got.cache) == (206, cache)
        kind, _, boundary = got.headers["content-type"].partition("; boundary=")
        assert kind == "multipart/byteranges"
        parts = got.body.split(b"\r\n--" + boundary.encode())
        assert parts[1].endswith(b"Content-Range: bytes 1-2/10\r\n\r\n12")
        assert parts[2].endswith(b"Content-Range: bytes 5-6/10\r\n\r\n56")
        assert (b"Content-Type: text/plain" in parts[1], parts[3]) == (True, b"--\r\n")
        assert len(got.body) == int(got.headers["content-length"])
    assert [one.headers["range"] for one in origin.asked] == ["bytes=1-6"]


@pytest.mark.parametrize("text", ["bytes=5-6,1-2", "bytes=0-5,3-7"])
def test_ranges_out_of_order_are_the_whole(edge, origin, text):
    origin.default = Reply(headers=LONG, body=b"0123456789", ranges=True)
    assert edge.get("/x", headers={"Range": text}).status == 200


def test_if_range_of_another_version_is_the_whole(edge, origin):
    origin.default = Reply(headers={**LONG, "ETag": '"1"'}, body=b"0123456789")
    edge.get("/x")
    part = {"Range": "bytes=2-4", "If-Range": '"1"'}
    assert edge.get("/x", headers=part).status == 206
    assert edge.get("/x", headers={**part, "If-Range": '"0"'}).status == 200
    assert origin.count == 1


# -- attempts


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_a_connection_that_drops_is_tried_as_often_as_configured(
    start, origin, attempts
):
    edge = start(distribution(origin={"ConnectionAttempts": attempts}))
    origin.default = Reply(drop=True)
    assert (edge.get("/x").status, origin.count) == (502, attempts)


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "POST", "PUT"])
def test_a_method_that_is_no_get_is_never_repeated(start, origin, method):
    edge = start(distribution(default=EVERY_METHOD))
    origin.default = Reply(drop=True)
    body = None if method in ("DELETE", "OPTIONS") else b"a"
    assert (edge.get("/x", method=method, body=body).status, origin.count) == (502, 1)


# -- error pages


def page_rule(**more):
    rule = {"ErrorCode": 500, "ErrorCachingMinTTL": 5, "ResponsePagePath": "/e.html"}
    return distribution(
        CustomErrorResponses=named({**rule, "ResponseCode": 500, **more})
    )


def test_missing_error_page_shows_the_status_of_the_page(start, origin):
    edge = start(page_rule())
    origin.default = Reply(status=500)
    origin.replies["/static/e.html"] = Reply(status=404, body=b"no page")
    got = edge.get("/x")
    assert (got.status, got.body, got.cache) == (404, b"no page", "Error")


def test_error_shown_as_200_is_an_error_in_x_cache_and_in_the_log(start, origin):
    edge = start(page_rule(ResponseCode=200))
    origin.default = Reply(status=500)
    origin.replies["/static/e.html"] = Reply(body=b"sorry")
    for _ in range(2):
        got = edge.get("/x")
        assert (got.status, got.body, got.cache) == (200, b"sorry", "Error")
    assert all(" 200 Error " in line for line in edge.log)


def test_error_page_lives_as_long_as_the_error(start, origin):
    edge = start(page_rule())
    origin.default = Reply(status=500)
    no_store = {"Cache-Control": "no-store"}
    origin.replies["/static/e.html"] = Reply(headers=no_store, body=b"sorry")
    assert [edge.get("/x").body for _ in range(3)] == [b"sorry"] * 3
    assert origin.targets == ["/static/x", "/static/e.html"]
    edge.clock.advance(6)
    edge.get("/x")
    assert origin.count == 4


# -- bytes of headers


def test_header_bytes_pass_unchanged_to_the_viewer(edge, origin):
    name = 'attachment; filename="\xe9t\xe9.txt"'
    origin.default = Reply(headers={"Content-Disposition": name})
    answer = edge.send(HEAD + CLOSE)
    assert b'filename="\xe9t\xe9.txt"' in answer
    assert b"content-type" not in answer.lower()


def test_header_bytes_pass_unchanged_to_the_origin(start, origin):
    edge = start(cache=cache_policy(headers=("X-Name",)))
    edge.send(HEAD + b"X-Name: \xe9\xff\r\n" + CLOSE)
    assert origin.asked[0].headers["x-name"] == "\xe9\xff"


def test_conditions_reach_an_origin_whose_answers_are_not_kept(start, origin):
    edge = start(distribution(default=EVERY_METHOD))
    edge.get("/x", method="PUT", body=b"a", headers={"If-Match": '"1"'})
    assert origin.asked[0].headers["if-match"] == '"1"'


def test_condition_that_fails_on_a_hit_is_412(edge, origin):
    origin.default = Reply(headers={**LONG, "ETag": '"1"'})
    edge.get("/x")
    assert edge.get("/x", headers={"If-Match": '"1"'}).status == 200
    assert edge.get("/x", headers={"If-Match": '"2"'}).status == 412
    assert origin.count == 1


def test_headers_of_the_edge_are_not_forwarded(start, origin):
    policy = {"HeadersConfig": {"HeaderBehavior": "allViewer"}}
    default = {"OriginRequestPolicyId": "request"}
    edge = start(distribution(default=default), request=policy)
    edge.get("/x", headers={"X-Edge-Location": "1", "X-Other": "2"})
    arrived = origin.asked[0].headers
    assert ("x-edge-location" in arrived, arrived["x-other"]) == (False, "2")


def test_set_cookie_that_no_cache_names_goes_to_the_first_viewer_alone(edge, origin):
    headers = {
        "Cache-Control": 'max-age=60, no-cache="Set-Cookie"',
        "Set-Cookie": "a=1",
    }
    origin.default = Reply(headers=headers)
    first, second = edge.get("/x"), edge.get("/x")
    assert (first.headers.get("set-cookie"), second.cache) == ("a=1", "Hit")
    assert "set-cookie" not in second.headers


# -- limits


@pytest.mark.parametrize(
    ("target", "status"),
    [(8192, 200), (8193, 414), (40_000, 414), (200_000, 414)],
)
def test_longest_url(edge, origin, target, status):
    path = b"/" + b"x" * (target - 2) + b"?"
    request = b"GET " + path + HEAD[6:] + CLOSE
    assert status_of(edge.send(request)) == status
    assert origin.count == (status == 200)


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


# -- what is malformed


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


# -- time


def test_slow_head_is_cut_off(start):
    edge = start(limits=Limits(head=0.4, idle=9))
    with connected(edge) as viewer:
        viewer.sendall(HEAD)
        began = time.monotonic()
        assert viewer.recv(100) == b"" and time.monotonic() - began < 2


def test_idle_connection_is_cut_off(start):
    edge = start(limits=Limits(head=9, idle=0.4))
    with connected(edge) as viewer:
        viewer.sendall(HEAD + b"\r\n")
        assert viewer.recv(4096)
        began = time.monotonic()
        assert b"".join(iter(lambda: viewer.recv(4096), b"")) in (b"", b"body")
        assert time.monotonic() - began < 2


def test_slow_answer_is_not_idle(start, origin):
    edge = start(limits=Limits(head=0.2, idle=0.2))
    origin.default = Reply(delay=0.8)
    assert edge.get("/x").status == 200


@pytest.mark.parametrize(
    "interim",
    [
        [b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 40,
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 2,
        [
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        ],
        [b"HTTP/1.1 099 No\r\n\r\n"],
        [b"HTTP/1.1 999 No\r\n\r\n"],
    ],
    ids=["hints", "continue", "switch", "099", "999"],
)
def test_interim_responses_are_bounded(start, origin, interim):
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


def test_chunked_body_of_a_viewer_arrives(start, origin):
    edge = start(distribution(default=EVERY_METHOD))
    body = b"3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n"
    request = b"POST" + HEAD[3:] + b"Transfer-Encoding: chunked\r\n" + CLOSE + body
    assert status_of(edge.send(request)) == 200
    assert origin.asked[0].body.endswith(b"de") or origin.asked[0].body == b"abcde"


# -- failover, stale copies, invalidations


def group(*statuses):
    first = distribution()["DistributionConfig"]["Origins"]["Items"][0]
    second = {"Id": "second", "DomainName": "second.example.com", "OriginPath": "/s"}
    members = named({"OriginId": "origin"}, {"OriginId": "second"})
    criteria = {"FailoverCriteria": {"StatusCodes": named(*statuses)}}
    return distribution(
        Origins=named(first, second),
        OriginGroups=named({"Id": "group", "Members": members, **criteria}),
        default={**EVERY_METHOD, "TargetOriginId": "group"},
    )


@pytest.mark.parametrize(
    ("reply", "statuses", "body"),
    [
        (Reply(status=404, body=b"first"), (404,), b"second"),
        (Reply(status=404, body=b"first"), (500,), b"first"),
        (Reply(drop=True), (503,), b"second"),
    ],
)
def test_second_origin_is_asked_at_the_statuses_of_the_group(
    origin, reply, statuses, body
):
    with CountingOrigin() as second:
        second.default = Reply(body=b"second")
        origin.default = reply
        table = {ORIGIN: origin, "second.example.com": second}
        with RunningEdge(deployed(group(*statuses)), origins=table) as edge:
            assert edge.get("/x").body == body
            if body == b"second":
                assert second.targets == ["/s/x"]
                assert edge.get("/x", method="POST", body=b"a").status != 200
                assert second.count == 1


def test_refused_caching_still_serves_when_the_origin_is_dead(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "private"}, body=b"mine")
    edge.get("/x")
    origin.default = Reply(status=500)
    assert edge.get("/x").status == 500
    origin.default = Reply(headers={"Cache-Control": "private"}, body=b"mine")
    edge.clock.advance(6)
    edge.get("/x")
    origin.stop()
    assert edge.get("/x").body == b"mine"
    origin.start()


@pytest.mark.parametrize(("minimum", "status"), [(0, 502), (5, 200)])
def test_by_the_older_guide_refused_caching_needs_a_minimum_ttl(
    origin, minimum, status
):
    origin.default = Reply(headers={"Cache-Control": "private"})
    source = deployed(cache=cache_policy(min_ttl=minimum))
    with RunningEdge(source, origins={ORIGIN: origin}, standby=False) as edge:
        edge.get("/x")
        edge.clock.advance(6)
        origin.stop()
        assert edge.get("/x").status == status
        origin.start()


def test_stale_copy_after_a_failure_is_a_refresh_hit_and_then_a_hit(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "max-age=60"})
    edge.get("/x")
    edge.clock.advance(61)
    origin.default = Reply(status=500)
    assert [edge.get("/x").cache for _ in range(2)] == ["RefreshHit", "Hit"]


def test_invalidation_during_a_fetch_takes_what_was_asked_before(edge, origin):
    origin.default = Reply(headers=LONG, delay=0.5)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(edge.get, "/x")
        until(lambda: origin.count == 1)
        edge.invalidate("/x")
        assert first.result().status == 200
    assert (edge.get("/x").cache, origin.count) == ("Miss", 2)


def test_two_ports_of_one_name_are_two_origins(origin):
    with CountingOrigin() as other:
        other.default = Reply(body=b"other")
        config = {"HTTPSPort": 8443, "OriginProtocolPolicy": "https-only"}
        one = distribution(origin={"CustomOriginConfig": config})
        table = {ORIGIN: origin, f"{ORIGIN}:8443": other}
        with RunningEdge(deployed(one), origins=table) as edge:
            assert edge.get("/x").body == b"other"


def test_large_body_adds_little_to_the_memory(start, origin):
    size = 60_000_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    origin.default = Reply(raw=[head, *[b"x" * 1_000_000] * 60])
    edge = start(capacity=8_000_000)
    with connected(edge) as viewer:
        viewer.sendall(HEAD + b"\r\n")
        assert viewer.recv(100)
        time.sleep(0.5)
        assert origin.sent < 20_000_000, "a viewer that does not read holds it up"
        received = 100
        while received < size:
            received += len(viewer.recv(1_000_000))
