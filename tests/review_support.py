"""Apps to review: a template in a repository, and a CDK CLI that hands it on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cdn_review.__main__ import main

# Not that of cdk_support, which takes seconds to import.
ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "snapshots" / "mysite-cdn-prod.template.json"

# A CDK CLI for apps that are a template: what it is told, it does.
CLI = """\
import json, os, pathlib, shutil, sys
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir()
template = json.loads(pathlib.Path("template.json").read_text())
if "fail" in template:
    sys.exit(print(template["fail"]) or 1)
pathlib.Path(os.environ["SEEN"]).write_text(json.dumps(
    {"words": sys.argv[1:], "variables": dict(os.environ), "cwd": os.getcwd()}))
shutil.copy("template.json", output / "T.json")
(output / "manifest.json").write_text(json.dumps({"artifacts": {"mysite-cdn-prod": {
    "type": "aws:cloudformation:stack",
    "environment": "aws://111122223333/us-east-1",
    "properties": {"templateFile": "T.json"}}}}))
"""


def golden(**changes):
    """The golden template of production, with other properties of its distributions."""
    template = json.loads(GOLDEN.read_text("utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFront::Distribution":
            resource["Properties"]["DistributionConfig"] |= changes
    return template


def git_in(folder, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    command = ["git", *identity, *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def app_in(tmp_path, monkeypatch):
    """An app in a subfolder of a repository, on main, with one commit."""
    repository = tmp_path / "repository"
    folder = repository / "infra"
    folder.mkdir(parents=True)
    (folder / "cdk.json").write_text("{}")
    (folder / "template.json").write_text(json.dumps(golden()))
    (tmp_path / "cdk.py").write_text(CLI)
    git_in(repository, "init", "-q", "-b", "main")
    git_in(repository, "add", ".")
    git_in(repository, "commit", "-q", "-m", "Begin")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.json"))
    monkeypatch.chdir(folder)
    return folder


def diff(*words):
    program = f"{sys.executable} {Path.cwd().parents[1] / 'cdk.py'}"
    return main(["diff", "--cdk", program, *words])
