"""Which files ``cdn check`` asks for."""

from __future__ import annotations

import os

import pytest
from builds_support import write_files
from inspection_support import write_build

from dj_cloudfront.builds.index import INDEX_NAME, File
from dj_cloudfront.live_check.sampling import (
    changed_since_previous,
    choose,
    known_files,
    read_build,
    type_of,
)

TYPES = {
    "a.css": "style",
    "a.js": "script",
    "a.mjs": "script",
    "a.woff2": "font",
    "a.SVG": "vector",
    "a.png": "image",
    "a.json": "data",
    "a.wasm": "code",
    "a.html": "page",
    "a.pdf": "other",
    "LICENSE": "other",
}


def files(*names, size=10):
    return {name: File(size=size, sha256="0" * 64) for name in names}


MANY = files(
    *(f"js/{n}.js" for n in range(300)),
    *(f"css/{n}.css" for n in range(30)),
    *(f"img/{n}.png" for n in range(100)),
    "fonts/one.woff2",
    "img/logo.svg",
    "robots.txt",
)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_goes_by_the_suffix(name):
    assert type_of(name) == TYPES[name]


@pytest.mark.parametrize("version", ["b1", "b2", "2026-11-23.1"])
def test_every_type_is_asked_for_and_the_number_is_kept(version):
    names = choose(MANY, number=20, changed=(), version=version)
    assert len(names) == len(set(names)) == 20
    assert {type_of(name) for name in names} == {type_of(name) for name in MANY}


def test_the_same_build_gives_the_same_files_and_another_one_others():
    first = choose(MANY, number=20, changed=(), version="b1")
    again = choose(dict(reversed(MANY.items())), number=20, changed=(), version="b1")
    other = choose(MANY, number=20, changed=(), version="b2")
    assert first == again
    assert set(first) != set(other)


def test_files_that_have_changed_come_first():
    changed = {f"js/{n}.js" for n in range(7)}
    names = choose(MANY, number=20, changed=changed, version="b1")
    assert changed < set(names)


def test_a_small_number_still_asks_for_every_type():
    names = choose(MANY, number=1, changed=(), version="b1")
    assert {type_of(name) for name in names} == {type_of(name) for name in MANY}


def test_a_large_file_is_left_out_where_there_is_a_smaller_one():
    large = files("video.mp4", "a.css", size=50_000_000)
    names = choose({**large, **files("b.css")}, number=1, changed=(), version="b1")
    assert set(names) == {"video.mp4", "b.css"}


# -- what a build holds


def test_the_index_says_what_a_build_holds(tmp_path):
    content = {"a.css": b"a" * 2000, "b.js": b"b"}
    write_build(tmp_path, "b1", content)
    build = read_build(tmp_path, "b1", sample=20, everything=False)
    assert build.has_index
    assert set(build.sample) == {"a.css", "b.js"}
    assert build.others == ()
    # The companion is of the index and nobody asks for it by its name.
    assert "a.css.gz" in build.index.files
    assert build.total == 2


def test_without_an_index_the_files_say_it(tmp_path):
    write_files(tmp_path / "b1", {"a.css": b"a", ".hidden/x": b"x", ".env": b"x"})
    build = read_build(tmp_path, "b1", sample=20, everything=False)
    assert not build.has_index
    assert build.sample == ("a.css",)
    (file,) = build.index.files.values()
    assert (file.size, file.sha256[:8]) == (1, "ca978112")


def test_the_rest_is_there_when_everything_is_wanted(tmp_path):
    content = {f"{number}.css": b"a" for number in range(9)}
    write_build(tmp_path, "b1", content)
    build = read_build(tmp_path, "b1", sample=3, everything=True)
    assert len(build.sample) == 3
    assert {*build.sample, *build.others} == set(content)


def test_changed_files_are_those_that_the_build_before_does_not_have(tmp_path):
    for number, (version, text) in enumerate(
        (("b1", b"1"), ("b2", b"2"), ("b3", b"3"))
    ):
        write_build(tmp_path, version, {"a.css": text, "same.css": b"same"})
        moment = 1_800_000_000 + number
        os.utime(tmp_path / version / INDEX_NAME, (moment, moment))
    index, _ = known_files(tmp_path / "b2")
    assert changed_since_previous(tmp_path, "b2", index) == {"a.css"}
    first, _ = known_files(tmp_path / "b1")
    assert changed_since_previous(tmp_path, "b1", first) == set()


def test_a_damaged_index_of_an_earlier_build_is_no_hindrance(tmp_path):
    write_build(tmp_path, "b1", {"a.css": b"1"})
    write_build(tmp_path, "b2", {"a.css": b"2"})
    (tmp_path / "b1" / INDEX_NAME).write_text("{")
    os.utime(tmp_path / "b1" / INDEX_NAME, (0, 0))
    index, _ = known_files(tmp_path / "b2")
    assert changed_since_previous(tmp_path, "b2", index) == set()


def test_fails_when_the_build_is_not_here(tmp_path):
    with pytest.raises(ValueError, match="build b1 must be published on this machine"):
        read_build(tmp_path, "b1", sample=20, everything=False)


def test_fails_when_the_build_is_empty(tmp_path):
    (tmp_path / "b1").mkdir()
    with pytest.raises(ValueError, match="build b1 must hold files"):
        read_build(tmp_path, "b1", sample=20, everything=False)


def test_fails_when_the_index_is_damaged(tmp_path):
    write_build(tmp_path, "b1")
    (tmp_path / "b1" / INDEX_NAME).write_text("{")
    with pytest.raises(ValueError, match="must be an index as publishing writes it"):
        read_build(tmp_path, "b1", sample=20, everything=False)
