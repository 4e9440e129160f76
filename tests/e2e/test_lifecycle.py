"""Nothing is left behind, however the local environment ends."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from local_support import LocalSite


@pytest.fixture(scope="module")
def warm_state(tmp_path_factory):
    """A state of its own that was up once, so that each start takes seconds."""
    folder = tmp_path_factory.mktemp("lifecycle")
    with LocalSite(folder):
        pass
    return folder


@pytest.fixture
def site(warm_state):
    running = LocalSite(warm_state)
    with running:
        yield running


def family(site):
    """Every process whose command line names this state or one of its ports."""
    found = []
    status = site.status
    needles = [str(site.state)] + [
        str(port) for port in (status.get("aws", "").rpartition(":")[2],) if port
    ]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if any(needle in line or needle in environment for needle in needles):
            found.append(int(folder.name))
    return set(found) - {os.getpid()}


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
    pids = family(site)
    assert len(pids) >= 6, "supervisor, AWS, gunicorn and its workers, Caddy, edge"
    assert site.signal(signal.SIGINT) == 0
    assert_all_end(pids)
    assert site.status == {"up": False}


def test_down_ends_every_process(site):
    pids = family(site)
    done = site.run("down")
    assert (done.returncode, done.stderr) == (0, "all processes have ended\n")
    assert_all_end(pids)
    assert site.run("down").stderr == "nothing was running\n"


def test_a_killed_supervisor_leaves_nothing(site):
    pids = family(site)
    site.signal(signal.SIGKILL)
    assert_all_end(pids)
    assert site.status == {"up": False}


@pytest.mark.parametrize(
    "name", ["the edge", "Django", "the web server", "the local AWS"]
)
def test_the_death_of_one_ends_all_and_names_its_log(site, name):
    pids = family(site)
    os.kill(site.status["processes"][name], signal.SIGKILL)
    assert site.process.wait(timeout=40) == 1
    assert_all_end(pids)
    (reason,) = [line for line in site.said.splitlines() if "was ended by" in line]
    assert reason.startswith(f"{name} was ended by signal SIGKILL; its log is ")
    assert Path(reason.rpartition(" ")[2]).exists()


def test_a_second_up_is_refused_and_harms_nothing(site):
    second = site.run("up")
    assert second.returncode == 1
    assert second.stderr.startswith("it is up already: ")
    assert site.status["up"] is True
    assert site.get(site.status["site"]).status == 200


def test_a_warm_start_takes_a_few_seconds_and_deploys_nothing(warm_state):
    running = LocalSite(warm_state)
    start = time.monotonic()
    running.start()
    seconds = time.monotonic() - start
    deployed = (warm_state / "logs" / "cdk.log").stat().st_mtime
    assert running.signal() == 0
    assert seconds < 12, "a cold one bootstraps and deploys"
    assert time.time() - deployed > seconds


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


def test_fails_when_the_environment_is_unknown(warm_state):
    ended = LocalSite(warm_state).run("up", "--environment", "qa")
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "--environment must be one of those in cdk.json: dev, staging, prod, got 'qa'"
    )


@pytest.mark.parametrize("command", ["release", "cdk diff"])
def test_fails_when_nothing_is_up(warm_state, command):
    ended = LocalSite(warm_state).run(*command.split())
    assert ended.returncode == 1
    assert ended.stderr.strip() == "nothing runs: start it with 'python -m local up'"


def test_everything_listens_on_the_loopback_interface_only(site):
    pids = family(site)
    sockets = {
        os.readlink(link)
        for pid in pids
        for link in Path(f"/proc/{pid}/fd").glob("*")
        if link.is_symlink() and "socket:" in os.readlink(link)
    }
    listening = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    ours = [row[1] for row in listening if f"socket:[{row[9]}]" in sockets]
    assert len(ours) >= 4
    assert all(address.startswith("0100007F:") for address in ours), ours


def test_what_the_callers_shell_has_for_aws_never_reaches_a_child(warm_state):
    foreign = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "foreign-token",
        "AWS_ACCESS_KEY_ID": "AKIAFOREIGN",
        "CDK_DEFAULT_ACCOUNT": "999999999999",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    running = LocalSite(warm_state, environment=foreign)
    with running:
        for pid in running.status["processes"].values():
            variables = Path(f"/proc/{pid}/environ").read_bytes().decode()
            for name, value in foreign.items():
                assert value not in variables, f"{name} reached {pid}"
        assert running.cdk("diff", "mysite-cdn-dev", "--fail").returncode == 0
