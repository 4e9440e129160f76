"""Child processes that end with their parent, and ports that are free."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process that runs for as long as the local environment does.

    :param ready: True once it answers.
    :param stop_seconds: How long it may take to end before it is killed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    ready: Callable[[], bool]
    stop_seconds: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """A service that was started."""

    service: Service
    process: subprocess.Popen[bytes]
    started: int

    @property
    def pid(self) -> int:
        return self.process.pid


def start(service: Service) -> Running:
    """Start a service in a process group of its own, its output in its log."""
    service.log.parent.mkdir(parents=True, exist_ok=True)
    with service.log.open("ab") as log:
        process = subprocess.Popen(
            service.command,
            cwd=service.folder,
            env=dict(service.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),
        )
    return Running(
        service=service, process=process, started=start_time(process.pid) or 0
    )


def wait_until_ready(running: Running, *, seconds: float = 30.0) -> None:
    """Wait for a service's first answer.

    :raises SystemExit: when it ends or stays silent, with the path of its log.
    """
    service = running.service
    deadline = time.monotonic() + seconds
    while not service.ready():
        if running.process.poll() is not None:
            raise SystemExit(ended(running))
        if time.monotonic() > deadline:
            raise SystemExit(
                f"{service.name} gave no answer within {seconds:g} s; "
                f"its log is {service.log}"
            )
        time.sleep(0.05)


def ended(running: Running) -> str:
    """Why a service is no more, in one sentence."""
    code = running.process.returncode
    why = (
        f"was ended by signal {signal.Signals(-code).name}"
        if code is not None and code < 0
        else f"ended with exit code {code}"
    )
    return f"{running.service.name} {why}; its log is {running.service.log}"


def stop(running: Running) -> None:
    """End a service and everything it started: ask first, then kill."""
    stop_group(running.pid, running.started, seconds=running.service.stop_seconds)
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.process.wait(timeout=1)


def stop_group(pid: int, started: int, *, seconds: float) -> None:
    """End a process group by the pid of its leader, unless the pid is another's by now."""
    leader = start_time(pid)
    if leader is not None and leader != started:
        return
    for sign, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 2.0)):
        if not _signal_group(pid, sign):
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_group_alive(pid):
                return
            time.sleep(0.05)


def is_group_alive(pid: int) -> bool:
    """Whether any process of a group still runs; those that wait to be reaped do not."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return _signal_group(pid, 0)


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot, or None when it is no more.

    A pid is used again; a pid with its start time is not.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def free_port(
    wanted: int | None, *, what: str, taken: frozenset[int] = frozenset()
) -> int:
    """A port on the loopback interface that nobody listens on.

    A plain bind is the only proof: Caddy shares a port that another one has, and takes a part
    of its requests.

    :param wanted: A port the user gave, or None for any.
    :raises SystemExit: when the wanted port is in use.
    """
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # A connection that ended a moment ago is no listener.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted or 0))
            except OSError as error:
                raise SystemExit(
                    f"{what} must be a free port, such as {(wanted or 8000) + 1}, "
                    f"got {wanted}: {error.strerror}"
                ) from None
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def answers(url: str, *, host: str | None = None, says: str = "") -> Callable[[], bool]:
    """A check whether a URL on this machine answers 200, with a text in its body."""

    def check() -> bool:
        request = urllib.request.Request(url, headers={"Host": host} if host else {})
        try:
            with _OPENER.open(request, timeout=2) as response:
                return bool(response.status == 200) and says.encode() in response.read()
        except (OSError, HTTPException):
            return False

    return check


# A proxy of the caller's shell has no business between two ends of this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _signal_group(pid: int, sign: int) -> bool:
    try:
        os.killpg(pid, sign)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def preexec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return preexec
