"""The Django side on a Django that is newer than the one that the other tests use.

Django 6.0 says that it wants Python 3.12 and runs on 3.11, but for its own test runner; 6.1
does not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "example"
IS_OLD = sys.version_info < (3, 12)
NEWER = "Django>=6.0,<6.1" if IS_OLD else "Django>=6.0"
TESTS = (
    *("test_checks*.py", "test_commands.py", "test_csp.py", "test_example.py"),
    *("test_resource_hints.py", "test_middleware.py", "test_pages_in_a_browser.py"),
    *("test_storage*.py", "test_media_commands.py", "test_media_s*.py"),
)

POLICY = """
from django.utils.csp import CSP, build_policy
import dj_cloudfront
from dj_cloudfront.csp import with_cdn

cdn = dj_cloudfront.config(build_version="b1", static_root="/srv/static")
policy = {"default-src": [CSP.NONE], "script-src": [CSP.SELF, CSP.NONCE]}
print(build_policy(with_cdn(policy, cdn), nonce="n"))
"""


def run(*command, check=True, cwd=ROOT, **variables):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "PY"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert not check or done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python with the newer Django; all else is that of the tests, behind it."""
    folder = tmp_path_factory.mktemp("newer") / "venv"
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    ignoring = ["--ignore-requires-python"] if IS_OLD else []
    run(python, "-m", "pip", "install", "--quiet", *ignoring, NEWER)
    path = run(python, "-c", "import sysconfig as s; print(s.get_path('purelib'))")
    Path(path.strip(), "tests.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_it_is_newer(python):
    said = run(python, "-c", "import django; print(*django.VERSION)")
    assert int(said.split()[0]) >= 6


def test_the_tests_of_the_django_side_pass(python):
    files = sorted(path for part in TESTS for path in (ROOT / "tests").rglob(part))
    quiet = ("-q", "-p", "no:cacheprovider", "-m", "not slow")
    said = run(python, "-m", "pytest", *quiet, *files)
    assert int(re.search(r"(\d+) passed", said)[1]) > 300, said


def test_the_example_site_is_checked_published_and_listed(python, tmp_path):
    def manage(*arguments):
        return run(
            *(python, "-W", "error", "manage.py", *arguments),
            cwd=EXAMPLE,
            BUILD_VERSION="b1",
            EXAMPLE_DATA=str(tmp_path),
            EXAMPLE_DEBUG="0",
            EXAMPLE_SECRET_KEY="for tests " + "x" * 50,
            MEDIA_DOMAIN_NAME="media.example.com",
            STATIC_DOMAIN_NAME="static.example.com",
        )

    assert "no issues" in manage("check", "--fail-level=WARNING")
    assert "published" in manage("cdn", "publish")
    on_server = ("--tag", "cdn", "--deploy", "--fail-level=WARNING")
    # It may inform, as of uploads that stay at the edges; it must not warn.
    manage("check", *on_server)
    assert "b1" in manage("cdn", "list")


def test_djangos_own_policy_takes_what_the_helper_gives(python):
    said = run(python, "-c", POLICY, STATIC_DOMAIN_NAME="static.example.com")
    policy = dict(part.split(" ", 1) for part in said.strip().split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'nonce-n' https://static.example.com"
    assert policy["font-src"] == "https://static.example.com"
