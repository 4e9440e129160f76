"""What the supervisor does with its children while it lives."""

from __future__ import annotations

import os
import sys

from local.processes import Service
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
