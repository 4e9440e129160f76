"""How much of the disk each build has, and how much of it is its own."""

from __future__ import annotations

import os

import pytest
from prune_support import (
    FILES,
    make_build,
)

from dj_cloudfront.builds.inventory import take_inventory, usage


@pytest.fixture
def root(built):
    return built


CONTENT = sum(len(data) for data in FILES.values()) + 2


def index_of(root, version):
    return (root / version / ".cdn-index.json").stat().st_size


def test_a_builds_own_bytes_are_what_no_other_build_has(root):
    for version, found in usage(take_inventory(root)).items():
        index = index_of(root, version)
        assert found.files == 4
        assert found.size == CONTENT + index
        assert found.own == len(version) + index


def test_copies_are_a_builds_own_though_the_content_is_the_same(root):
    make_build(root, "copy", age=10)
    found = usage(take_inventory(root))
    assert found["copy"].own == found["copy"].size
    assert found["b5"].own == len("b5") + index_of(root, "b5")


def test_two_names_within_one_build_are_one_file(root):
    files = {"one": b"y" * 700, "two": b"y" * 700}
    make_build(root, "twice", age=10, files=files)
    os.unlink(root / "twice" / "two")
    os.link(root / "twice" / "one", root / "twice" / "two")
    index = index_of(root, "twice")
    found = usage(take_inventory(root))["twice"]
    assert (found.files, found.size, found.own) == (2, 1400 + index, 700 + index)
    os.unlink(root / "twice" / ".cdn-index.json")
    found = usage(take_inventory(root))["twice"]
    assert (found.files, found.size, found.own) == (2, 1400, 700)


def test_without_an_index_the_files_are_looked_at(root):
    make_build(root, "plain", age=10, like="b5", index=False)
    (root / "plain" / "link").symlink_to(root / "b1")
    (root / "plain" / "loop").symlink_to(root / "plain", target_is_directory=True)
    found = usage(take_inventory(root))["plain"]
    assert (found.files, found.own) == (4, len("plain"))
    assert found.size == CONTENT + 3
