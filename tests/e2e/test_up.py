"""What ``python -m local up`` has started: on this machine alone, and for nobody else."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from local_support import FOREIGN


def test_everything_listens_on_the_loopback_interface_only(local_site):
    sockets = set()
    for pid in local_site.family:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            with suppress(OSError):
                sockets.add(os.readlink(link))
    listening = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    ours = [row[1] for row in listening if f"socket:[{row[9]}]" in sockets]
    assert len(ours) >= 4
    assert all(address.startswith("0100007F:") for address in ours), ours


def test_what_the_callers_shell_has_for_aws_never_reaches_a_child(local_site):
    for pid in local_site.status["processes"].values():
        variables = Path(f"/proc/{pid}/environ").read_bytes().decode()
        for name, value in FOREIGN.items():
            assert value not in variables, f"{name} reached {pid}"


def test_a_second_up_is_refused_and_harms_nothing(local_site):
    second = local_site.run("up")
    assert second.returncode == 1
    assert second.stderr.startswith("it is up already: ")
    status = json.loads(local_site.run("status", "--json").stdout)
    assert status["up"] is True
    assert local_site.get(status["site"]).status == 200


def test_fails_when_the_environment_is_unknown(local_site):
    ended = local_site.run("up", "--environment", "qa")
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "--environment must be one of those in cdk.json: dev, staging, prod, got 'qa'"
    )
