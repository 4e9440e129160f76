"""Other people's sites, adopted by Getting started's block, behind nginx and the local edge."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cdk_support import ROOT
from docs_support import fenced
from local_support import checkout_of
from origin_support import running
from servers_support import nginx_config
from tools import require

SITES = ROOT / "tests" / "e2e" / "adoption"
NPM = Path(sys.executable).with_name("npm")
WHOLE = re.compile(r"^(\w+) = \[\n(.*?)^\]$", re.M | re.S)
REST = "# … and the rest as before"
SUPERUSER = {"username": "editor", "email": "editor@example.com", "password": "secret"}


def settings_block():
    """The whole block of Getting started, of which the README shows most."""
    (text,) = (
        text
        for kind, text in fenced(ROOT / "docs" / "getting-started.md")
        if kind == "python" and "dj_cloudfront.config(" in text
    )
    return text


def adopted(block, folder):
    """The block with the folders and names of this machine; its lists keep their rest."""

    def whole(found):
        name, entries = found[1], found[2]
        kept = f"*(one for one in {name} if one not in _OURS)"
        ours = re.findall(r'"[\w.]+"', entries)
        assert REST in entries and ours, entries
        return (
            f"_OURS = {{{', '.join(ours)}}}\n"
            f"{name} = [\n{entries.replace(REST, kept + ',')}]"
        )

    found = WHOLE.sub(whole, block)
    for old, new in (
        ("/var/mysite", str(folder / "var")),
        ("/etc/mysite", str(folder)),
        ("www.example.com", "localhost"),
    ):
        assert old in found
        found = found.replace(old, new)
    return found


def install_python(folder):
    """A virtual environment with the sites' packages, and this package as it is here."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        # A tenth of the files is imported, and compiled then.
        [
            python,
            *["-m", "pip", "install", "-q", "--no-compile", "-r"],
            SITES / "requirements.txt",
        ],
        check=True,
    )
    return python


def install_node(folder):
    """The packages of package.json."""
    folder.mkdir()
    shutil.copy2(SITES / "package.json", folder)
    subprocess.run(
        [NPM, "install", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        check=True,
        timeout=300,
    )
    return folder


def run_node(folder, program, *arguments):
    """A program of the packages, in the folder of their sources."""
    found = folder.parent / "node_modules" / ".bin" / program
    node = Path(sys.executable).with_name("node")
    start = [found] if program == "esbuild" else [node, found]
    done = subprocess.run(
        [*start, *arguments], cwd=folder, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr


class LocalEdge:
    """``python -m local edge`` until the tests end, and the lines that it prints."""

    def __init__(self, state, port):
        self.state, self.port = state, port
        self.checkout = checkout_of(state.parent)

    def __enter__(self):
        self.state.mkdir()
        self.log = self.state / "edge.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *self.command,
                    *("edge", "--origin", f"127.0.0.1:{self.port}"),
                ],
                cwd=self.checkout,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 180
        while "end with Ctrl-C" not in self.said:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(self.said)
            time.sleep(0.1)
        return self

    def __exit__(self, *raised):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=40)

    @property
    def command(self):
        return [sys.executable, "-m", "local", "--state", str(self.state)]

    @property
    def said(self):
        return self.log.read_text("utf-8")

    @property
    def exported(self):
        """The variables of its lines, as a shell would have them."""
        lines = [one for one in self.said.splitlines() if one.startswith("export ")]
        assert len(lines) == 2, self.said
        done = subprocess.run(
            ["sh", "-c", "\n".join((*lines, "env -0"))],
            env={},
            check=True,
            capture_output=True,
            text=True,
        )
        pairs = (one.partition("=") for one in done.stdout.split("\0") if one)
        return {name: value for name, _, value in pairs if name != "PWD"}

    def host(self, tree):
        """Where a tree is for a browser."""
        name = self.exported[f"{tree.upper()}_DOMAIN_NAME"]
        url = self.exported["DJ_CLOUDFRONT_URL_FORMAT"]
        return urlsplit(url.format(label=name.partition(".")[0], domain=name)).netloc


@dataclass(kw_only=True)
class Site:
    """One adopted site.

    :param settings: The module that the block was added to.
    """

    folder: Path
    python: Path
    edge: LocalEdge
    settings: str
    build: str
    variables: dict = field(default_factory=dict)

    @property
    def url(self):
        return f"http://localhost:{self.edge.port}/"

    @property
    def build_file(self):
        """Where the block finds the name of the build once it is released."""
        return self.folder / "build-version"

    @property
    def environment(self):
        return {
            "PATH": f"{self.python.parent}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "PYTHONPATH": f"{ROOT}:{self.folder}",
            "DJANGO_SETTINGS_MODULE": self.settings,
            **({} if self.build_file.exists() else {"BUILD_VERSION": self.build}),
            **{
                f"DJANGO_SUPERUSER_{key.upper()}": value
                for key, value in SUPERUSER.items()
            },
            **self.edge.exported,
            **self.variables,
        }

    def adopt(self, file, block=None):
        """Add the block at the end of the settings."""
        path = self.folder / file
        text = adopted(block or settings_block(), self.folder)
        path.write_text(f"{path.read_text('utf-8')}\n\n{text}", "utf-8")

    def run(self, *arguments):
        """A Python program of the site, and what it printed."""
        done = self.try_to_run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_to_run(self, *arguments):
        return subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )

    def manage(self, *arguments):
        return self.run("manage.py", *arguments)

    def prepare(self):
        """Database, user and build, as on the day of the adoption."""
        self.manage("migrate", "-v0")
        self.manage("createsuperuser", "--no-input", "-v0")
        self.manage("check", "--tag", "cdn", "--deploy", "--fail-level", "ERROR")
        self.manage("cdn", "publish")
        self.build_file.write_text(self.build)

    @contextmanager
    def served(self, application):
        """gunicorn, and nginx with what ``cdn conf nginx`` prints."""
        program = require("nginx")
        socket = self.folder / "gunicorn.sock"
        block = self.manage(
            *("cdn", "conf", "nginx", "--http"),
            *("--listen", f"127.0.0.1:{self.edge.port}"),
            *("--upstream", f"unix:{socket}"),
        )
        config = self.folder / "nginx.conf"
        config.write_text(nginx_config(self.folder, block))
        nginx = [program, "-p", str(self.folder), "-e", "error.log", "-c", str(config)]
        gunicorn = [
            *(str(self.python), "-m", "gunicorn", application, "--bind"),
            *(f"unix:{socket}", "--worker-class", "gthread", "--threads", "8"),
            *("--no-control-socket", "--worker-tmp-dir", str(self.folder)),
        ]
        logs = [self.folder / name for name in ("django", "web")]
        for log in logs:
            log.mkdir(exist_ok=True)
        with (
            _in(self.folder, gunicorn, logs[0], self.environment),
            _in(self.folder, nginx, logs[1], os.environ),
        ):
            self.wait(logs)
            yield self

    def wait(self, logs):
        """Until Django answers, whatever it says."""
        deadline = time.monotonic() + 40
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}robots.txt", timeout=20):
                    return
            except urllib.error.HTTPError as error:
                if error.code != 502:
                    return
            except OSError:
                pass
            text = "\n".join((log / "server.log").read_text() for log in logs)
            assert time.monotonic() < deadline, text
            time.sleep(0.1)

    def check(self, *more):
        """What ``cdn check`` reports of server and edge that is no PASS."""
        done = self.try_to_run(
            *("manage.py", "cdn", "check", "--json", "--host", "localhost"),
            *("--origin", f"http://127.0.0.1:{self.edge.port}", *more),
        )
        report = json.loads(done.stdout)
        assert report["not_checked"] == [], report
        bad = [one for one in report["findings"] if one["level"] == "FAIL"]
        assert (done.returncode, bad) == (0, []), done.stderr
        return report


@contextmanager
def _in(folder, command, log, environment):
    with running(["env", "-C", str(folder), *command], log, environment):
        yield


ASSETS = ("stylesheet", "script", "image", "font", "media", "manifest")
SUFFIX = re.compile(r"\.(css|m?js|json|svg|png|jpe?g|gif|webp|woff2?|ttf|wasm|map)$")


@dataclass(kw_only=True)
class Seen:
    """What a browser did with the pages of a site."""

    site: Site
    visit: object
    foreign: set = field(default_factory=set)

    def watch(self):
        """Answer foreign hosts from here: a test must not need them."""
        own = urlsplit(self.site.url).hostname

        def route(handled):
            host = urlsplit(handled.request.url).hostname or ""
            if host == own or host.endswith(".localhost"):
                handled.continue_()
                return
            self.foreign.add(host)
            handled.fulfill(
                status=200, body="", headers={"Access-Control-Allow-Origin": "*"}
            )

        self.visit.page.context.route("**/*", route)

    def open(self, path):
        self.visit.open(self.site.url + path)
        status = self.statuses(self.visit.page.url)
        assert 200 in status, (path, status)

    def log_in(self, path, name="username", user="username"):
        self.open(path)
        page = self.visit.page
        page.fill(f'input[name="{name}"]', SUPERUSER[user])
        page.fill(f'input[name="{name.replace("username", "password")}"]', "secret")
        page.locator('form:has(input[type="password"]) [type="submit"]').first.click()
        page.wait_for_load_state("networkidle")

    def statuses(self, url):
        return [one.status for one in self.visit.responses if one.url == url]

    def assets(self):
        """Responses that are no page: of any host of this machine."""
        return [
            one
            for one in self.visit.responses
            if urlsplit(one.url).scheme == "http"
            and (
                one.request.resource_type in ASSETS
                or SUFFIX.search(urlsplit(one.url).path)
            )
        ]

    def past_the_cdn(self, *, views=()):
        """Assets that the site's own host was asked for, but for views of Django."""
        own = urlsplit(self.site.url).netloc
        return sorted(
            {
                urlsplit(one.url).path
                for one in self.assets()
                if urlsplit(one.url).netloc == own
            }
            - set(views)
        )

    def through(self, tree):
        """URLs of a tree that came through its distribution, each with its status."""
        host = self.site.edge.host(tree)
        return {
            one.url: one.status
            for one in self.visit.responses
            if urlsplit(one.url).netloc == host
        }

    @property
    def errors(self):
        """What the console calls an error. Of warnings each site has its own."""
        return [one for one in self.visit.complaints if not one.startswith("warning: ")]

    def assert_whole(self, *, views=()):
        """No error, nothing past the distributions, all files there."""
        assert self.errors == []
        assert self.past_the_cdn(views=views) == []
        bad = {
            url: status
            for tree in ("static", "media")
            for url, status in self.through(tree).items()
            if status not in (200, 204, 206)
        }
        assert bad == {}
        assert len(self.through("static")) > 3
