"""``manage.py cdn list``: what there is, newest first."""

from __future__ import annotations

import errno
import io
import os
import re
import time
from datetime import datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from prune_support import (
    FILES,
    cdn,
    cdn_json,
    forget_times,
    make_build,
    make_builds,
    set_last_used,
    site,
    use,
)

from dj_cloudfront.builds.in_use import register_server
from dj_cloudfront.management.commands.cdn import Command

SIZE = sum(len(data) for data in FILES.values()) + 2


@pytest.fixture
def root(tmp_path):
    make_builds(tmp_path)
    with site(tmp_path, "b5"):
        yield tmp_path


def rows(*options):
    """Version and state of each line of the table."""
    head, *lines = cdn("list", *options)[0].splitlines()
    start = head.index("STATE")
    return {line.split()[0]: line[start:] for line in lines}


def test_the_newest_build_is_on_top(root):
    said, complaints = cdn("list")
    head, line, *lines = said.splitlines()
    assert head.split() == ["VERSION", "PUBLISHED", "FILES", "SIZE", "OWN", "STATE"]
    assert [line.split()[0] for line in lines] == ["b4", "b3", "b2", "b1"]
    assert complaints == ""
    published = (root / "b5" / ".cdn-index.json").stat().st_mtime
    when = datetime.fromtimestamp(published).strftime("%Y-%m-%d %H:%M")
    assert line.split("  ")[0] == "b5"
    assert when in line
    assert re.search(r" 4 +5\.5 kB +\d+ B  current, one of the 5 newest$", line)


def test_the_state_says_all_that_keeps_a_build(root):
    use(root, "web1", "b2")
    forget_times(root)
    use(root, "web1", "b3", ago=40)
    use(root, "web2", "b3")
    states = rows("--keep", "1", "--protect", "b1")
    assert states["b5"] == "current, the newest"
    assert states["b4"].startswith("previous, superseded since ")
    assert states["b3"] == "used by web1, web2"
    assert states["b2"].startswith("previous, superseded since ")
    assert states["b1"].startswith("protected, superseded since ")


def test_the_state_says_what_may_be_pruned_and_what_not_yet(root):
    states = rows("--keep", "1")
    assert states["b1"] == "may be pruned, superseded for 300 days"
    set_last_used_of(root, "b1", 3)
    set_last_used_of(root, "b2", 2)
    states = rows("--keep", "1")
    assert states["b1"] == "superseded for 3 days, not yet 30 days"


def set_last_used_of(root, version, days):
    path = root / ".cdn" / "last-used" / version
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    set_last_used(root, version, days)


def test_a_folder_without_an_index_is_shown_as_such(root):
    make_build(root, "plain", age=900, index=False)
    assert cdn_json("list")["builds"][-1] == {
        "version": "plain",
        "published": cdn_json("list")["builds"][-1]["published"],
        "files": 4,
        "size": SIZE + 3,
        "own": SIZE + 3,
        "kept": 0,
        "hashed_folders": {},
        "state": ["without index"],
        "superseded": None,
        "may_be_pruned": False,
    }
    found = cdn_json("list", "--without-index", "--keep", "1")["builds"][-1]
    assert found["may_be_pruned"]


def test_a_script_reads_all_of_it(root):
    register_server(root, "b4", server="web1")
    make_build(root, ".b6.publishing-0a1b2c3d", index=False)
    assert "being published, or left over: .b6.publishing-0a1b2c3d" in cdn("list")[0]
    found = cdn_json("list")
    assert found["root"] == str(root)
    assert [one["version"] for one in found["builds"]] == ["b5", "b4", "b3", "b2", "b1"]
    assert found["servers"] == {"web1": "b4"}
    assert found["incomplete_builds"] == [".b6.publishing-0a1b2c3d"]
    assert found["trash"] == []
    newest = found["builds"][0]
    index = (root / "b5" / ".cdn-index.json").stat().st_size
    assert newest["files"] == 4
    assert newest["size"] == SIZE + index
    assert newest["own"] == 2 + index
    published = datetime.fromisoformat(newest["published"])
    assert published.tzinfo is not None
    assert abs(published.timestamp() - time.time() + 50 * 86400) < 60


def test_the_trash_is_shown_with_the_way_back(root):
    cdn("prune", "--yes", "--keep", "1")
    lines = cdn("list")[0].splitlines()
    (path,) = (root / ".cdn" / "trash").glob("b1-*/b1")
    at = lines.index(f"  mv {path} {root}/")
    assert lines[at - 1].endswith("b1; back by:")
    assert {one["version"] for one in cdn_json("list")["trash"]} == {"b1", "b2", "b3"}


def test_the_current_build_is_on_top_and_folders_without_an_index_below(root):
    make_build(root, "plain", age=1, index=False)
    with site(root, "b3"):
        assert [*rows()] == ["b3", "b5", "b4", "b2", "b1", "plain"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_at_a_terminal_lines_fit(root, monkeypatch):
    use(root, "web1.eu-central-1.example.com", "b1", ago=400)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, 24)))
    for command in ("list", "prune"):
        out = Terminal()
        call_command(Command(), command, "--keep", "1", stdout=out, stderr=Terminal())
        said = re.sub(r"\x1b\[[\d;]*m", "", out.getvalue())
        assert "web1.eu-central-1.example.com" in said
        assert max(map(len, said.splitlines())) <= 80


def test_a_server_that_declares_what_is_not_there_is_pointed_out(root):
    register_server(root, "b1", server="web1")
    (root / "b1").rename(root.parent / "b1")
    complaints = cdn("list")[1]
    assert "web1 declares b1, which is not here" in complaints
    assert "cdn use --forget web1" in complaints
    (root.parent / "b1").rename(root / "b1")
    assert cdn("list")[1] == ""


@pytest.mark.parametrize(
    ("version", "local", "complaint"),
    [
        ("b9", False, "b9, which is not published"),
        ("b5", True, "none"),
        (None, True, "none"),
    ],
)
def test_without_a_current_build_it_still_shows_them(root, version, local, complaint):
    with site(root, version, local=local):
        said, complaints = cdn("list")
        assert len(said.splitlines()) == 6
        assert f"the settings name {complaint}" in complaints
        assert "current" not in said
        assert "b5  " in cdn("list", "--current", "b5")[0]
        assert cdn("list", "--current", "b5")[1] == ""


def test_nothing_is_shown_of_an_empty_root(tmp_path):
    with site(tmp_path, "b1"):
        assert cdn("list")[0] == f"no builds in {tmp_path}\n"
        assert cdn_json("list")["builds"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--keep", "0"], "keep must be 1 or more"),
        (["--superseded", "-1"], "argument --superseded: must be a number of days"),
        (["--superseded", "nan"], "such as 30 or 0.5, got 'nan'"),
        (["--superseded", "1e99"], "such as 30 or 0.5, got '1e99'"),
        (["--protect", "b9"], "protect must be a build in .*, got 'b9'"),
        (["--protect", "../b1"], r"protect must be 1 to 64 .* got '\.\./b1'"),
        (["--current", "b9"], "current must be a build in .*, got 'b9'"),
    ],
)
def test_fails_with_a_sentence(root, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        cdn("list", *arguments)


def test_fails_when_the_builds_are_nowhere(tmp_path):
    sentence = "static_root must be the folder"
    with site(tmp_path / "none", "b1"), pytest.raises(CommandError, match=sentence):
        cdn("list")


def test_what_the_disk_denies_is_told_in_a_sentence(root, monkeypatch):
    listed = os.listdir

    def refuse(folder):
        if str(folder).endswith("in-use"):
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    sentence = f"listing builds must be able to use {root}/.cdn/in-use, but it got"
    with pytest.raises(CommandError, match=sentence):
        cdn("list")
