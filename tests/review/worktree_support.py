"""Apps to review: a template in a repository, and a CDK CLI that runs the app in a moment."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from cdn_review.cli import main

ROOT = Path(__file__).resolve().parents[2]
STACK = "mysite-cdn-prod"
# A CDK CLI of the least: it runs the app of cdk.json, and notes how it was called.
CLI = """\
import json, os, pathlib, subprocess, sys
if sys.argv[1] == "diff":
    sys.exit(print("Stack", sys.argv[2], "\\nNumber of stacks with differences: 1"))
output = sys.argv[sys.argv.index("--output") + 1]
note = {"words": sys.argv[1:], "cwd": os.getcwd(), "variables": dict(os.environ)}
with open(os.environ["SEEN"], "a") as seen:
    seen.write(json.dumps(note) + "\\n")
os.environ["CDK_OUTDIR"] = output
app = json.loads(pathlib.Path("cdk.json").read_text())["app"]
sys.exit(subprocess.run(app, shell=True).returncode)
"""
# An app whose origin is a word of a file, which can be an installed one.
APP = """\
import json, os, pathlib
word = json.loads(pathlib.Path(SOURCE).read_text())
template = pathlib.Path("template.json").read_text().replace("WORD", word)
output = pathlib.Path(os.environ["CDK_OUTDIR"])
output.mkdir(exist_ok=True)
(output / "T.json").write_text(template)
(output / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {
    "mysite-cdn-prod": {"type": "aws:cloudformation:stack",
    "environment": "aws://111122223333/us-east-1",
    "properties": {"templateFile": "T.json"}}}}))
"""


def git(folder, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


def commit(folder, message="Go on"):
    git(folder, "add", "--all", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def template(word="www", viewers="redirect-to-https", **sections):
    """A template with one distribution."""
    config = {
        "Enabled": True,
        "Origins": [{"Id": "o", "DomainName": f"{word}.example.com"}],
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": viewers,
        },
    }
    distribution = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": config},
    }
    return {"Resources": {"Distribution": distribution}, **sections}


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self):
        assert self.code != 2, self.err
        return json.loads(self.out)

    @property
    def words(self):
        """The words of the origins before and after; none if they are equal."""
        texts = " ".join(line["text"] for line in self.data["lines"])
        return tuple(reversed(re.findall(r"'(\w+)\.example\.com'", texts)))

    @property
    def notices(self):
        return self.data["notices"]

    @property
    def base(self):
        return self.data["before"]

    @property
    def error(self):
        assert (self.code, self.out) == (2, ""), self.out
        return self.err.partition("error: ")[2]


def run(*words):
    """The command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


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
        self.write("template.json", self.template())
        self.reads("word.json")
        self.set("old")
        git(self.top, "init", "-q", "-b", "main")
        commit(self.top, "Begin")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def reads(self, source, before=""):
        self.write("app.py", before + APP.replace("SOURCE", repr(source)))

    @staticmethod
    def template(**given):
        return json.dumps(template("WORD", **given))

    def set(self, word):
        self.write("word.json", json.dumps(word))

    def diff(self, *words, folder=None):
        where = ("--app-folder", folder or self.folder)
        return run("diff", "--json", "--cdk", self.cli, *where, *words)

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
