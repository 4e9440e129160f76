"""``python -m cdn_edge`` as a process: from its ready line to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from edge_support import CountingOrigin, Reply, Viewer

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PATH": os.defpath,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@contextmanager
def started(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "cdn_edge", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
            process.wait(10)
        finally:
            process.kill()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_process_says_when_it_is_ready_and_ends_cleanly(end):
    with CountingOrigin() as api:
        api.default = Reply(body=b"<List><Quantity>0</Quantity></List>")
        with started("--endpoint", f"http://{api.address}") as process:
            ready = process.stdout.readline()
            assert ready.startswith("edge ready on http://127.0.0.1:")
            viewer = Viewer(port=int(ready.rpartition(":")[2]))
            assert viewer.get("/_edge/health", host="localhost").status == 200
            ended_at = time.monotonic()
            process.send_signal(end)
            rest = process.stdout.read()
        assert time.monotonic() - ended_at < 5
        assert process.returncode == 0
        assert rest == ""


def test_process_is_not_ready_before_it_has_read_what_is_deployed():
    with started("--endpoint", "http://127.0.0.1:1") as process:
        first = process.stdout.readline()
        process.terminate()
        rest = process.stdout.read()
    assert first.startswith("warning: what is deployed cannot be read")
    assert (rest, process.returncode) == ("", 0)


def test_fails_when_an_origin_is_elsewhere():
    with started(
        "--endpoint", "http://127.0.0.1:1", "--origin", "a=10.0.0.1:80"
    ) as process:
        said = process.stdout.read()
    assert process.returncode == 2
    assert "--origin must map an origin's domain name to a loopback address" in said


def test_fails_when_the_port_is_taken():
    with CountingOrigin() as taken:
        port = str(taken.port)
        with started("--endpoint", "http://127.0.0.1:1", "--port", port) as process:
            said = process.stdout.read()
    assert process.returncode == 1
    assert said.startswith(f"--port must be free, such as 8100, got {port}")
    assert "Traceback" not in said
