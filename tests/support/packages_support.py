"""Sites of packages as they come from PyPI, whose uploads are seen through nginx and the edge."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_support import ORIGIN, RunningEdge, deployed, distribution, named
from project_support import ROOT
from servers_support import nginx, open_folder

from dj_cloudfront.media.deletions import Deletions
from dj_cloudfront.media.invalidation import paths_of

HOST = "d222.cloudfront.net"
# What the scripts of the sites begin with.
LOOK = """\
import http.client, io, json
from urllib.parse import urlsplit
from PIL import Image as Pixels

COLOURS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}


def png(colour, size=64):
    data = io.BytesIO()
    Pixels.new("RGB", (size, size), COLOURS[colour]).save(data, "PNG")
    return data.getvalue()


def fetch(url):
    # As a visitor: what the edge shows, which may be a copy.
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
    connection.request("GET", parts.path, headers={"Host": parts.netloc})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (url, answer.status)
    return body


def colour(url):
    shown = Pixels.open(io.BytesIO(fetch(url))).convert("RGB").getpixel((3, 3))
    return min(COLOURS, key=lambda name: sum(
        abs(a - b) for a, b in zip(COLOURS[name], shown)))
"""


def python_with(folder, *packages):
    """A Python with these; all else is that of the tests, behind them."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = (python, "-m", "pip", "install", "--quiet", "--no-compile")
    subprocess.run([*install, *packages], check=True)
    path = subprocess.run(
        [python, "-c", "import sysconfig as s; print(s.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(path, "tests.pth").write_text(sysconfig.get_path("purelib"))
    return python


def run_site(python, folder, settings, *commands):
    """Run commands of a site, and give what the last one printed last, as data."""
    for command in commands:
        done = subprocess.run(
            [python, *command],
            cwd=folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(folder),
                "PYTHONPATH": f"{ROOT}:{folder}",
                "DJANGO_SETTINGS_MODULE": settings,
            },
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@dataclass(frozen=True, kw_only=True)
class Media:
    """Where a site puts its uploads, and where visitors see them."""

    root: Path
    edge: RunningEdge

    @property
    def settings(self):
        """For the settings of a site."""
        url = f"http://d222.cloudfront.localhost:{self.edge.port}/"
        return f"MEDIA_ROOT, MEDIA_URL = {str(self.root)!r}, {url!r}\n"

    def invalidate(self):
        """Send what was recorded, as ``cdn invalidate --pending`` does; the paths."""
        records = Deletions(self.root / ".cdn" / "invalidations").pending()
        self.edge.invalidate(*paths_of(records), distribution_id="D222")
        return {record.path for record in records}

    def status(self, path):
        return self.edge.get(path, host=HOST).status


@contextmanager
def seen_through_the_edge():
    """The media of a site, behind nginx as ``cdn conf`` prints it."""
    tree = named({"HeaderName": "X-Cdn-Tree", "HeaderValue": "media"})
    one = distribution(HOST, origin_path="/media", origin={"CustomHeaders": tree})
    with (
        open_folder() as folder,
        nginx(folder) as server,
        RunningEdge(
            deployed(one), origins={ORIGIN: f"127.0.0.1:{server.port}"}
        ) as edge,
    ):
        yield Media(root=folder / "site" / "media", edge=edge)


def stale(seen):
    """URLs that were given for two files, or that showed another one than was meant."""
    first = {}
    return [
        url
        for url, meant, actual in seen
        if first.setdefault(url, meant) != meant or actual != meant
    ]
