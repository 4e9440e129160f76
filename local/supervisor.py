"""``up``, ``down`` and ``status``: all processes of the local environment as one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType

from local import private
from local.aws import cdk, emulator
from local.environment import aws_environment
from local.origin import builds
from local.origin.services import django_service, invalidating_service, web_service
from local.processes import (
    Running,
    Service,
    answers,
    ended,
    free_port,
    start,
    start_time,
    stop,
    stop_group,
    wait_until_ready,
)
from local.progress import Progress
from local.record import Ports, Process, RunRecord, read_domains, read_record
from local.state import CHECKOUT, State, read_json, write_atomically

_BUSY = (
    "it is up already: see 'python -m local status', end it with 'python -m local down'"
)


class Supervisor:
    """Starts the services in order, watches them, and ends them in reverse."""

    def __init__(self, state: State, stack: str, ports: Ports) -> None:
        self.state = state
        self.stack = stack
        self.ports = ports
        self._running: list[Running] = []

    def launch(self, service: Service) -> None:
        """Start a service, write it down, and wait for its first answer."""
        child = start(service)
        self._running.append(child)
        self._record()
        wait_until_ready(child)

    def watch(self) -> str:
        """Wait until a service ends, and say why it did."""
        while True:
            for child in self._running:
                if child.process.poll() is not None:
                    return ended(child)
            time.sleep(0.2)

    def stop(self) -> None:
        """End everything that was started."""
        for child in reversed(self._running):
            stop(child)
        self.state.running.unlink(missing_ok=True)

    def _record(self) -> None:
        own = os.getpid()
        RunRecord(
            supervisor=Process(
                name="supervisor", pid=own, started=start_time(own) or 0
            ),
            children=tuple(
                Process(name=child.service.name, pid=child.pid, started=child.started)
                for child in self._running
            ),
            stack=self.stack,
            ports=self.ports,
        ).write(self.state)


def up(
    state: State, environment: str, wanted: Mapping[str, int | None], progress: Progress
) -> None:
    """Bring everything up, stay until it ends, and leave nothing behind.

    :param environment: An environment of cdk.json, deployed as it is.
    :param wanted: Ports by name, None for one that is free.
    :raises SystemExit: when something cannot start or ends by itself.
    """
    stack, origin = cdk.site_stack(environment)

    def bring_up(supervisor: Supervisor) -> str:
        ports = supervisor.ports
        deploy(supervisor, progress, private_origin=origin)
        domains = read_domains(state, stack, ports)
        environment = builds.django_environment(state, stack, domains)
        with progress.step("preparing the site: database, build, first pictures"):
            builds.prepare(state, environment)
        with progress.step("starting Django"):
            supervisor.launch(django_service(state, environment, ports))
        with progress.step("starting the web server"):
            supervisor.launch(web_service(state, environment, ports))
        start_edge(supervisor, origin, f"127.0.0.1:{ports.web}", progress)
        aws = emulator.endpoint(ports.aws)
        supervisor.launch(invalidating_service(state, environment, aws))
        return _announcement(status(state))

    run(state, stack, wanted, bring_up, progress)


def run(
    state: State,
    stack: str,
    wanted: Mapping[str, int | None],
    bring_up: Callable[[Supervisor], str],
    progress: Progress,
    **own: int,
) -> None:
    """Start services, print what ``bring_up`` says, and stay until they end.

    :param own: Ports that somebody else listens on.
    :raises SystemExit: when something cannot start or ends by itself.
    """
    state.create()
    with state.locked("up", _BUSY):
        _end_leftovers(read_record(state))
        chosen = _choose_ports(state, wanted, frozenset(own.values()))
        supervisor = Supervisor(state, stack, Ports(**chosen, **own))
        _end_on_signals()
        try:
            print(bring_up(supervisor), flush=True)
            raise SystemExit(supervisor.watch())
        except KeyboardInterrupt:
            progress.say("\nending all processes")
        finally:
            supervisor.stop()


def deploy(
    supervisor: Supervisor, progress: Progress, *, private_origin: str | None = None
) -> None:
    """Start the local AWS and bring its stack to the state of the checkout.

    :param private_origin: The name that a distribution for private files asks for.
        Default: there is none.
    """
    state, port, stack = supervisor.state, supervisor.ports.aws, supervisor.stack
    with progress.step("starting the local AWS"):
        supervisor.launch(emulator.service(state, port))
    with progress.step(f"deploying {stack} with the CDK CLI"):
        beside = (
            private.described(state, port, stack=stack, origin=private_origin)
            if private_origin
            else None
        )
        cdk.deploy(state, port, stack, beside=beside)


def start_edge(
    supervisor: Supervisor, origin: str, address: str, progress: Progress
) -> None:
    """Start the edge, and wait until it serves what is deployed.

    :param origin: The name that the distributions have for the server.
    :param address: Where that is on this machine, such as ``127.0.0.1:8081``.
    """
    with progress.step("starting the edge"):
        supervisor.launch(_edge_service(supervisor, origin, address))


def _edge_service(supervisor: Supervisor, origin: str, address: str) -> Service:
    state, ports = supervisor.state, supervisor.ports
    aws = emulator.endpoint(ports.aws)
    domains = read_domains(state, supervisor.stack, ports)
    tls = ("--tls", str(state.tls), "--tls-port", str(ports.tls)) if ports.tls else ()
    return Service(
        name="the edge",
        command=[
            *(sys.executable, "-m", "cdn_edge"),
            *("--endpoint", aws, "--port", str(ports.edge)),
            *("--origin", f"{origin}={address}"),
            *tls,
            *("--origin", f"*.amazonaws.com=127.0.0.1:{ports.aws}"),
        ],
        environment=aws_environment(state, aws),
        folder=CHECKOUT,
        log=state.log("edge"),
        ready=answers(
            f"http://127.0.0.1:{ports.edge}/_edge/health", says=f'"{domains.static}"'
        ),
    )


def down(state: State, progress: Progress, *, seconds: float = 30) -> bool:
    """End what ``up`` started, also when its supervisor is no more.

    False when the supervisor takes longer than so many seconds; it is not killed.
    """
    record = read_record(state)
    if record is None:
        progress.say("nothing was running")
        return True
    supervisor = record.supervisor
    if supervisor.is_alive:
        os.kill(supervisor.pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while supervisor.is_alive and time.monotonic() < deadline:
            time.sleep(0.05)
    _end_leftovers(record)
    if supervisor.is_alive:
        progress.say(
            f"the supervisor did not end in {seconds:g} s: kill {supervisor.pid}"
        )
        return False
    state.running.unlink(missing_ok=True)
    progress.say("all processes have ended")
    return True


def status(state: State) -> Mapping[str, object]:
    """What runs, as data."""
    record = read_record(state)
    if record is None or not record.supervisor.is_alive:
        return {"up": False}
    found: dict[str, object] = {
        "up": True,
        "stack": record.stack,
        "build": None if record.ports.django is None else state.current_build(),
        "site": record.ports.site_url,
        "aws": emulator.endpoint(record.ports.aws),
        "state": str(state.folder),
        **({"tls": str(state.authority)} if record.ports.tls else {}),
        "processes": {child.name: child.pid for child in record.children},
    }
    # Before the first deploy there are no names yet.
    with contextlib.suppress(SystemExit):
        domains = read_domains(state, record.stack, record.ports)
        build = "" if record.ports.django is None else f"{state.current_build()}/"
        found |= {
            "static": f"{domains.static_url}/{build}",
            "media": f"{domains.media_url}/",
            "private": f"{domains.private_url}/" if domains.private_url else None,
            "static_domain": domains.static,
            "media_domain": domains.media,
        }
    return found


def _announcement(found: Mapping[str, object]) -> str:
    trust = f"  browsers have to trust {found['tls']}\n\n" if "tls" in found else ""
    return (
        f"\n  site    {found['site']}\n"
        f"  static  {found['static']}   (deployed as {found['static_domain']})\n"
        f"  media   {found['media']}   (deployed as {found['media_domain']})\n"
        f"  private {found['private']}   (by signed URLs and cookies)\n\n"
        f"{trust}"
        "  ship the next build:  .venv/bin/python -m local release\n"
        "  end with Ctrl-C, or:  .venv/bin/python -m local down\n"
    )


def _choose_ports(
    state: State, wanted: Mapping[str, int | None], others: frozenset[int]
) -> dict[str, int]:
    """Given ports, else those of the last time where they are free, else any."""
    path = state.folder / "ports.json"
    last = read_json(path)
    chosen: dict[str, int] = {}
    given = [port for port in wanted.values() if port is not None]
    if len(given) != len(set(given)):
        raise SystemExit(f"the ports must differ from each other, got {given}")
    for name, port in wanted.items():
        taken = others.union(chosen.values(), given)
        what = f"--{name}-port"
        if port is not None:
            chosen[name] = free_port(port, what=what)
            continue
        chosen[name] = _last_port(last.get(name), taken) or free_port(
            None, what=what, taken=taken
        )
    write_atomically(path, json.dumps({**last, **chosen}))
    return chosen


def _last_port(last: object, taken: frozenset[int]) -> int | None:
    if not isinstance(last, int) or last in taken:
        return None
    try:
        return free_port(last, what="")
    except SystemExit:
        return None


def _end_leftovers(record: RunRecord | None) -> None:
    """End children whose supervisor was killed."""
    for child in reversed(record.children if record else ()):
        stop_group(child.pid, child.started, seconds=5)


def _end_on_signals() -> None:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A second Ctrl-C must not cut the clean end short.
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in signals:
        signal.signal(one, interrupt)
