"""The Caddy of the local environment: it keeps to itself."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from origin_support import MEDIA
from servers_support import caddy, site_of

from dj_cloudfront.server_config.caddy import render
from local.origin.caddy import command, machine, validate


def test_caddy_is_told_to_keep_to_its_own(tmp_path):
    site = render(site_of(tmp_path, listen="127.0.0.1:8080"))
    config = tmp_path / "Caddyfile"
    config.write_text(f"{machine(Path('/var/mysite/caddy'))}\n{site}")
    result = subprocess.run(command("adapt", config), capture_output=True, check=True)
    told = json.loads(result.stdout)
    assert told["admin"] == {"disabled": True, "config": {"persist": False}}
    assert told["storage"] == {"module": "file_system", "root": "/var/mysite/caddy"}
    (server,) = told["apps"]["http"]["servers"].values()
    assert server["listen"] == ["127.0.0.1:8080"]
    assert server["automatic_https"] == {"disable": True}
    assert server["protocols"] == ["h1"]


def test_fails_when_caddy_does_not_accept_the_text(tmp_path):
    config = tmp_path / "Caddyfile"
    text = render(site_of(tmp_path)).replace("file_server", "file_sever")
    config.write_text(text)
    with pytest.raises(ValueError, match="unrecognized directive: file_sever"):
        validate(config, tmp_path / "storage")


@pytest.mark.parametrize("path", ["/a/{env.HOME}", '/a"b', "/a\nb", "relative"])
def test_fails_when_the_folder_means_more_to_caddy(path):
    sentence = re.escape(f"got {path!r}")
    with pytest.raises(
        ValueError, match=f"^--state must be an absolute path.*{sentence}$"
    ):
        machine(Path(path))


def test_a_checkout_may_have_any_usual_name(tmp_path):
    folder = tmp_path / ".local (copy) & so on"
    folder.mkdir()
    with caddy(folder, access_log=str(folder / "access.log")) as origin:
        assert origin.send("/media/u.png").body == MEDIA
        assert (folder / "access.log").read_text()


def test_caddy_listens_to_this_machine_only(tmp_path):
    with caddy(tmp_path) as origin, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", origin.port), timeout=1).close()


def test_caddy_writes_nothing_outside_of_its_folder(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    folder = tmp_path / "origin"
    folder.mkdir()
    with caddy(folder):
        pass
    assert os.listdir(home) == []
    assert sorted(os.listdir(folder)) == ["Caddyfile", "server.log", "site", "storage"]
