"""Bodies: passed on as they come, kept when they are whole, ended when they stall."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from edge_support import (
    CLOSE,
    HEAD,
    LONG,
    OFF,
    Reply,
    cache_policy,
    connected,
    distribution,
    until,
)


def test_answer_cut_short_passes_as_far_as_it_came_and_is_not_kept(edge, origin):
    origin.default = Reply(headers=LONG, missing=3)
    with pytest.raises(http.client.IncompleteRead) as cut:
        edge.get("/x")
    assert cut.value.partial == b"body"
    origin.default = Reply(headers=LONG)
    assert edge.get("/x").cache == "Miss"


@pytest.mark.documented(
    "Bodies pass while they are stored", "RequestAndResponseBehaviorCustomOrigin"
)
@pytest.mark.parametrize("policy", [cache_policy(), OFF], ids=["cached", "disabled"])
@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n", b"X: 1\r\n"],
    ids=["length", "chunked", "to the end"],
)
def test_first_bytes_pass_before_the_last_have_come(start, origin, policy, head):
    edge, one_is_read = start(cache=policy), Event()
    one, two = b"one", b"two"
    if b"chunked" in head:
        one, two = b"3\r\none\r\n", b"3\r\ntwo\r\n0\r\n\r\n"
    raw = [b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", one, one_is_read, two]
    origin.default = Reply(raw=raw, missing=1)
    with connected(edge) as viewer:
        viewer.sendall(HEAD + b"\r\n")
        got = b""
        while b"one" not in got:
            got += viewer.recv(4096)
        one_is_read.set()
        while b"two" not in got:
            got += viewer.recv(4096)


def test_a_second_viewer_joins_a_body_that_is_still_coming(edge, origin):
    joined = Event()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    origin.default = Reply(raw=[head, b"one", joined, b"two"])
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(edge.get, "/x")
        until(lambda: origin.sent > len(head))
        second = pool.submit(edge.get, "/x")
        until(lambda: len(edge.log) == 2)
        joined.set()
    second = second.result()
    assert first.result().body == second.body == b"onetwo"
    assert (first.result().cache, second.cache, origin.count) == ("Miss", "Hit", 1)


def test_a_body_that_the_end_of_the_connection_ends_is_kept(edge, origin):
    origin.default = Reply(raw=[b"HTTP/1.1 200 OK\r\n\r\n", b"body"], missing=1)
    assert edge.get("/x").body == b"body"
    assert (edge.get("/x").cache, origin.count) == ("Hit", 1)


@pytest.mark.documented(
    "What is cut short is cut short for the viewer and not kept",
    "RequestAndResponseBehaviorCustomOrigin",
)
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


@pytest.mark.documented(
    "The response completion timeout ends the answer", "DownloadDistValuesOrigin"
)
def test_response_completion_timeout_ends_a_body_that_drips(start, origin):
    edge = start(distribution(origin={"ResponseCompletionTimeout": 1}))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"
    origin.default = Reply(raw=[head, *[b"x"] * 30], pause=0.2)
    began = time.monotonic()
    answer = edge.send(HEAD + CLOSE)
    assert time.monotonic() - began < 2
    assert 1 <= answer.partition(b"\r\n\r\n")[2].count(b"x") < 10


@pytest.mark.slow
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
