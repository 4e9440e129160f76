"""Which files of a build ``cdn check`` asks for."""

from __future__ import annotations

import os

import pytest
from builds_support import write_files
from live_check_support import write_build

from dj_cloudfront.builds.index import INDEX_NAME
from dj_cloudfront.live_check.sampling import read_build

ONE_OF_EACH_TYPE = {
    *("a.css", "a.js", "a.woff2", "a.SVG", "a.png", "a.json", "a.wasm", "a.html"),
    *("a.pdf", "LICENSE"),
}
MANY = {
    **{f"js/{n}.js": b"%d" % n for n in range(60)},
    **{f"css/{n}.css": b"%d" % n for n in range(30)},
    **dict.fromkeys(ONE_OF_EACH_TYPE, b"x"),
}


def read(root, version="b1", *, sample=20, everything=False):
    return read_build(root, version, sample=sample, everything=everything)


def write_at(moment, root, version, files):
    write_build(root, version, files)
    os.utime(root / version / INDEX_NAME, (moment, moment))


@pytest.mark.parametrize(("sample", "number"), [(1, 10), (20, 20)])
def test_every_type_is_asked_for_and_the_number_is_kept(tmp_path, sample, number):
    write_build(tmp_path, "b1", MANY)
    names = read(tmp_path, sample=sample).sample
    assert {name.lower().rpartition(".")[2] for name in names} >= {
        *("css", "js", "woff2", "svg", "png", "json", "wasm", "html")
    }
    assert len(names) == len(set(names)) == number


def test_the_same_build_gives_the_same_files_and_another_one_others(tmp_path):
    for version in ("b1", "b2"):
        write_build(tmp_path, version, MANY)
    assert read(tmp_path).sample == read(tmp_path).sample
    assert {*read(tmp_path).sample} != {*read(tmp_path, "b2").sample}


def test_files_that_have_changed_come_first(tmp_path):
    changed = {f"js/{n}.js": b"changed" for n in range(7)}
    write_at(1_800_000_000, tmp_path, "b1", MANY)
    write_at(1_800_000_001, tmp_path, "b2", {**MANY, **changed})
    assert {*changed} < {*read(tmp_path, "b2").sample}
    assert not {*changed} < {*read(tmp_path, "b1").sample}


def test_a_damaged_index_of_an_earlier_build_is_no_hindrance(tmp_path):
    write_at(1, tmp_path, "b1", MANY)
    write_build(tmp_path, "b2", MANY)
    (tmp_path / "b1" / INDEX_NAME).write_text("{")
    assert len(read(tmp_path, "b2").sample) == 20


def test_a_large_file_is_left_out_where_there_is_a_smaller_one(tmp_path):
    large = dict.fromkeys(("video.mp4", "a.css"), bytes(5_000_001))
    write_build(tmp_path, "b1", {**large, "b.css": b"x"})
    assert {*read(tmp_path, sample=1).sample} == {"video.mp4", "b.css"}


def test_the_index_says_what_a_build_holds(tmp_path):
    write_build(tmp_path, "b1", {"a.css": b"a" * 2000, "b.js": b"b"})
    build = read(tmp_path)
    assert build.has_index
    assert {*build.sample} == {"a.css", "b.js"}
    # The compressed companion is in the index; nobody asks for it by its name.
    assert "a.css.gz" in build.index.files
    assert (build.others, build.total) == ((), 2)


def test_without_an_index_the_files_say_it(tmp_path):
    write_files(tmp_path / "b1", {"a.css": b"a", ".hidden/x": b"x", ".env": b"x"})
    build = read(tmp_path)
    assert (build.has_index, build.sample) == (False, ("a.css",))
    (file,) = build.index.files.values()
    assert (file.size, file.sha256[:8]) == (1, "ca978112")


def test_the_rest_is_there_when_everything_is_wanted(tmp_path):
    content = {f"{number}.css": b"a" for number in range(9)}
    write_build(tmp_path, "b1", content)
    build = read(tmp_path, sample=3, everything=True)
    assert len(build.sample) == 3
    assert {*build.sample, *build.others} == {*content}


def test_fails_when_the_build_cannot_be_read(tmp_path):
    with pytest.raises(ValueError, match="build b1 must be published on this machine"):
        read(tmp_path)
    (tmp_path / "b1").mkdir()
    with pytest.raises(ValueError, match="build b1 must hold files"):
        read(tmp_path)
    write_build(tmp_path, "b2")
    (tmp_path / "b2" / INDEX_NAME).write_text("{")
    with pytest.raises(ValueError, match="must be an index as publishing writes it"):
        read(tmp_path, "b2")
