"""`python -m local edge`: what it refuses, and whom its files let in."""

from __future__ import annotations

import json
import os
import stat

import pytest

from local import edge, release
from local.__main__ import _table
from local.processes import start_time
from local.progress import Progress
from local.record import Ports, Process, RunRecord
from local.state import State, write_atomically
from local.supervisor import Supervisor, status


@pytest.mark.parametrize(
    "origin", ["8081", "localhost", "www.example.com:80", "127.0.0.1:0", "10.0.0.1:80"]
)
def test_fails_when_the_origin_is_not_on_this_machine(tmp_path, origin):
    with pytest.raises(SystemExit, match="--origin must be a loopback address and the"):
        edge.edge(
            State(folder=tmp_path / "state"),
            origin,
            "dev",
            {"aws": None, "edge": None},
            Progress(),
        )
    assert not (tmp_path / "state").exists()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_any_user_reads_the_outputs_and_nothing_else(tmp_path):
    state = State(folder=tmp_path / "state")
    old = os.umask(0o077)
    try:
        state.create()
        write_atomically(state.shared_outputs, "{}", mode=0o644)
        write_atomically(state.running, "{}")
        state.secret_key()
    finally:
        os.umask(old)
    assert mode(state.shared_outputs) == 0o644
    assert mode(state.folder) == 0o711
    inside = [path for path in state.folder.rglob("*") if path != state.shared_outputs]
    assert {state.running, state.site, state.site / "secret-key"} <= set(inside)
    assert {mode(path) & 0o077 for path in inside} == {0}


@pytest.fixture
def foreign(tmp_path):
    """The state of a site of somebody's own."""
    state = State(folder=tmp_path / "state")
    state.create()
    stack = {
        "StaticDomainName": "d1.cloudfront.net",
        "StaticDnsTarget": "d1.cloudfront.net",
        "MediaDomainName": "d2.cloudfront.net",
        "MediaDnsTarget": "d2.cloudfront.net",
    }
    write_atomically(state.outputs, json.dumps({"mysite-cdn-dev": stack}))
    pid = os.getpid()
    own = Process(name="supervisor", pid=pid, started=start_time(pid))
    RunRecord(
        supervisor=own,
        children=(),
        stack="mysite-cdn-dev",
        ports=Ports(aws=1, edge=2, web=8081),
    ).write(state)
    return state


def test_its_status_has_no_build_and_names_the_site(foreign):
    found = status(foreign)
    assert found["site"] == "http://localhost:8081/"
    assert found["static"] == "http://d1.cloudfront.localhost:2/"
    assert "None" not in _table(found)


def test_a_site_of_ones_own_is_not_released_by_us(foreign):
    with pytest.raises(SystemExit, match="is released by its own commands"):
        release.release(foreign, None, Progress())


def test_it_says_what_browsers_have_to_trust(foreign):
    for tls, is_said in ((None, False), (9, True)):
        ports = Ports(aws=1, edge=2, web=8081, tls=tls)
        said = edge._announcement(
            Supervisor(foreign, "mysite-cdn-dev", ports), "127.0.0.1:8081"
        )
        assert (str(foreign.tls / "ca.pem") in said) is is_said
