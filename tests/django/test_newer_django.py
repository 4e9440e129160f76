"""The Django side on the newest Django, with the newest Python that there is.

Django 6.0 and later want Python 3.12. Any that runs will do, those of pyenv among them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "example"
NEWEST = "Django>=6.1,<6.2"
# What the tests import beside the packages of this folder, without what is compiled for one
# Python only.
PACKAGES = (
    *("pytest==9.2.0", "pytest-timeout==2.4.0", "pytest-randomly==5.1.0"),
    *("Brotli==1.2.1", "hypothesis==6.170.15", "django-csp==4.0", "whitenoise==6.12.0"),
    *("boto3==1.43.106", "cryptography==50.0.2", "cmarkgfm==2025.10.22"),
    *("multidict==7.2.1", "httptools==0.9.0"),
)
TESTS = (
    *("test_build_version.py", "test_builds_publication.py", "test_checks*.py"),
    *("test_commands.py", "test_commands_list.py", "test_commands_prune.py"),
    *(
        "test_commands_publish.py",
        "test_commands_use.py",
        "test_config.py",
        "test_csp.py",
    ),
    *("test_resource_hints.py", "test_middleware.py", "test_storage*.py"),
    *(
        "test_split_settings.py",
        "test_media_s*.py",
        "test_media_cookies.py",
        "test_media_private_storage.py",
    ),
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


def newest_python():
    """The newest Python from 3.12 on; the test is skipped where there is none.

    In CI too, for a machine with one Python alone can prove nothing of another.
    """
    if sys.version_info >= (3, 12):
        return sys.executable
    found = [sys.executable]
    found += [shutil.which(f"python3.{minor}") or "" for minor in range(12, 20)]
    if pyenv := shutil.which("pyenv"):
        root = Path(run(pyenv, "root").strip(), "versions")
        found += [str(path) for path in root.glob("3.*/bin/python")]
    versions = {}
    for path in filter(None, found):
        done = subprocess.run(
            [path, "-c", "import ssl, sys, venv; print(*sys.version_info[:3])"],
            capture_output=True,
            text=True,
        )
        # A shim of pyenv runs nothing unless its version is chosen.
        if done.returncode == 0:
            versions[tuple(map(int, done.stdout.split()))] = path
    version = max(versions)
    if version < (3, 12):
        pytest.skip(
            "no Python 3.12 or newer runs here: install one, such as with pyenv"
        )
    return versions[version]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python with the newest Django, and what the tests need."""
    folder = tmp_path_factory.mktemp("newest") / "venv"
    run(newest_python(), "-m", "venv", folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", NEWEST, *PACKAGES)
    return python


def test_it_is_the_newest(python):
    said = run(
        python,
        "-c",
        "import django, sys; print(*django.VERSION[:2], *sys.version_info[:2])",
    )
    django, python_version = said.split()[:2], said.split()[2:]
    assert django == ["6", "1"] and tuple(map(int, python_version)) >= (3, 12)


def test_the_tests_of_the_django_side_pass(python):
    files = sorted(path for part in TESTS for path in (ROOT / "tests").rglob(part))
    quiet = ("-q", "-p", "no:cacheprovider", "-m", "not slow")
    said = run(python, "-m", "pytest", *quiet, *files)
    assert int(re.search(r"(\d+) passed", said)[1]) > 800, said


REUSE = """
import sys, tempfile, time
from pathlib import Path
sys.path.insert(0, "tests/support")
from storage_support import DJANGOS_HASHED, HASHED, Site

site = Site(tempfile.mkdtemp())
site.write({
    f"app{n // 20}/{n}.css": f"a{{b:url({n}.png)}} /* {n} */".encode() * 50
    for n in range(1500)
})
site.write({f"app{n // 20}/{n}.png": bytes([n % 256]) * 2000 for n in range(1500)})


def seconds(work, *arguments, **options):
    began = time.process_time()
    work(*arguments, **options)
    return time.process_time() - began


first = seconds(site.collect, "b1", HASHED)
site.write({"app3/60.png": b"other"})
again = seconds(site.collect, "b2", HASHED)
djangos = seconds(site.collect, storage=DJANGOS_HASHED, STATIC_ROOT=site.root / "stock")
print(first, again, djangos)
"""


def test_hashed_files_of_the_previous_build_are_taken(python):
    said = run(python, "-W", "ignore", "-c", REUSE)
    first, again, djangos = map(float, said.split())
    # 0.2 on a machine that does nothing else.
    assert again < 0.5 * djangos and again < 0.6 * first, said


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
