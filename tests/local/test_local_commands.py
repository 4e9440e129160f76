"""What `python -m local` says to mistakes, before anything is started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import cdk_support
import pytest
from edge_support import CountingOrigin, Reply

from local import __main__, release, supervisor
from local.aws import cdk
from local.processes import free_port, start_time
from local.progress import Progress
from local.record import Ports, Process, RunRecord, read_record
from local.state import State


@pytest.fixture
def cdk_json(tmp_path, monkeypatch):
    monkeypatch.setattr(cdk, "CHECKOUT", tmp_path)

    def write(text):
        (tmp_path / "cdk.json").write_text(text, "utf-8")

    return write


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys, cdk_json):
    """What a command that ends at once says, and its exit code or its sentence."""
    cdk_json(cdk_support.cdk_json())
    monkeypatch.setattr(os, "umask", lambda mode: 0)
    monkeypatch.setattr(__main__, "forget_foreign_aws", lambda: None)

    def run(*arguments):
        state = str(tmp_path / "state")
        monkeypatch.setattr(sys, "argv", ["local", "--state", state, *arguments])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("port", ["0", "-5", "99999", "web"])
def test_fails_when_a_port_is_none(refused, port):
    code, said = refused("up", f"--web-port={port}")
    assert code == 2
    assert f"argument --web-port: must be from 1 to 65535, got '{port}'" in said


def test_fails_when_two_ports_are_one(refused):
    port = str(free_port(None, what="any"))
    sentence, _ = refused("up", "--web-port", port, "--edge-port", port)
    assert sentence == f"the ports must differ from each other, got [{port}, {port}]"


def test_fails_when_the_state_is_a_file(refused, tmp_path):
    (tmp_path / "state").write_text("")
    sentence, _ = refused("up")
    assert str(tmp_path / "state") in sentence


def test_fails_when_the_environment_belongs_to_an_account(refused):
    sentence, _ = refused("up", "--environment", "prod")
    assert sentence == (
        "--environment must be one without an account in cdk.json, got 'prod': it belongs to "
        "111122223333, and the local AWS is 000000000000"
    )


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o750)
    State(folder=tmp_path).create()
    assert tmp_path.stat().st_mode & 0o777 == 0o750


SLOW = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
print("ready", flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def slow(tmp_path):
    """A supervisor that does not end, as a process."""
    state = State(folder=tmp_path)
    state.create()
    with subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE) as slow:
        assert slow.stdout.readline() == b"ready\n"
        own = Process(name="supervisor", pid=slow.pid, started=start_time(slow.pid))
        ports = Ports(aws=1, edge=2, web=3)
        RunRecord(supervisor=own, children=(), stack="s", ports=ports).write(state)
        yield slow
        slow.kill()


def test_ctrl_c_while_it_waits_leaves_no_traceback(slow, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "local", "--state", str(tmp_path), "down"],
        cwd=cdk_support.ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as down:
        assert slow.stdout.readline() == b"asked\n"
        down.send_signal(signal.SIGINT)
        said = down.stderr.read()
    assert (down.returncode, said) == (130, "")


def test_down_says_so_when_the_supervisor_outlives_it(slow, tmp_path, capsys):
    state = State(folder=tmp_path)
    assert not supervisor.down(state, Progress(), seconds=0.1)
    said = f"the supervisor did not end in 0.1 s: kill {slow.pid}\n"
    assert capsys.readouterr().err == said
    assert read_record(state)


def test_an_origin_may_be_an_object(cdk_json):
    dev = {"origin": {"domain_name": "dev.example.com"}}
    cdk_json(json.dumps({"context": {"site": "shop", "environments": {"dev": dev}}}))
    assert cdk.site_stack("dev") == ("shop-cdn-dev", "dev.example.com")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"context": {"environments": {}}}'])
def test_a_broken_cdk_json_is_one_sentence(cdk_json, text):
    cdk_json(text)
    with pytest.raises(SystemExit, match="cdk.json must have a context with site"):
        cdk.site_stack("dev")


def test_a_port_in_use_is_not_free():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit, match="--web-port must be a free port"):
            free_port(taken.getsockname()[1], what="--web-port")


def test_a_port_whose_connections_have_just_ended_is_free():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()
            client.recv(1)
    assert free_port(port, what="--web-port") == port


def test_a_release_asks_this_machine_without_the_proxy_of_the_shell(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with CountingOrigin() as django:
        django.default = Reply(body=b'{"build": "b2"}')
        release._wait_for("b2", Ports(aws=1, edge=2, web=3, django=django.port))
        assert django.asked[0].target == "/healthz"
