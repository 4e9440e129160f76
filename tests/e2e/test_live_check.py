"""``cdn check`` and ``cdn find`` of the example site, through what is really deployed."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from servers_support import caddy

# The name that the deployed distributions send to their server.
HOST = "dev.example.com"


class Example:
    """The example site's manage.py, with the settings of the site that runs."""

    def __init__(self, local_site):
        self.local = local_site
        self.status = local_site.status
        self.server = f"http://127.0.0.1:{urlsplit(self.status['site']).port}"

    def manage(self, *arguments, **environment):
        base = self.status["static"].partition(".cloudfront.localhost")[2]
        port = base.split("/")[0].removeprefix(":")
        site = self.local.state / "site"
        return subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            cwd=self.local.checkout / "example",
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(self.local.checkout),
                "EXAMPLE_DATA": str(site),
                "EXAMPLE_DEBUG": "0",
                "EXAMPLE_SECRET_KEY": (site / "secret-key").read_text(),
                "DJ_CLOUDFRONT_URL_FORMAT": f"http://{{label}}.cloudfront.localhost:{port}",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def check(self, *arguments):
        done = self.manage("cdn", "check", "--json", "--host", HOST, *arguments)
        return done, json.loads(done.stdout)


@pytest.fixture
def example(local_site):
    return Example(local_site)


def bad(report):
    return [one for one in report["findings"] if one["level"] != "PASS"]


def test_a_build_is_checked_before_it_is_switched_on(example):
    """As a deploy script does: publish, check, and only then release."""
    before = example.local.status["build"]
    coming = f"{before}-coming"
    published = example.manage("cdn", "publish", BUILD_VERSION=coming)
    assert published.returncode == 0, published.stderr
    arguments = ("--build-version", coming, "--origin", example.server)
    done, report = example.check(*arguments, "--all")
    assert bad(report) == []
    assert report["not_checked"] == []
    assert (done.returncode, done.stderr) == (0, "")
    asked, total = report["files"].values()
    assert asked == total > 100
    through = {
        one["tree"] for one in report["findings"] if "cloudfront" in one["target"]
    }
    assert through == {"static", "media"}
    released = example.local.run("release", coming)
    assert released.returncode == 0, released.stderr
    assert example.local.status["build"] == coming
    again, report = example.check("--origin", example.server)
    assert (again.returncode, bad(report)) == (0, [])
    assert example.local.run("release", before).returncode == 0


def test_a_server_without_the_build_stops_the_release(example, tmp_path):
    build = example.local.status["build"]
    with caddy(tmp_path) as late:
        url = f"http://127.0.0.1:{late.port}"
        done, report = example.check("--origin", example.server, "--origin", url)
    wrong = bad(report)
    assert [(one["id"], one["level"], one["target"]) for one in wrong] == [
        ("status", "FAIL", url)
    ]
    assert "does not have the build" in wrong[0]["message"]
    assert done.returncode == 1
    assert done.stderr.startswith(f"CommandError: build {build} is not ready: 1 FAIL")
    (note,) = report["not_checked"]
    assert note.startswith(f"build {build} through the CDN: {url} must have it first")


def test_a_file_is_followed_from_the_app_to_the_edge(example):
    name = "gallery/css/site.css"
    done = example.manage(
        "cdn", "find", name, "--json", "--host", HOST, "--origin", example.server
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    build = example.local.status["build"]
    assert found["url"] == f"{example.local.status['static']}{name}"
    assert found["sources"][0]["found_by"] == "AppDirectoriesFinder"
    assert build in [one["build"] for one in found["copies"]]
    assert [one["status"] for one in found["steps"]] == [200, 200]
    assert found["diagnosis"] == (
        f"all is well: build {build}, 1 server, the CDN have the same bytes"
    )
