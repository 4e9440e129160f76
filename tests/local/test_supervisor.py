"""What the supervisor does with its children, and what becomes of them without it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from cdk_support import ROOT

from local.environment import aws_environment, built_environment
from local.processes import Service, start_time, stop_group
from local.record import Ports, read_record
from local.state import State
from local.supervisor import Supervisor

# It hears no SIGTERM, and ends with this process if the test fails.
DEAF = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path({ready!r}).touch()
while os.getppid() == {parent}:
    time.sleep(0.1)
"""


def test_stop_ends_every_child_also_one_that_does_not_listen(tmp_path):
    state = State(folder=tmp_path)
    ready = tmp_path / "ready"
    deaf = DEAF.format(parent=os.getpid(), ready=str(ready))
    supervisor = Supervisor(state, "a-stack", Ports(aws=1, edge=2, django=3, web=4))
    supervisor.launch(
        Service(
            name="the deaf one",
            command=[sys.executable, "-c", deaf],
            environment=dict(os.environ),
            folder=tmp_path,
            log=tmp_path / "deaf.log",
            ready=ready.exists,
            stop_seconds=0.1,
        )
    )
    record = read_record(state)
    assert record.child("the deaf one")
    supervisor.stop()
    assert record.child("the deaf one") is None
    assert read_record(state) is None


# A supervisor that starts one child, says which, and is killed.
KILLED = """
import os, pathlib, signal, sys
from local.processes import Service, start
folder = pathlib.Path(sys.argv[1])
child = start(
    Service(
        name="a child",
        command=[sys.executable, "-c", "import time; time.sleep(60)"],
        environment={},
        folder=folder,
        log=folder / "child.log",
        ready=lambda: True,
    )
)
print(child.pid, child.started, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child"
)
def test_a_child_of_a_supervisor_that_is_killed_ends(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    pid, started = map(int, done.stdout.split())
    deadline = time.monotonic() + 3
    try:
        while start_time(pid) == started:
            assert time.monotonic() < deadline, f"left behind: {pid}"
            time.sleep(0.02)
    finally:
        stop_group(pid, started, seconds=0)


# What a shell may have that leads to an account, and what every process needs.
SHELL = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "foreign-token",
    "AWS_ACCESS_KEY_ID": "AKIAFOREIGN",
    "CDK_DEFAULT_ACCOUNT": "999999999999",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}


def test_children_inherit_authorities_and_nothing_that_leads_to_an_account(tmp_path):
    state = State(folder=tmp_path)
    built = built_environment(state, {**SHELL, "SSL_CERT_FILE": "/etc/ca.pem"})
    assert built["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert not SHELL.keys() & built.keys()
    assert not set(SHELL.values()) & set(built.values())


def test_a_child_reaches_the_local_aws_whatever_the_shell_says(tmp_path, monkeypatch):
    for name, value in SHELL.items():
        monkeypatch.setenv(name, value)
    child = aws_environment(State(folder=tmp_path), "http://127.0.0.1:1")
    assert child["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert not set(SHELL.values()) & set(child.values())


def test_the_command_itself_forgets_what_the_shell_has_for_aws(tmp_path):
    code = (
        "import os, sys; from local.__main__ import main\n"
        "assert main() == 3, 'nothing is up'\n"
        "print(sorted(name for name in os.environ if name.startswith('AWS_')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--state", str(tmp_path / "state"), "status"],
        cwd=ROOT,
        env={**os.environ, **SHELL},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == (
        "['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']"
    ), done.stderr
