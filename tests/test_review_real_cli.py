"""The review by the real CDK CLI, in a clone of this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from cdk_support import ROOT, cdk_json

pytestmark = pytest.mark.slow

STACK = "mysite-cdn-prod"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The last commit and the tests' site, committed; beside it what make installs."""
    folder = tmp_path_factory.mktemp("clone") / "site"
    git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder), cwd=ROOT)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / "cdk.json").write_text(cdk_json(), "utf-8")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    git(*identity, "commit", "-q", "--allow-empty", "-a", "-m", "Site", cwd=folder)
    return folder


def git(*words, cwd):
    return subprocess.run(
        ["git", *words], cwd=cwd, check=True, capture_output=True, text=True
    ).stdout


def review(*words, cwd):
    """The command of this checkout, and not of the clone."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "cdn_review", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_what_the_working_tree_changes_and_the_diff_of_the_cli(clone):
    path = clone / "cdk.json"
    settings = json.loads(path.read_text("utf-8"))
    environments = settings["context"]["environments"]
    environments["prod"]["origin"] = "new.example.com"
    path.write_text(json.dumps(settings), "utf-8")
    before = git("status", "--porcelain", cwd=clone)
    done = review("diff", "--against", "HEAD", "--raw", cwd=clone)
    assert done.returncode == 0, done.stderr
    first, raw = done.stdout.split("cdk diff")
    assert first.startswith("CDN review: 2 changes\n")
    said = "media and static distribution: files come from the origin 'new.example"
    assert said in first
    assert f"Stack {STACK}\n" in raw
    assert '[+] "DomainName": "new.example.com"' in " ".join(raw.split())
    assert "Stack mysite-cdn-dev" not in raw
    assert "111122223333" not in done.stdout + done.stderr
    # Another form of the file, and nothing that the review has left.
    assert git("status", "--porcelain", cwd=clone) == before
    assert not (clone / "cdk.out").exists()


def test_a_revision_that_does_not_synthesize_ends_with_2(clone):
    path = clone / "app.py"
    text = path.read_text("utf-8")
    path.write_text("raise SystemExit('no app in 111122223333 yet')\n")
    try:
        done = review("synthesize", "-o", "head.json", cwd=clone)
    finally:
        path.write_text(text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the app must synthesize without credentials")
    assert "no app in account-aeb2 yet" in done.stderr
    assert "111122223333" not in done.stderr
    assert not (clone / "head.json").exists()
