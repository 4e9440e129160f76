"""Other starts of the local environment, and nothing left behind however it ends."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from local_support import LocalSite


@pytest.fixture(scope="module")
def warm_state(local_site):
    """The state of the site of all tests, which is down meanwhile."""
    local_site.end()
    yield local_site.state
    local_site.start()


@pytest.fixture
def site(warm_state):
    with LocalSite(warm_state) as running:
        yield running


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def assert_all_end(pids, seconds=15):
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.1)


def test_ctrl_c_ends_every_process(site):
    pids = site.family
    assert len(pids) >= 6, "supervisor, AWS, gunicorn and its workers, Caddy, edge"
    assert site.signal(signal.SIGINT) == 0
    assert_all_end(pids)
    assert site.status == {"up": False}


def test_a_warm_start_deploys_nothing_and_down_ends_every_process(warm_state):
    log = warm_state / "logs" / "cdk.log"
    deployed = log.stat().st_mtime_ns
    with LocalSite(warm_state) as site:
        assert log.stat().st_mtime_ns == deployed
        pids = site.family
        done = site.run("down")
        assert (done.returncode, done.stderr) == (0, "all processes have ended\n")
        assert_all_end(pids)
        assert site.run("down").stderr == "nothing was running\n"


def test_a_killed_supervisor_leaves_nothing(site):
    pids = site.family
    site.signal(signal.SIGKILL)
    assert_all_end(pids)
    assert site.status == {"up": False}


@pytest.mark.parametrize(
    "name",
    [
        "the edge",
        pytest.param("Django", marks=pytest.mark.slow),
        pytest.param("the web server", marks=pytest.mark.slow),
        pytest.param("the local AWS", marks=pytest.mark.slow),
    ],
)
def test_the_death_of_one_ends_all_and_names_its_log(site, name):
    pids = site.family
    os.kill(site.status["processes"][name], signal.SIGKILL)
    assert site.process.wait(timeout=40) == 1
    assert_all_end(pids)
    (reason,) = [line for line in site.said.splitlines() if "was ended by" in line]
    assert reason.startswith(f"{name} was ended by signal SIGKILL; its log is ")
    assert Path(reason.rpartition(" ")[2]).exists()


def test_fails_when_a_given_port_is_taken(warm_state):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        ended = LocalSite(warm_state).run("up", "--web-port", str(port))
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"--web-port must be a free port, such as {port + 1}, got {port}: "
        "Address already in use"
    )


@pytest.mark.parametrize("command", ["release", "cdk diff"])
def test_fails_when_nothing_is_up(warm_state, command):
    ended = LocalSite(warm_state).run(*command.split())
    assert ended.returncode == 1
    assert ended.stderr.strip() == "nothing runs: start it with 'python -m local up'"


@pytest.mark.slow
def test_files_come_by_https_from_an_authority_that_status_names(warm_state):
    with LocalSite(warm_state, "--tls") as site:
        status = site.status
        assert f"browsers have to trust {status['tls']}" in site.said
        url = urlsplit(status["static"])
        assert url.scheme == "https"
        context = ssl.create_default_context(cafile=status["tls"])
        with (
            socket.create_connection(("127.0.0.1", url.port), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=url.hostname) as viewer,
        ):
            target = f"{url.path}gallery/css/site.css"
            head = f"GET {target} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n"
            viewer.sendall(head.encode())
            assert viewer.recv(65536).startswith(b"HTTP/1.1 200 ")
