"""Apps to review: a template in a repository, and a CDK CLI that runs the app in a moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A CDK CLI of the least: it runs the app of cdk.json, and notes how it was called.
CLI = """\
import json, os, pathlib, subprocess, sys
output = sys.argv[sys.argv.index("--output") + 1]
note = {"words": sys.argv[1:], "cwd": os.getcwd(), "variables": dict(os.environ)}
with open(os.environ["SEEN"], "a") as seen:
    seen.write(json.dumps(note) + "\\n")
os.environ["CDK_OUTDIR"] = output
app = json.loads(pathlib.Path("cdk.json").read_text())["app"]
sys.exit(subprocess.run(app, shell=True).returncode)
"""
APP = """\
import json, os, pathlib
template = json.loads(pathlib.Path("template.json").read_text())
output = pathlib.Path(os.environ["CDK_OUTDIR"])
output.mkdir(exist_ok=True)
(output / "T.json").write_text(json.dumps(template))
(output / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {
    "mysite-cdn-prod": {"type": "aws:cloudformation:stack",
    "environment": "aws://111122223333/us-east-1",
    "properties": {"templateFile": "T.json"}}}}))
"""
STACK = "mysite-cdn-prod"


def git(folder, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


def commit(folder, message="Go on"):
    git(folder, "add", "--all", ".")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def template(comment="old", **sections):
    """A template with one distribution."""
    config = {
        "Enabled": True,
        "Comment": comment,
        "Origins": [{"Id": "o", "DomainName": "www.example.com"}],
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "redirect-to-https",
        },
    }
    distribution = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": config},
    }
    return {"Resources": {"Distribution": distribution}, **sections}


def comment_of(snapshot):
    """What tells the templates of these tests apart."""
    (stack,) = snapshot.stacks.values()
    properties = stack.template["Resources"]["Distribution"]["Properties"]
    return properties["DistributionConfig"]["Comment"]


class App:
    """An app in the folder infra of a repository, on main, with one commit."""

    def __init__(self, tmp_path):
        self.top = tmp_path / "repository"
        self.folder = self.top / "infra"
        self.seen = tmp_path / "seen.jsonl"
        self.cli = f"{sys.executable} {tmp_path / 'cdk.py'}"
        (tmp_path / "cdk.py").write_text(CLI)
        self.folder.mkdir(parents=True)
        self.write("cdk.json", json.dumps({"app": "python3 app.py"}))
        self.write("app.py", APP)
        self.set("old")
        git(self.top, "init", "-q", "-b", "main")
        commit(self.top, "Begin")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def set(self, comment):
        self.write("template.json", json.dumps(template(comment)))

    def sides(self, against=None, folder=None):
        from cdn_review.worktree import sides

        return sides(folder or self.folder, against=against, cdk=self.cli)

    def calls(self):
        """How the CLI was called since the last time."""
        if not self.seen.exists():
            return []
        calls = [json.loads(line) for line in self.seen.read_text().splitlines()]
        self.seen.unlink()
        return calls

    def worktrees(self):
        return git(self.top, "worktree", "list").splitlines()


def review(*words, cwd, **variables):
    """The command as a shell calls it, in a folder."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "cdn_review", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=240,
    )
