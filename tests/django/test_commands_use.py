"""``manage.py cdn use``: which server serves which build."""

from __future__ import annotations

import socket

import pytest
from django.core.management.base import CommandError
from prune_support import cdn, cdn_json, make_builds, site

from dj_cloudfront.builds.in_use import registered_servers


@pytest.fixture
def root(tmp_path):
    make_builds(tmp_path, {"b1": 90, "b2": 60, "b3": 30})
    with site(tmp_path, "b2"):
        yield tmp_path


def in_use(root):
    return {one.server: one.version for one in registered_servers(root)}


def test_this_server_serves_the_build_of_the_settings(root):
    host = socket.gethostname().lower()
    assert cdn("use") == (f"{host} serves b2\n", "")
    assert in_use(root) == {host: "b2"}


def test_a_build_and_a_server_can_be_named(root):
    cdn("use", "b3", "--server", "Web-1")
    assert in_use(root) == {"web-1": "b3"}


def test_it_says_what_was_before(root):
    said = [
        cdn("use", version, "--server", "web1")[0] for version in ("b1", "b2", "b2")
    ]
    assert said == [
        "web1 serves b1\n",
        "web1 serves b2, and no longer b1\n",
        "web1 serves b2, as before\n",
    ]


def test_a_script_reads_the_same(root):
    cdn("use", "b1", "--server", "web1")
    assert cdn_json("use", "--server", "web1") == {
        "server": "web1",
        "version": "b2",
        "before": "b1",
    }
    assert cdn_json("use", "--forget", "web1") == {
        "server": "web1",
        "version": None,
        "before": "b2",
    }


def test_a_server_that_is_gone_is_forgotten(root):
    cdn("use", "--server", "web1")
    assert cdn("use", "--forget", "WEB1") == ("web1 is forgotten; it served b2\n", "")
    assert in_use(root) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["b9"], "VERSION must be a build in .*, such as b3, b2, b1, got 'b9'"),
        (["../b1"], "VERSION must be a build in .* got '../b1'"),
        (["--server", "../web"], "server must be 1 to 128 letters"),
        (["--server", ""], "server must be 1 to 128 letters"),
        (["--forget", "web9"], "must be one that has declared a build: there is none"),
        (["--forget", "../web"], "server must be 1 to 128 letters"),
        (["b1", "--forget", "web1"], "forget must be given alone"),
        (["--server", "web1", "--forget", "web1"], "forget must be given alone"),
    ],
)
def test_fails_with_a_sentence(root, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        cdn("use", *arguments)
    assert in_use(root) == {}


@pytest.mark.parametrize("version", [None, "b2"])
def test_local_urls_name_no_build(root, version):
    with site(root, version, local=True):
        with pytest.raises(CommandError, match="VERSION must be given, such as"):
            cdn("use")
        cdn("use", "b1", "--server", "web1")
    assert in_use(root) == {"web1": "b1"}


def test_fails_when_the_builds_are_nowhere(tmp_path):
    sentence = "static_root must be the folder"
    with site(tmp_path / "none", "b1"), pytest.raises(CommandError, match=sentence):
        cdn("use")
    assert not (tmp_path / "none").exists()


def test_fails_when_there_is_no_name_for_this_host(root, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "my host")
    with pytest.raises(CommandError, match="got 'my host': give --server"):
        cdn("use")
