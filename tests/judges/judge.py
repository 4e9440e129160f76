"""Have every judge look at every case, and gather what they say in one shape."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


# Not a judge: what the constructs tell their user, such as which policy he has to write.
NOTES = "Construct Annotations"


class Finding(NamedTuple):
    """A rule that a construct breaks; acknowledged where, and why, if it is."""

    stack: str
    path: str
    rule: str
    place: str | None = None
    reason: str | None = None


class Verdicts(NamedTuple):
    """What all judges said of all cases."""

    plugins: list[Finding]
    acknowledged: list[Finding]
    checkov: list[Finding]
    lint: list[Finding]
    templates: Path
    seconds: dict[str, float]

    def of(self, stack):
        """The same of one stack."""
        kinds = (self.plugins, self.acknowledged, self.checkov, self.lint)
        kept = ([one for one in kind if one.stack == stack] for kind in kinds)
        return Verdicts(*kept, self.templates, self.seconds)


def judge(folder, places):
    """Run the judges, which are installed in these places.

    :raises RuntimeError: when one of them does not do its work.
    """
    seconds = {}
    started = time.monotonic()
    _synthesize(places["plugins"], folder)
    seconds["synthesis, cdk-nag, guard rules"] = time.monotonic() - started
    paths = _paths(folder)
    plugins, acknowledged = _report(folder)
    found = {}
    for name, look in (("checkov", _checkov), ("cfn-lint", _lint)):
        started = time.monotonic()
        found[name] = look(places[name] / "bin" / name, folder, paths)
        seconds[name] = time.monotonic() - started
    return Verdicts(
        plugins, acknowledged, found["checkov"], found["cfn-lint"], folder, seconds
    )


def _synthesize(plugins, folder):
    path = os.pathsep.join(
        map(str, (plugins, ROOT, HERE.parent / "support", HERE.parent, HERE))
    )
    _run(
        [sys.executable, str(HERE / "synthesize.py"), str(folder)],
        # jsii finds node beside the interpreter.
        env={
            **os.environ,
            "PATH": os.pathsep.join(
                (str(Path(sys.executable).parent), os.environ["PATH"])
            ),
            "PYTHONPATH": path,
        },
    )


def _report(folder):
    report = json.loads((folder / "validation-report.json").read_text("utf-8"))
    found = {"violations": [], "suppressedViolations": []}
    for plugin in report["pluginReports"]:
        if plugin["pluginName"] == NOTES:
            continue
        for kind, findings in found.items():
            for violation in plugin.get(kind, ()):
                findings += _of(plugin["pluginName"], violation)
    return found["violations"], found["suppressedViolations"]


def _of(plugin, violation):
    place = violation.get("acknowledgedAt")
    for construct in violation["violatingConstructs"]:
        stack, _, path = construct["constructPath"].partition("/")
        yield Finding(
            stack=stack,
            path=path,
            rule=f"{plugin}::{violation['ruleName']}",
            place=place.partition("/")[2] if place else None,
            reason=violation.get("reason"),
        )


def _paths(folder):
    """The path of each logical id, because templates hold none."""
    found = {}
    for file in folder.glob("*.metadata.json"):
        for path, entries in json.loads(file.read_text("utf-8")).items():
            stack, _, inner = path.strip("/").partition("/")
            for entry in entries:
                if entry["type"] == "aws:cdk:logicalId":
                    found[stack, entry["data"]] = inner
    return found


def _templates(folder):
    return sorted(path.name for path in folder.glob("*.template.json"))


def _stack(file):
    return Path(file).name.removesuffix(".template.json")


def _checkov(program, folder, paths):
    files = [part for name in _templates(folder) for part in ("--file", name)]
    options = ("--framework", "cloudformation", "--skip-download", "--compact")
    text = _run([str(program), *files, *options, "--output", "json"], folder, (0, 1))
    report = json.loads(text)
    if report["summary"]["parsing_errors"]:
        raise RuntimeError(f"checkov could not read a template: {report['summary']}")
    return [
        Finding(
            stack=_stack(check["file_path"]),
            path=paths[_stack(check["file_path"]), check["resource"].split(".")[1]],
            rule=check["check_id"],
        )
        for check in report["results"]["failed_checks"]
    ]


def _lint(program, folder, paths):
    command = [str(program), "--format", "json", "--", *_templates(folder)]
    # Exit codes are bits: errors 2, warnings 4, informational 8.
    found = json.loads(_run(command, folder, range(0, 15, 2)))
    return [
        Finding(
            stack=_stack(match["Filename"]),
            path=_path(paths, match),
            rule=match["Rule"]["Id"],
        )
        for match in found
    ]


def _path(paths, match):
    location = match["Location"]["Path"] or ["the template"]
    logical_id = location[1] if location[0] == "Resources" else location[0]
    return paths.get((_stack(match["Filename"]), logical_id), str(logical_id))


def _run(command, cwd=None, good=(0,), env=None):
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode not in good:
        raise RuntimeError(
            f"{Path(command[0]).name} ended with {done.returncode}: "
            f"{done.stderr[-2000:]}{done.stdout[-2000:]}"
        )
    return done.stdout
