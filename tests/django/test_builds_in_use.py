"""Which server serves which build, and when a build went out of service."""

from __future__ import annotations

import errno
import json
import os
import time

import pytest
from prune_support import (
    DAY,
    disk_time,
    make_builds,
    set_age,
)

from dj_cloudfront.builds.in_use import (
    last_used,
    register_server,
    registered_servers,
    unregister_server,
)


@pytest.fixture
def root(tmp_path):
    make_builds(tmp_path, {"b1": 90, "b2": 60, "b3": 30})
    return tmp_path


def in_use(root):
    return {one.server: one.version for one in registered_servers(root)}


def folder(root, name):
    return root / ".cdn" / name


def started(root):
    """After the first declaration, and with what that took for used out of the way."""
    register_server(root, "b1", server="first")
    unregister_server(root, "first")
    for path in folder(root, "last-used").iterdir():
        path.unlink()


def test_a_server_declares_its_build(root):
    assert register_server(root, "b2", server="web1") is None
    assert in_use(root) == {"web1": "b2"}
    file = folder(root, "in-use") / "web1.json"
    assert json.loads(file.read_text()) == {"server": "web1", "version": "b2"}


def test_another_declaration_takes_its_place_and_dates_what_it_left(root):
    started(root)
    register_server(root, "b2", server="web1")
    assert last_used(root) == {}
    earliest = disk_time(root)
    assert register_server(root, "b3", server="web1") == "b2"
    assert in_use(root) == {"web1": "b3"}
    assert list(last_used(root)) == ["b2"]
    assert earliest <= last_used(root)["b2"] <= disk_time(root)


def test_declaring_the_same_again_changes_nothing(root):
    started(root)
    register_server(root, "b2", server="web1")
    (since,) = (one.since for one in registered_servers(root))
    set_age(folder(root, "in-use") / "web1.json", 5)
    assert register_server(root, "b2", server="web1") == "b2"
    assert registered_servers(root)[0].since < since - 4 * DAY
    assert last_used(root) == {}


def test_the_first_declaration_of_all_takes_every_build_for_used_until_now(root):
    """Any of them may have been in service a minute ago; nobody has said."""
    register_server(root, "b3", server="web1")
    assert set(last_used(root)) == {"b1", "b2", "b3"}


def test_times_are_the_disks_whatever_the_server_takes_for_now(root, monkeypatch):
    started(root)
    for years in (-30, 30):
        wrong = time.time() + years * 365 * DAY
        monkeypatch.setattr(time, "time", lambda wrong=wrong: wrong)
        monkeypatch.setattr(time, "time_ns", lambda wrong=wrong: int(wrong * 1e9))
        register_server(root, "b2", server="web1")
        register_server(root, "b3", server="web1")
        now = disk_time(root)
        assert now - 60 < last_used(root)["b2"] <= now
        assert now - 60 < registered_servers(root)[0].since <= now


# -- gone for good


def test_a_server_that_is_gone_is_forgotten_and_its_build_dated(root):
    started(root)
    register_server(root, "b2", server="web1")
    register_server(root, "b3", server="web2")
    assert unregister_server(root, "web1") == "b2"
    assert in_use(root) == {"web2": "b3"}
    assert list(last_used(root)) == ["b2"]


def test_fails_when_the_server_to_forget_has_declared_nothing(root):
    register_server(root, "b2", server="web1")
    sentence = "must be one that has declared a build: web1, got 'web2'"
    with pytest.raises(ValueError, match=sentence):
        unregister_server(root, "web2")
    unregister_server(root, "web1")
    with pytest.raises(ValueError, match="there is none, got 'web1'"):
        unregister_server(root, "web1")


# -- names


@pytest.mark.parametrize(
    "name",
    ["Web1", "ip-10-0-0-7.eu-west-1.compute.internal", "a", "0_0", "x" * 128],
)
def test_a_name_of_a_host_is_a_name_and_knows_no_case(root, name):
    register_server(root, "b1", server=name)
    assert in_use(root) == {name.lower(): "b1"}


HOSTILE = [
    *("", ".", "..", "../web1", "/etc/passwd", "web/1", "web\\1", ".hidden", "-rf"),
    *("a..b", "web 1", "web1\n", "web\0", "wéb", "x" * 129, "*"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_fails_when_a_name_is_hostile(root, name):
    before = sorted(root.rglob("*"))
    for act in (
        lambda: register_server(root, "b1", server=name),
        lambda: unregister_server(root, name),
    ):
        with pytest.raises(ValueError, match="server must be 1 to 128 letters"):
            act()
    assert sorted(root.rglob("*")) == before


# -- builds


@pytest.mark.parametrize("version", ["b9", "../b1", ".cdn", "", "b1/css", "link"])
def test_fails_when_there_is_no_such_build(root, version):
    (root / "link").symlink_to("b1")
    with pytest.raises(
        ValueError, match=r"such as b3, b2, b1, got .* publish it first"
    ):
        register_server(root, version, server="web1")
    assert registered_servers(root) == []


# -- what should not be there


DAMAGED = [
    "",
    "{",
    "[]",
    '{"server": "web1"}',
    '{"version": "../b1"}',
    '{"version": 3}',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_fails_when_a_declaration_is_damaged(root, text):
    register_server(root, "b1", server="web1")
    (folder(root, "in-use") / "web1.json").write_text(text)
    with pytest.raises(
        ValueError, match=r"web1\.json must say which build .* --forget"
    ):
        registered_servers(root)


@pytest.mark.parametrize("mend", ["declare", "forget"])
def test_a_damaged_declaration_can_be_mended_and_dates_every_build(root, mend):
    """Whatever it said was in service until now."""
    started(root)
    register_server(root, "b1", server="web1")
    (folder(root, "in-use") / "web1.json").write_text("")
    if mend == "declare":
        assert register_server(root, "b2", server="web1") is None
        assert in_use(root) == {"web1": "b2"}
    else:
        assert unregister_server(root, "web1") is None
        assert in_use(root) == {}
    assert set(last_used(root)) == {"b1", "b2", "b3"}


@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "pipe"])
def test_what_is_no_file_is_no_declaration_and_is_not_followed(root, tmp_path, kind):
    register_server(root, "b1", server="web1")
    path = folder(root, "in-use") / "web2.json"
    if kind == "link":
        path.symlink_to("web1.json")
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(ValueError, match="it is no file of its own"):
        registered_servers(root)


def test_fails_when_declarations_cannot_be_read(root, monkeypatch):
    """They must not be taken for none."""
    register_server(root, "b1", server="web1")

    def refuse(folder):
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(os, "listdir", refuse)
    for read in (registered_servers, last_used):
        with pytest.raises(PermissionError):
            read(root)
