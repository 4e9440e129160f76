"""Django's own tests, from the source distribution of the version that is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import django
import pytest
from cdk_support import ROOT

CACHE = ROOT / ".local" / "caches" / "django"
PARTS = (
    *("runtests.py", "test_sqlite.py", "urls.py", "templates"),
    *("staticfiles_tests", "template_tests", "admin_scripts", "user_commands"),
)


def unpack(folder):
    """The parts of ``tests/`` that the tests of static files need. Returns their folder."""
    with tarfile.open(_archive()) as archive:
        wanted = [one for one in archive.getmembers() if _is_wanted(one.name)]
        archive.extractall(folder, wanted, filter="data")
    (tests,) = Path(folder).glob("*/tests")
    return tests


def _is_wanted(name):
    _, _, inner = name.partition("/tests/")
    return inner.split("/")[0] in PARTS


def _archive():
    """Fetched once by pip, which knows where this machine gets its packages."""
    version = django.get_version()
    path = CACHE / f"django-{version}.tar.gz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _download(version, folder)
            (archive,) = Path(folder).glob("*.tar.gz")
            os.replace(archive, path)
    return path


def _download(version, folder):
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*pip, "--no-binary", "Django", "--dest", folder, f"Django=={version}"],
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return
    reason = f"the source of Django {version} cannot be fetched: {done.stderr}"
    # As for a missing program: a pipeline that skips this proves nothing.
    if os.environ.get("CI") == "true":
        raise RuntimeError(reason)
    pytest.skip(reason)
