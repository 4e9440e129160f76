"""Ranges of bytes: which are acted by, and which bytes they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from edge_support import LONG, ORIGIN, Reply, RunningEdge, deployed, until
from multidict import CIMultiDict

from cdn_edge.ranges import ByteRange, content_range, ranges


def asked(text, **more):
    return ranges(CIMultiDict({"Range": text, **more}))


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-", 2, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-30", 0, 10),
        ("bytes=5-50", 5, 10),
        ("Bytes = 1-1", 1, 2),
    ],
)
def test_range_of_ten_bytes(text, start, stop):
    assert asked(text).of(10) == [ByteRange(start=start, stop=stop)]


@pytest.mark.parametrize("text", ["bytes=10-", "bytes=-0", "bytes=99-100"])
def test_range_that_ten_bytes_do_not_have(text):
    assert asked(text).of(10) == []


@pytest.mark.parametrize(
    "text",
    [
        "bytes=4-2",
        "lines=0-1",
        "bytes=-",
        "bytes=a-b",
        "",
        "bytes=4-5,0-1",
        "bytes=0-5,4-8",
        "bytes=-1,0-1",
        "bytes=0-,5-6",
        "bytes=0-1,",
        "bytes=" + "9" * 4301,
        "bytes=-" + "9" * 4301,
        "bytes=" + ",".join(f"{n * 2}-{n * 2}" for n in range(51)),
    ],
)
def test_whole_is_sent_for_other_ranges(text):
    assert asked(text) is None


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("bytes=0-9", "bytes=0-9"),
        ("bytes=-5", "bytes=-5"),
        ("bytes=0-1,8-9", "bytes=0-9"),
        ("bytes=0-1,8-", "bytes=0-"),
        ("bytes=0-1,-1", None),
    ],
)
def test_origin_is_asked_for_one_range_that_has_all(text, header):
    assert asked(text).header == header


@pytest.mark.parametrize(
    ("tag", "holds"),
    [('"1"', True), ('"2"', False), ('W/"1"', False), ("yesterday", True)],
)
def test_range_holds_only_for_the_version_named(tag, holds):
    response = CIMultiDict({"ETag": '"1"', "Last-Modified": "yesterday"})
    assert asked("bytes=0-1", **{"If-Range": tag}).allowed_by(response) is holds


def test_weak_tag_allows_no_range():
    response = CIMultiDict({"ETag": 'W/"1"'})
    assert not asked("bytes=0-1", **{"If-Range": 'W/"1"'}).allowed_by(response)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes 0-1/10", (ByteRange(start=0, stop=2), 10)),
        ("bytes 0-9/9", None),
        ("bytes 5-4/9", None),
        ("bytes 0-1/*", None),
        ("bytes */10", None),
        ("", None),
    ],
)
def test_what_an_origin_says_that_it_sent(text, found):
    assert content_range(CIMultiDict({"Content-Range": text})) == found


# -- through the edge


def test_part_of_a_copy(edge, origin):
    origin.default = Reply(headers=LONG, body=b"0123456789")
    edge.get("/x")
    got = edge.get("/x", headers={"Range": "bytes=2-4"})
    assert (got.status, got.body) == (206, b"234")
    assert got.headers["content-range"] == "bytes 2-4/10"
    assert edge.get("/x", headers={"Range": "bytes=-3"}).body == b"789"
    beyond = edge.get("/x", headers={"Range": "bytes=10-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */10")
    assert origin.count == 1


@pytest.mark.documented(
    "Ranges are asked of the origin, and the parts are kept", "RangeGETs"
)
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


@pytest.mark.documented("A range of a chunked answer is the whole object", "RangeGETs")
@pytest.mark.parametrize("text", ["bytes=-8", "bytes=3300000-", "bytes=0-9"])
def test_range_of_a_chunked_answer_is_the_whole(start, origin, text):
    edge = start(capacity=1_000_000)
    body = bytes(range(256)) * 16_384
    origin.default = Reply(headers=LONG, body=body, chunked=True)
    got = edge.get("/x", headers={"Range": text})
    assert (got.status, got.body == body) == (200, True)
    assert "content-range" not in got.headers


def test_range_at_the_end_does_not_wait_for_the_whole(edge, origin):
    head, part_is_read = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", Event()
    origin.default = Reply(raw=[head, b"01234", part_is_read, b"56789"])
    with ThreadPoolExecutor(1) as pool:
        whole = pool.submit(edge.get, "/x")
        until(lambda: origin.sent > len(head))
        origin.default = Reply(headers=LONG, body=b"0123456789", ranges=True)
        part = edge.get("/x", headers={"Range": "bytes=8-9"})
        assert (part.status, part.body, whole.done()) == (206, b"89", False)
        part_is_read.set()
    assert whole.result().body == b"0123456789"


@pytest.mark.documented("Several ranges are one `multipart/byteranges`", "RangeGETs")
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


@pytest.mark.documented("Ranges out of order are the whole object", "RangeGETs")
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


def test_ranges_of_what_is_neither_kept_nor_asked_for_in_parts_are_the_whole(origin):
    origin.default = Reply(headers={"Cache-Control": "no-store"}, body=b"0123456789")
    with RunningEdge(deployed(), origins={ORIGIN: origin}, standby=False) as edge:
        got = edge.get("/x", headers={"Range": "bytes=0-1,-1"})
    assert (got.status, got.body) == (200, b"0123456789")
