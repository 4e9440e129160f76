"""``release``: ship the next build, or go back to an earlier one, while everything runs."""

from __future__ import annotations

import os
import re
import signal
import time

from local.origin import builds
from local.origin.services import DJANGO
from local.processes import answers
from local.progress import Progress
from local.record import Ports, RunRecord, read_domains, require_record
from local.state import State, write_atomically

_SHAPE = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# As many answers in a row, on new connections, show that neither worker has the old build.
_PROOF = 12


def release(state: State, version: str | None, progress: Progress) -> None:
    """Publish a build beside the others, then switch to it.

    :param version: A new name, or that of a build that is there, to go back to it.
        Default: the next number.
    :raises SystemExit: when the name is not safe or nothing runs.
    """
    record = require_record(state)
    if record.ports.django is None:
        raise SystemExit(
            "a site of your own is released by its own commands: run 'manage.py cdn "
            "publish' there"
        )
    with state.locked("release", "another release is under way: wait for its end"):
        name = builds.next_build(state) if version is None else version
        if not _SHAPE.fullmatch(name):
            raise SystemExit(
                "VERSION must be 1 to 64 letters, digits, '.', '_' or '-', such as 'b2', "
                f"got {name!r}"
            )
        if not builds.is_published(state, name):
            with progress.step(f"publishing build {name}"):
                _publish(state, record, name)
        with progress.step(f"switching the site to {name}"):
            write_atomically(state.build_version, f"{name}\n")
            _reload_django(record)
            _wait_for(name, record.ports)
    progress.say(f"{record.ports.site_url} now serves build {name}; older builds stay")


def _publish(state: State, record: RunRecord, name: str) -> None:
    domains = read_domains(state, record.stack, record.ports)
    environment = builds.django_environment(state, record.stack, domains)
    builds.publish(state, environment, name)


def _reload_django(record: RunRecord) -> None:
    django = record.child(DJANGO)
    if django is None:
        raise SystemExit("Django does not run: see 'python -m local status'")
    os.kill(django.pid, signal.SIGHUP)


def _wait_for(version: str, ports: Ports) -> None:
    url = f"http://127.0.0.1:{ports.django}/healthz"
    is_new = answers(url, host="localhost", says=f'"{version}"')
    in_a_row, deadline = 0, time.monotonic() + 30
    while in_a_row < _PROOF:
        if time.monotonic() > deadline:
            raise SystemExit(f"Django did not switch to {version}; see its log")
        if is_new():
            in_a_row += 1
        else:
            in_a_row = 0
            time.sleep(0.1)
