"""``python -m local`` as a user runs it: in a process of its own, with its own state."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from cdk_support import ROOT, cdk_json

from local import supervisor
from local.state import State

# What a developer's shell may have, and no child may get.
FOREIGN = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "foreign-token",
    "AWS_ACCESS_KEY_ID": "AKIAFOREIGN",
    "CDK_DEFAULT_ACCOUNT": "999999999999",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
# What ``python -m local`` needs of a checkout.
_COPIED = ("app.py", "package-lock.json", "requirements.txt")
_COPIED_FOLDERS = (
    *("cdn_edge", "cdn_model", "constructs_lib", "dj_cloudfront"),
    *("example", "local", "stacks"),
)


def checkout_of(folder):
    """A copy of the checkout in a folder, whose cdk.json has the site of the tests."""
    copy = Path(folder) / "checkout"
    if copy.exists():
        return copy
    copy.mkdir(parents=True)
    for name in _COPIED_FOLDERS:
        shutil.copytree(ROOT / name, copy / name)
    for name in _COPIED:
        shutil.copy2(ROOT / name, copy / name)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    # jsii unpacks the CDK there, once for all.
    caches = ROOT / ".local" / "caches"
    caches.mkdir(parents=True, exist_ok=True)
    (copy / ".local").mkdir()
    (copy / ".local" / "caches").symlink_to(caches)
    (copy / "cdk.json").write_text(cdk_json(), "utf-8")
    return copy


class LocalSite:
    """One run of ``up``. As a context it is up inside and gone after."""

    def __init__(self, state, *options, environment=None):
        self.state = Path(state)
        self.checkout = checkout_of(self.state.parent)
        self.options = options
        self.environment = {**os.environ, **(environment or {})}
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *raised):
        self.end()

    def start(self):
        """Start ``up`` and wait until it says where everything is."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*self._command, "up", *self.options],
                cwd=self.checkout,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        while "end with Ctrl-C" not in self.said:
            assert self.process.poll() is None, f"up ended:\n{self.said}"
            assert time.monotonic() < deadline, f"up takes too long:\n{self.said}"
            time.sleep(0.1)

    def end(self):
        """Take it down, in whatever state it is."""
        self.run("down")
        if self.process is not None:
            self.process.wait(timeout=40)

    def run(self, *arguments):
        """Another command beside it."""
        return subprocess.run(
            [*self._command, *arguments],
            cwd=self.checkout,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
        )

    def cdk(self, *arguments):
        """The CDK CLI against the local AWS."""
        return self.run("cdk", *arguments)

    def signal(self, number=signal.SIGINT):
        """Send a signal to the supervisor and wait for its end."""
        self.process.send_signal(number)
        return self.process.wait(timeout=40)

    @property
    def log(self):
        return self.state / "up.log"

    @property
    def said(self):
        return self.log.read_text("utf-8")

    @property
    def status(self):
        """What ``status --json`` prints."""
        return supervisor.status(State(folder=self.state))

    @property
    def family(self):
        """Every process whose command line or environment names this state or its AWS."""
        needles = [str(self.state), self.status["aws"].rpartition(":")[2]]
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                words += (folder / "environ").read_bytes()
            except OSError:
                continue
            if any(needle.encode() in words for needle in needles):
                found.add(int(folder.name))
        return found - {os.getpid()}

    def get(self, url, **headers):
        """A GET of a ``*.localhost`` URL, whose name this machine need not resolve."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
        try:
            connection.request(
                "GET", parts.path, headers={"Host": parts.netloc} | headers
            )
            response = connection.getresponse()
            response.body = response.read()
            return response
        finally:
            connection.close()

    @property
    def _command(self):
        return [sys.executable, "-m", "local", "--state", str(self.state)]
