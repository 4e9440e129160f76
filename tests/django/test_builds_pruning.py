"""Builds go from the disk: what goes, how, and what must not be touched."""

from __future__ import annotations

import os
import time

import pytest
from prune_support import (
    A_DAY,
    AGES,
    DAY,
    NO_TRASH,
    ONE,
    assert_whole,
    forget_times,
    go,
    in_trash,
    make_build,
    make_builds,
    set_age,
    set_last_used,
    tree,
    use,
    versions,
    would_go,
)

from dj_cloudfront.builds import filesystem, pruning
from dj_cloudfront.builds.in_use import last_used
from dj_cloudfront.builds.inventory import take_inventory
from dj_cloudfront.builds.retention import RetentionRules


@pytest.fixture
def root(built):
    return built


def test_builds_that_may_go_are_in_the_trash_whole(root):
    held = {version: tree(root / version) for version in AGES}
    outcome = go(root)
    assert outcome.pruned == ["b1", "b2", "b3"]
    assert outcome.failures == []
    assert versions(root) == ["b4", "b5"]
    assert in_trash(root) == ["b1", "b2", "b3"]
    for one in outcome.moved:
        assert tree(one.path) == held[one.version]
    assert_whole(root, "b4", "b5")


def test_a_preview_says_the_same_and_changes_nothing(root):
    (root / ".b6.publishing-0a1b2c3d").mkdir()
    before = {path: path.lstat().st_mtime for path in root.rglob("*")}
    would = would_go(root)
    after = {path: path.lstat().st_mtime for path in root.rglob("*")}
    assert set(after) == set(before)
    assert all(after[path] == time for path, time in before.items())
    did = go(root)
    assert would.decisions == did.decisions
    assert (
        would.incomplete_builds == did.incomplete_builds == [".b6.publishing-0a1b2c3d"]
    )


# -- what must not go


def test_the_current_build_stays_though_it_is_the_oldest(root):
    outcome = go(root, current="b1")
    assert "b1" in versions(root)
    assert outcome.pruned == ["b2", "b3", "b4"]


def test_a_build_stays_until_the_last_server_left_it_long_ago(root):
    use(root, "web1", "b1")
    use(root, "web2", "b1")
    forget_times(root)
    use(root, "web1", "b5", ago=40)
    assert "b1" not in go(root).pruned
    use(root, "web2", "b5", ago=20)
    assert "b1" not in go(root).pruned
    set_last_used(root, "b1", 31)
    # Of those that were in service, the last one is the previous.
    assert "b1" not in go(root).pruned
    make_builds(root, {"b6": 0})
    use(root, "web1", "b6")
    use(root, "web2", "b6")
    assert go(root, current="b6").pruned == ["b1", "b4"]


def test_the_mark_of_a_rollback_is_cleared_and_the_other_gets_one(root):
    use(root, "web1", "b2")
    forget_times(root)
    use(root, "web1", "b5", ago=40)
    use(root, "web1", "b2", ago=40)
    outcome = go(root, current="b2")
    states = {one.version: one.reason for one in outcome.decisions}
    assert states["b2"] == "current, used by web1"
    assert "previous" in states["b5"]
    assert {"b2", "b5"} <= set(versions(root))


def test_what_was_current_at_a_prune_counts_as_used_until_then(root):
    """Without any declaration: more was published than was put into service."""
    make_builds(root, {"b6": 49, "b7": 48})
    go(root, current="b4", rules=RetentionRules(keep=9))
    assert set(last_used(root)) == {"b4"}
    outcome = go(root, current="b7")
    states = {one.version: one.reason for one in outcome.decisions}
    assert states["b4"] == "previous"
    assert states["b6"] == "previous"
    assert "b4" in versions(root)


def test_what_is_known_of_a_build_goes_with_it(root):
    use(root, "web1", "b1")
    use(root, "web1", "b5")
    for version in ("b1", "b2", "b3", "b4"):
        set_last_used(root, version, 60 if version != "b4" else 40)
    go(root)
    assert set(last_used(root)) == {"b1", "b2", "b3", "b4", "b5"}
    go(root, trash_for=NO_TRASH)
    assert set(last_used(root)) == {"b4", "b5"}


def test_foreign_hidden_and_linked_folders_stay(root, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    set_age(make_build(elsewhere, "b0", age=900), 900)
    (root / "b0").symlink_to(elsewhere / "b0", target_is_directory=True)
    for name in (".old-b0", ".b0", "..b0", "with space", "a..b", "x" * 65):
        make_build(root, name, age=900)
    for name in ("css", "2019"):
        make_build(root, name, age=900, index=False)
    (root / "robots.txt").write_text("")
    before = tree(elsewhere), set(root.iterdir())
    go(root, trash_for=NO_TRASH)
    gone = before[1] - set(root.iterdir())
    assert {path.name for path in gone} == {"b1", "b2", "b3"}
    assert tree(elsewhere) == before[0]


@pytest.mark.parametrize(
    ("index", "state"),
    [
        ("damaged", "with a damaged index"),
        ("another's", "with the index of b5"),
        (None, "without index"),
        ("a link", "without index"),
    ],
)
def test_a_folder_without_a_sound_index_is_no_build(root, index, state):
    path, other = (root / version / ".cdn-index.json" for version in ("b1", "b5"))
    path.unlink()
    if index == "a link":
        path.symlink_to(other)
    elif index:
        path.write_bytes(b"{" if index == "damaged" else other.read_bytes())
        set_age(path, 400)
    set_age(root / "b1", 400)
    outcome = go(root)
    (found,) = (one for one in outcome.decisions if one.version == "b1")
    assert found.reason == state
    assert outcome.pruned == ["b2", "b3"]
    if index != "a link":
        rules = RetentionRules(keep=1, without_index=True)
        assert go(root, rules=rules).pruned == ["b1"]


@pytest.mark.parametrize(
    "what", [".cdn", ".cdn/trash", ".cdn/last-used", ".cdn/in-use"]
)
def test_fails_when_a_folder_of_its_own_is_a_link_elsewhere(root, tmp_path, what):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "b1-0a1b2c3d" / "b1").mkdir(parents=True)
    path = root / what
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(elsewhere, target_is_directory=True)
    for act in (go, would_go):
        with pytest.raises(ValueError, match="must be a folder of its own"):
            act(root, trash_for=NO_TRASH)
    assert versions(root) == list(AGES)
    assert (elsewhere / "b1-0a1b2c3d" / "b1").is_dir()


# -- doubts


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"current": "b9"},
            "current must be a build in .*, such as b3, b4, b5, got 'b9'",
        ),
        ({"current": ""}, "current must be a build in .* got ''"),
        ({"current": "../static/b5"}, "current must be a build in"),
        (
            {"rules": RetentionRules(keep=1, protected=frozenset({"b0"}))},
            "protect must be a build in .*, got 'b0': nothing is removed",
        ),
    ],
)
def test_fails_when_a_build_that_is_named_is_not_there(root, options, sentence):
    for act in (go, would_go):
        with pytest.raises(ValueError, match=sentence):
            act(root, **options)
    assert versions(root) == list(AGES)


def test_fails_when_a_declaration_cannot_be_read(root):
    use(root, "web1", "b2")
    (root / ".cdn" / "in-use" / "web1.json").write_text("")
    for act in (go, would_go):
        with pytest.raises(ValueError, match=r"web1\.json must say which build"):
            act(root)
    assert versions(root) == list(AGES)


# -- clocks


@pytest.mark.parametrize("years", [-40, 40])
def test_the_servers_own_clock_does_not_matter(root, monkeypatch, years):
    wrong = time.time() + years * 365 * DAY
    monkeypatch.setattr(time, "time", lambda: wrong)
    monkeypatch.setattr(time, "time_ns", lambda: int(wrong * 1e9))
    make_builds(root, {"b6": 10, "b7": 0})
    use(root, "web1", "b7")
    forget_times(root)
    outcome = go(root, current="b7", rules=RetentionRules(keep=2))
    assert outcome.pruned == ["b1", "b2", "b3", "b4"]
    assert go(root, current="b7", rules=RetentionRules(keep=2)).deleted == []
    assert len(in_trash(root)) == 4


def test_a_disk_that_cannot_be_written_can_still_be_looked_at(root, monkeypatch):
    use(root, "web1", "b5")
    forget_times(root)
    for number, version in enumerate(reversed(AGES)):
        set_age(root / version / ".cdn-index.json", 40 * number)

    def refuse(*_, **__):
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    inventory = take_inventory(root)
    assert inventory.now == (root / "b5" / ".cdn-index.json").stat().st_mtime
    assert pruning.preview(
        root, current="b5", rules=ONE, trash_for=A_DAY
    ).pruned == ["b1", "b2", "b3"]  # fmt: skip


# -- what cannot be done


def test_what_cannot_be_moved_is_told_and_the_rest_is_done(root, monkeypatch):
    rename = filesystem.rename

    def fail(source, target):
        if source.name == "b2":
            raise PermissionError(13, "Permission denied", str(source))
        rename(source, target)

    monkeypatch.setattr(filesystem, "rename", fail)
    outcome = go(root)
    (failure,) = outcome.failures
    assert f"use {root / 'b2'}, but it got 'Permission denied': " in failure
    assert versions(root) == ["b2", "b4", "b5"]
    assert in_trash(root) == ["b1", "b3"]
    monkeypatch.undo()
    go(root)
    assert versions(root) == ["b4", "b5"]


def test_a_build_that_disappears_meanwhile_is_gone(root, monkeypatch):
    decide = pruning.decide

    def then_remove(*arguments):
        decisions = decide(*arguments)
        filesystem.remove_tree(root / "b2")
        return decisions

    monkeypatch.setattr(pruning, "decide", then_remove)
    outcome = go(root)
    assert outcome.failures == []
    assert [one.version for one in outcome.moved] == ["b1", "b3"]
    assert versions(root) == ["b4", "b5"]
    assert [path.name for path in (root / ".cdn" / "trash").glob(".*")] == []
