"""What a newcomer does: clone, `make demo`, look. No node on PATH, an empty HOME."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser_support import fresh_profile
from cdk_support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# Whatever a machine needs to reach its package registries, and nothing else.
_PASSED = re.compile(
    r"PIP_.*|.*CERT.*|.*CA_.*|HTTPS?_PROXY|NO_PROXY|npm_config_.*", re.I
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone") / "dj-cloudfront"
    subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)],
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def demo(clone, tmp_path_factory):
    """`make demo` as the README has it; its output."""
    tools = tmp_path_factory.mktemp("bin")
    for name in ("bash", "sh", "make", "git", "touch", "test", "rm", "uname", "env"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "python3").symlink_to(_base_python())
    environment = {
        name: os.environ[name] for name in os.environ if _PASSED.fullmatch(name)
    }
    environment |= {
        "PATH": str(tools),
        "HOME": str(tmp_path_factory.mktemp("home")),
        # What was downloaded before need not be again.
        "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip"),
        "npm_config_cache": str(Path.home() / ".npm"),
        "LANG": "C.UTF-8",
    }
    assert shutil.which("node", path=environment["PATH"]) is None
    log = clone.parent / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(tools / "make"), "demo"],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 480
        while "end with Ctrl-C" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)


def _base_python():
    return os.path.join(sys.base_prefix, "bin", "python3")


def test_make_demo_ends_with_the_site_in_a_browser(demo, browser):
    urls = dict(re.findall(r"^  (site|static|media|private) +(http://\S+)", demo, re.M))
    assert set(urls) == {"site", "static", "media", "private"}
    assert len(re.findall(r"deployed as \w+\.cloudfront\.net", demo)) == 2
    hosts = [urlsplit(urls[half]).netloc for half in ("static", "media", "private")]
    for expected in ({"Miss", "Hit"}, {"Hit"}):
        for path in ("", "admin/login/"):
            with fresh_profile(browser) as visit:
                visit.open(urls["site"] + path)
                answers = visit.answers_from(*hosts)
            assert visit.complaints == []
            assert answers
            assert all(code in (200, 204) for _, code, _ in answers)
            assert {hit.split()[0] for *_, hit in answers} <= expected


def test_make_demo_writes_nothing_into_the_clone_that_git_sees(demo, clone):
    done = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=clone,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == ""
