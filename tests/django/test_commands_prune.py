"""``manage.py cdn prune``: what it says, what it does, and how it ends."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from django.core.management.base import CommandError
from prune_support import (
    assert_whole,
    cdn,
    cdn_json,
    in_trash,
    make_build,
    make_builds,
    set_age,
    site,
    tree,
    versions,
)

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.in_use import last_used, register_server
from dj_cloudfront.commands.console import in_bytes


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "my static"
    root.mkdir()
    make_builds(root)
    with site(root, "b5"):
        yield root


ALL = ["b1", "b2", "b3", "b4", "b5"]


def bytes_on_the_disk(root):
    files = [path.lstat() for path in root.glob("b*/**/*") if path.is_file()]
    return sum({one.st_ino: one.st_size for one in files}.values())


def test_what_it_would_free_is_what_it_frees(root):
    said, _ = cdn("prune", "--keep", "1")
    before = bytes_on_the_disk(root)
    cdn("prune", "--keep", "1", "--yes", "--trash", "0")
    freed = in_bytes(before - bytes_on_the_disk(root))
    assert f"would free, once it is deleted for good: {freed}\n" in said


def test_without_yes_it_only_says_what_it_would_do(root):
    before = tree(root)
    said, _ = cdn("prune", "--keep", "1")
    assert [line for line in said.splitlines() if "would free" not in line] == [
        "VERSION            WHY",
        "b5       stays     current, the newest",
        "b4       stays     previous",
        "b3       would go  superseded for 100 days",
        "b2       would go  superseded for 200 days",
        "b1       would go  superseded for 300 days",
        "nothing was changed: add --yes to do it",
    ]
    assert tree(root) == before


def test_it_says_how_to_bring_a_build_back_and_that_works(root):
    said, _ = cdn("prune", "--keep", "1", "--yes")
    assert "b3       goes   superseded for 100 days\n" in said
    assert "nothing was changed" not in said
    assert in_trash(root) == ["b1", "b2", "b3"]
    assert "deleted by the first prune after 1 day; until then" in said
    (line,) = (line for line in said.splitlines() if "/b2' " in line)
    assert shlex.split(line)[0] == "mv"
    subprocess.run(line, shell=True, check=True)
    assert versions(root) == ["b2", "b4", "b5"]
    assert_whole(root, "b2", "b4", "b5")
    cdn("prune", "--keep", "1", "--yes")
    assert versions(root) == ["b2", "b4", "b5"]


def test_the_way_back_does_not_overwrite_a_build_of_that_name(root):
    said, _ = cdn("prune", "--keep", "1", "--yes")
    make_build(root, "b2", files={"new": b"new"})
    (line,) = (line for line in said.splitlines() if "/b2' " in line)
    assert subprocess.run(line, shell=True, capture_output=True).returncode
    assert (root / "b2" / "new").read_bytes() == b"new"
    assert in_trash(root) == ["b1", "b2", "b3"]


def test_the_defaults_keep_five_builds_and_thirty_days(root):
    assert cdn_json("prune", "--yes")["moved"] == []
    make_builds(root, {"b6": 40, "b7": 29, "b8": 5})
    moved = cdn_json("prune", "--yes", "--current", "b8")["moved"]
    assert [one["version"] for one in moved] == ["b1", "b2", "b3"]
    moved = cdn_json("prune", "--yes", "--current", "b8", "--keep", "1")["moved"]
    # b5 was in service at the first of these, and b6 was superseded 29 days ago.
    assert [one["version"] for one in moved] == ["b4"]


def test_zero_days_are_no_days(root):
    cdn("prune", "--keep", "1", "--superseded", "0", "--trash", "0", "--yes")
    assert versions(root) == ["b4", "b5"]
    assert in_trash(root) == []


def test_a_build_can_be_protected(root):
    options = ("--keep", "1", "--protect", "b1", "--protect", "b3", "--yes")
    cdn("prune", *options)
    assert versions(root) == ["b1", "b3", "b4", "b5"]


def test_what_was_in_the_trash_or_left_over_is_told_when_it_is_deleted(root):
    cdn("prune", "--keep", "1", "--yes")
    for one in (root / ".cdn" / "trash").iterdir():
        set_age(one, 2)
    make_build(root, ".b6.publishing-0a1b2c3d", index=False)
    left = "deleted, as it was never finished: .b6.publishing-0a1b2c3d\n"
    would, did = cdn("prune")[0], cdn("prune", "--yes")[0]
    assert "would be deleted for good: b1\n" in would and f"would be {left}" in would
    assert "deleted for good: b1\n" in did and left in did
    assert in_trash(root) == []
    assert not list(root.glob(".b6*"))


def test_a_script_reads_the_same(root):
    would = cdn_json("prune", "--keep", "1")
    did = cdn_json("prune", "--keep", "1", "--yes")
    assert (would.pop("done"), did.pop("done")) == (False, True)
    assert did["root"] == str(root)
    assert [one["version"] for one in did["builds"]] == list(reversed(ALL))
    assert did["builds"][2]["verdict"] == "prune"
    assert did["builds"][2]["reasons"] == ["superseded for 100 days"]
    assert [one["version"] for one in did["moved"]] == ["b1", "b2", "b3"]
    assert did["failures"] == did["deleted"] == did["incomplete_builds"] == []
    assert would["builds"] == did["builds"]


def test_it_says_when_no_server_has_declared_anything(root):
    assert "run 'manage.py cdn use' in each release" in cdn("prune")[1]
    register_server(root, "b5", server="web1")
    assert cdn("prune")[1] == ""


def test_a_server_that_declares_what_is_not_there_is_pointed_out(root):
    register_server(root, "b1", server="web1")
    (root / "b1").rename(root.parent / "b1")
    complaints = cdn("prune", "--yes")[1]
    assert "web1 declares b1, which is not here" in complaints
    assert "b1" not in last_used(root)


# -- how it ends


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--keep", "0"], "keep must be 1 or more, such as 5, got 0"),
        (["--superseded", "a"], "argument --superseded: must be a number of days"),
        (["--trash", "-1"], "argument --trash: must be a number of days"),
        (["--protect", "b9"], "protect must be a build in .*, got 'b9'"),
        (["--current", "b9"], "current must be a build in .*, got 'b9'"),
    ],
)
@pytest.mark.parametrize("yes", [[], ["--yes"]])
def test_fails_with_a_sentence_and_removes_nothing(root, arguments, sentence, yes):
    with pytest.raises(CommandError, match=sentence):
        cdn("prune", *arguments, *yes)
    assert versions(root) == ALL


@pytest.mark.parametrize("version", [None, "b5"])
@pytest.mark.parametrize("yes", [[], ["--yes"]])
def test_local_urls_do_not_say_which_build_is_in_service(root, version, yes):
    with site(root, version, local=True):
        with pytest.raises(CommandError, match="current must be given, such as"):
            cdn("prune", "--keep", "1", *yes)
        assert versions(root) == ALL
        cdn("prune", "--keep", "1", "--current", "b5", *yes)


def test_fails_after_all_the_rest_when_something_could_not_be_done(root, monkeypatch):
    rename = filesystem.rename

    def fail(source, target):
        if source.name == "b2":
            raise PermissionError(13, "Permission denied", str(source))
        rename(source, target)

    monkeypatch.setattr(filesystem, "rename", fail)
    with pytest.raises(CommandError, match="not everything was done: .*/b2, but it"):
        cdn("prune", "--keep", "1", "--yes")
    assert versions(root) == ["b2", "b4", "b5"]
