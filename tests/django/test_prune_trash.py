"""The trash: how builds get there, when they are deleted, how they come back."""

from __future__ import annotations

import os

import pytest
from prune_support import (
    AGES,
    DAY,
    NO_TRASH,
    assert_whole,
    disk_time,
    go,
    in_trash,
    make_build,
    make_builds,
    set_age,
    set_last_used,
    tree,
    versions,
    would_go,
)

from dj_cloudfront.builds.in_use import last_used
from dj_cloudfront.builds.inventory import take_inventory
from dj_cloudfront.builds.retention import RetentionRules


@pytest.fixture
def root(built):
    return built


# -- the trash


def test_the_trash_is_deleted_only_after_its_time(root):
    go(root)
    (one, *_) = (root / ".cdn" / "trash").iterdir()
    set_age(one, 0.9)
    assert go(root).deleted == []
    set_age(one, 1.1)
    (version,) = go(root).deleted
    assert version not in in_trash(root)
    assert len(in_trash(root)) == 2
    assert_whole(root, "b4", "b5")


def test_the_time_in_the_trash_is_not_the_age_of_the_build(root):
    """The builds are old, their way into the trash is not."""
    go(root)
    assert go(root).deleted == []
    assert len(in_trash(root)) == 3


def test_with_no_time_in_the_trash_builds_are_deleted_at_once(root):
    outcome = go(root, trash_for=NO_TRASH)
    assert outcome.deleted == ["b1", "b2", "b3"]
    assert outcome.moved == []
    assert versions(root) == ["b4", "b5"]
    assert list((root / ".cdn" / "trash").iterdir()) == []
    assert_whole(root, "b4", "b5")


def test_a_build_is_brought_back_by_moving_it(root):
    held = tree(root / "b2")
    (one,) = (one for one in go(root).moved if one.version == "b2")
    os.rename(one.path, root / "b2")
    assert tree(root / "b2") == held
    assert versions(root) == ["b2", "b4", "b5"]


def test_a_build_that_was_brought_back_counts_as_used_until_then(root):
    (one,) = (one for one in go(root).moved if one.version == "b2")
    os.rename(one.path, root / "b2")
    assert would_go(root).pruned == []
    assert go(root).pruned == []
    assert not one.folder.exists()
    assert go(root).pruned == []
    assert last_used(root)["b2"] > disk_time(root) - DAY
    set_last_used(root, "b2", 31)
    set_last_used(root, "b5", 0)
    set_last_used(root, "b4", 1) if "b4" in last_used(root) else None
    make_builds(root, {"b6": 0})
    assert "b2" in go(root, current="b6").pruned


def test_what_else_is_in_the_trash_stays(root):
    trash = root / ".cdn" / "trash"
    trash.mkdir(parents=True)
    for name in ("b1", "notes", "b1-xyz", ".moving-..-0a1b2c3d", "-0a1b2c3d"):
        (trash / name).mkdir()
    (trash / "b2-0a1b2c3d").write_text("no folder")
    (trash / "b3-0a1b2c3d").symlink_to(root / "b5")
    before = tree(trash), sorted(trash.iterdir())
    go(root, rules=RetentionRules(keep=9), trash_for=NO_TRASH)
    assert (tree(trash), sorted(trash.iterdir())) == before


# -- interrupted


def test_a_build_on_its_way_into_the_trash_gets_there(root):
    moving = root / ".cdn" / "trash" / ".moving-b1-0a1b2c3d"
    moving.mkdir(parents=True)
    os.rename(root / "b1", moving / "b1")
    assert [one.version for one in take_inventory(root).trash] == ["b1"]
    go(root, rules=RetentionRules(keep=9))
    assert in_trash(root) == ["b1"]
    assert not moving.exists()


def test_what_was_being_deleted_is_deleted_and_cannot_be_brought_back(root):
    deleting = root / ".cdn" / "trash" / ".deleting-b1-0a1b2c3d"
    deleting.mkdir(parents=True)
    os.rename(root / "b1", deleting / "b1")
    os.unlink(deleting / "b1" / "img" / "big.png")
    assert take_inventory(root).trash == []
    go(root, rules=RetentionRules(keep=9))
    assert not deleting.exists()
    assert_whole(root, "b2", "b3", "b4", "b5")


def test_what_publishing_left_over_is_removed(root):
    left = make_build(root, ".b6.publishing-0a1b2c3d", like="b5", index=False)
    assert go(root, rules=RetentionRules(keep=9)).incomplete_builds == [left.name]
    assert not left.exists()
    assert_whole(root, *AGES)
