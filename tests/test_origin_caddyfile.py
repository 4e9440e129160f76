"""The text of the Caddyfile, and what Caddy makes of it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from origin_support import MEDIA, caddy

from local.origin.caddy import command, validate
from local.origin.caddyfile import caddyfile

GIVEN: dict[str, Any] = {
    "listen": "127.0.0.1:8080",
    "static_root": Path("/var/mysite/static"),
    "media_root": Path("/var/mysite/media"),
    "upstream": "127.0.0.1:8000",
    "storage": Path("/var/mysite/caddy"),
}


@pytest.mark.parametrize("upstream", ["127.0.0.1:8000", "unix//var/mysite/app.sock"])
@pytest.mark.parametrize("log", [None, Path("/var/mysite/access.log")])
def test_caddy_accepts_the_text(tmp_path, upstream, log):
    storage = tmp_path / "storage"
    config = tmp_path / "Caddyfile"
    given = {**GIVEN, "storage": storage, "upstream": upstream}
    config.write_text(caddyfile(**given, log=log and tmp_path / log.name))
    validate(config, storage)


def test_caddy_is_told_to_keep_to_its_own(tmp_path):
    config = tmp_path / "Caddyfile"
    config.write_text(caddyfile(**GIVEN))
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
    config.write_text(caddyfile(**GIVEN).replace("file_server", "file_sever"))
    with pytest.raises(ValueError, match="unrecognized directive: file_sever"):
        validate(config, tmp_path / "storage")


@pytest.mark.parametrize(
    "listen", ["8080", ":8080", "0.0.0.0:8080", "localhost:8080", "127.0.0.1:http"]
)
def test_fails_when_others_could_connect(listen):
    sentence = (
        f"listen must be 127.0.0.1 and a port, such as '127.0.0.1:8080', got '{listen}'"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        caddyfile(**{**GIVEN, "listen": listen})


@pytest.mark.parametrize("upstream", ["www.example.com", "127.0.0.1:80 {", "unix/a"])
def test_fails_when_django_is_elsewhere(upstream):
    with pytest.raises(ValueError, match="upstream must be 127.0.0.1 and a port or"):
        caddyfile(**{**GIVEN, "upstream": upstream})


@pytest.mark.parametrize("name", ["static_root", "media_root", "storage", "log"])
@pytest.mark.parametrize("path", ["/a/{env.HOME}", '/a"b', "/a\nb", "relative"])
def test_fails_when_a_path_means_more_to_caddy(name, path):
    with pytest.raises(ValueError, match=f"^{name} must be an absolute path"):
        caddyfile(**{**GIVEN, name: Path(path)})


def test_a_checkout_may_have_any_usual_name(tmp_path):
    folder = tmp_path / ".local (copy) & so on"
    folder.mkdir()
    with caddy(folder) as origin:
        assert origin.send("/media/u.png").body == MEDIA


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
    assert sorted(os.listdir(folder)) == [
        "Caddyfile",
        "access.log",
        "server.log",
        "site",
        "storage",
    ]
