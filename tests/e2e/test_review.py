"""The working tree against what the real CDK CLI has deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from cdk_support import ROOT
from local_support import checkout_of

pytestmark = pytest.mark.slow

STACK = "mysite-cdn-dev"


@pytest.fixture
def checkout(local_site, tmp_path):
    """What was deployed, in another folder and with another origin."""
    folder = checkout_of(tmp_path)
    path = folder / "cdk.json"
    text = path.read_text("utf-8")
    assert text.count('"dev.example.com"') == 1
    path.write_text(text.replace('"dev.example.com"', '"new.example.com"'), "utf-8")
    return folder


@pytest.fixture
def review(aws, checkout):
    def run(*words):
        return subprocess.run(
            [sys.executable, "-P", "-m", "cdn_review", "diff", "--deployed", *words],
            cwd=checkout,
            env={**os.environ, **aws, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=240,
        )

    return run


def test_what_a_deploy_would_change(review):
    done = review("dev", "--json", "--raw")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["before"], said["after"]) == ("what is deployed", "the working tree")
    assert said["environments"] == ["dev"]
    (line,) = said["lines"]
    assert (line["role"], line["topic"]) == ("media and static distribution", "origin")
    assert "new.example.com" in line["text"]


def test_what_is_not_deployed_is_new(review):
    done = review("staging")
    assert done.returncode == 0, done.stderr
    assert "stack: is new: 2 distributions" in done.stdout
