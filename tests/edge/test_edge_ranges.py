"""Ranges of bytes: which are acted by, and which bytes they are."""

from __future__ import annotations

import pytest
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
