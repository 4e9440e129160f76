"""A site on several machines that are folders of this one, and docs/deploying.md run on them.

The commands of the page run as they are written, with names substituted: paths and addresses
by those of the machine, and what starts Django or moves traffic by stand-ins.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from docs_support import ROOT, prose
from edge_support import HOST, Viewer
from machines_support import OLD, Machine
from traffic_support import SITE, Balancer, LiveEdge, Visitors

from dj_cloudfront.server_config import caddy
from dj_cloudfront.server_config.from_settings import (
    DjangoSettings,
    ServerOptions,
    from_settings,
)

PAGE = ROOT / "docs" / "deploying.md"
STATIC, RELEASE = "/var/mysite/static", "/etc/mysite/release.env"
ADDRESSES = ("10.0.0.5", "10.0.0.6", "10.0.0.7")


def headings():
    """Those of the page, without what its blocks hold."""
    return re.findall(r"^#+ (.+)$", prose(PAGE), re.M)


def recipe(heading):
    """The scripts of a section, by the comment in their first line."""
    text = PAGE.read_text("utf-8")
    (found,) = re.findall(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ [A-Z]|\Z)", text, re.M | re.S
    )
    return dict(re.findall(r"^```sh\n# (.+?)\n(.*?)^```", found, re.M | re.S))


class World:
    """The machines, the balancer in front of them and the edge that asks it."""

    def __init__(self, folder, *, variables=None, whitenoise=False):
        self.folder, self.variables = folder, variables or {}
        self.is_whitenoise = whitenoise
        self.machines = {}
        self.handlers = {"systemctl": self._systemctl}
        (folder / "media").mkdir(parents=True)

    def machine(self, name, **values):
        made = self.machines[name] = Machine(self, name, **values)
        return made

    def substitute(self, script, machine):
        """The names of the page by those of this machine."""
        for address, one in zip(ADDRESSES, self.machines.values(), strict=False):
            script = script.replace(f"{address}:{STATIC}", str(one.static))
            script = script.replace(
                f"http://{address}:8000", f"http://{HOST}:{one.app}"
            )
            script = script.replace(f"https://{address}", f"http://{HOST}:{one.port}")
        script = script.replace(STATIC, str(machine.static))
        script = script.replace(RELEASE, str(machine.release))
        if machine.shares:
            # They have one host name, which is this machine's.
            script = re.sub(
                r"cdn use\b(?!.*--server)", f"cdn use --server {machine.name}", script
            )
        return script

    def stand_ins(self, name):
        """Programs that a machine would have, in a folder for its PATH."""
        folder = self.folder / "bin" / name
        folder.mkdir(parents=True, exist_ok=True)
        client = self.folder / "stand_in.py"
        client.write_text(_STAND_IN)
        for program in self.handlers:
            path = folder / program
            asked = f"{sys.executable} {client} {self.control.server_address[1]}"
            path.write_text(f'#!/bin/sh\nexec {asked} {name} {program} "$@"\n')
            path.chmod(0o755)
        return folder

    def handle(self, name, program, *arguments):
        """What a stand-in does: nothing (None) or why not."""
        return self.handlers[program](self.machines[name], *arguments)

    def _systemctl(self, machine, *arguments):
        if arguments != ("restart", "mysite"):
            return f"systemctl {arguments}"
        return machine.restart()

    def wait_for(self, port, folder):
        for _ in range(400):
            with suppress(OSError):
                if Viewer(port=port, host=SITE).get("/").status < 600:
                    return
            threading.Event().wait(0.025)
        logs = "".join(path.read_text()[-2000:] for path in folder.glob("*.log"))
        raise RuntimeError(f"nothing answers on port {port}: {logs}")

    def start_web(self, machine):
        """Caddy in front of a machine's Django, with what ``cdn conf`` would print."""
        roots = DjangoSettings(
            builds_root=str(machine.static), media_root=str(self.folder / "media")
        )
        options = ServerOptions(
            http=True,
            listen=[f"{HOST}:{machine.port}"],
            upstream=f"{HOST}:{machine.app}",
            environment={},
        )
        site = from_settings(
            roots, options, command="made by a test", makes_certificates=True
        )
        machine.start_web(caddy.render(site))

    @contextmanager
    def visitors(self, site=None):
        with Visitors(site or self.balancer.port, self.edge) as visitors:
            yield visitors


@contextmanager
def world(folder, *, origin=None, edge=None, **values):
    """An empty site.

    :param origin: The port that the edge asks. Default: the balancer's.
    :param edge: Keywords of the edge.
    """
    made = World(folder, **values)
    with ExitStack() as stack:
        made.balancer = stack.enter_context(Balancer())
        made.control = stack.enter_context(_control(made))
        made.edge = stack.enter_context(
            LiveEdge(origin or made.balancer.port, **(edge or {}))
        )
        stack.callback(lambda: [one.close() for one in made.machines.values()])
        yield made


def publish_old(folder):
    """A folder with the old build."""
    with world(folder) as made:
        job = made.machine("job")
        job.do("python manage.py cdn publish", BUILD_VERSION=OLD)
        return job.static


def assert_nothing_failed(visitors, *builds):
    """Now that they have looked again, at pages of just these builds."""
    visitors.wait(*builds)
    assert visitors.failures == []
    assert set(visitors.open) == set(builds)


@contextmanager
def _control(world):
    """Where the stand-ins ask for what they stand for."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                why = world.handle(*json.loads(body))
            except Exception as error:
                why = repr(error)
            said = json.dumps(why).encode()
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


_STAND_IN = """
import http.client, json, sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=100)
connection.request("POST", "/", json.dumps(sys.argv[2:]))
sys.exit(json.loads(connection.getresponse().read()))
"""
