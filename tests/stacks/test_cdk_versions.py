"""The golden templates with the oldest aws-cdk-lib that is supported, and with the newest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from cdk_support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXTRA = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]["cdk"]
(RANGE,) = (one for one in EXTRA if one.startswith("aws-cdk-lib"))
FLOOR = re.search(r">=([\d.]+)", RANGE)[1]


def run(*command):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "PY"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**inherited, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    "requirement", [f"aws-cdk-lib=={FLOOR}.*", RANGE], ids=["floor", "newest"]
)
def test_the_golden_templates_are_made_by(requirement, tmp_path):
    folder = tmp_path / "venv"
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", requirement, "constructs>=10.4,<11")
    # All else is that of the tests, behind it.
    path = run(python, "-c", "import sysconfig as s; print(s.get_path('purelib'))")
    Path(path.strip(), "tests.pth").write_text(sysconfig.get_path("purelib"))
    said = run(
        python,
        "-c",
        "import aws_cdk, importlib.metadata as m; "
        "print(aws_cdk.__file__, m.version('aws-cdk-lib'))",
    )
    assert said.startswith(str(folder))
    if "==" in requirement:
        assert said.split()[1].startswith(FLOOR)
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly")
    run(python, "-m", "pytest", *quiet, "tests/stacks/test_stack.py", "-k", "golden")
