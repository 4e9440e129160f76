"""The index of a build, and the folders that have one."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from builds_support import FILES, publish_files, write_files

from dj_cloudfront.builds.index import (
    INDEX_NAME,
    File,
    Index,
    read_index,
)
from dj_cloudfront.builds.layout import incomplete_builds, published


def described(data):
    return File(size=len(data), sha256=hashlib.sha256(data).hexdigest())


def index_of(version, files):
    return Index(version=version, files={n: described(d) for n, d in files.items()})


def write_index(build, data):
    write_files(build, {INDEX_NAME: data})
    return build


def test_an_index_says_what_the_build_holds_by_name_size_and_hash(tmp_path):
    publish_files(tmp_path / "static", "b1", FILES)
    index = read_index(tmp_path / "static" / "b1")
    assert index == index_of("b1", FILES)


def test_an_index_is_plain_json_that_others_can_read(tmp_path):
    publish_files(tmp_path / "static", "b1", {"é.css": b"p {}"})
    content = json.loads((tmp_path / "static/b1" / INDEX_NAME).read_text("utf-8"))
    assert content == {
        "format": 1,
        "version": "b1",
        "files": {
            "é.css": {"size": 4, "sha256": hashlib.sha256(b"p {}").hexdigest()},
        },
    }


def test_a_folder_without_an_index_has_none(tmp_path):
    write_files(tmp_path / "b1", FILES)
    assert read_index(tmp_path / "b1") is None
    assert read_index(tmp_path / "nowhere") is None
    assert read_index(tmp_path / "b1" / "robots.txt") is None


GOOD = {"format": 1, "version": "b1", "files": {"a": {"size": 1, "sha256": "0" * 64}}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"1",
        b"[" * 100_000,
        json.dumps({**GOOD, "format": 2}).encode(),
        json.dumps({**GOOD, "version": 1}).encode(),
        json.dumps({**GOOD, "files": ["a"]}).encode(),
        json.dumps({**GOOD, "files": {"a": {"size": 1}}}).encode(),
        json.dumps({**GOOD, "files": {"a": {"size": "x", "sha256": ""}}}).encode(),
        json.dumps({**GOOD, "hashed_folders": {"css": "../x"}}).encode(),
        json.dumps({"format": 1}).encode(),
    ],
)
def test_fails_when_an_index_is_damaged(tmp_path, data):
    build = write_index(tmp_path / "b1", data)
    with pytest.raises(ValueError) as caught:
        read_index(build)
    sentence = str(caught.value)
    assert sentence.startswith(f"{build}/{INDEX_NAME} must be an index as publishing")
    assert sentence.endswith("): publish the build again under a new name")
    assert "\n" not in sentence


# Folders


def test_published_are_the_visible_folders_that_can_be_builds(tmp_path):
    for name in ("b1", "2026-11-23.1", "a" * 64):
        (tmp_path / name).mkdir()
    for name in (".cdn", ".b2.publishing-00", "a" * 65, "b 3", "-b4", "b..5"):
        (tmp_path / name).mkdir()
    (tmp_path / "b6").write_bytes(b"")
    (tmp_path / "current").symlink_to(tmp_path / "b1")
    assert sorted(published(tmp_path)) == ["2026-11-23.1", "a" * 64, "b1"]
    assert published(tmp_path / "nowhere") == []


def test_published_are_oldest_first_by_the_time_of_the_index(tmp_path):
    for version, indexed, folder in (("b1", 30, 1), ("b2", 10, 2), ("b3", 20, 3)):
        path = write_index(tmp_path / version, b"{}")
        os.utime(path / INDEX_NAME, (indexed, indexed))
        os.utime(path, (folder, folder))
    (tmp_path / "plain").mkdir()
    os.utime(tmp_path / "plain", (15, 15))
    assert published(tmp_path) == ["b2", "plain", "b3", "b1"]


def test_being_written_are_the_hidden_folders_of_publishers(tmp_path):
    for name in (".b1.publishing-00ff", ".a.publishing-b.publishing-1"):
        (tmp_path / name).mkdir()
    for name in ("b1.publishing-00ff", ".b1.publishing", ".b1.publishing-xyz", ".cdn"):
        (tmp_path / name).mkdir()
    assert [path.name for path in incomplete_builds(tmp_path)] == [
        ".a.publishing-b.publishing-1",
        ".b1.publishing-00ff",
    ]
