"""Install the judges below .local/judges, once for each set of pins."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "judges"
PINS = Path(__file__).with_name("requirements.txt")
PLUGINS = "plugins"


class NotInstalled(Exception):
    """A judge could not be installed."""


def ensure(folder=FOLDER, only=None):
    """Install what is not there yet, and say where each group is.

    :param only: One group. Default: all.
    """
    wanted = {name: pins for name, pins in groups().items() if only in (None, name)}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for group, pins in wanted.items():
            _ensure(folder / group, pins)
    return {group: folder / group for group in wanted}


def groups():
    """The pins, by group."""
    found = {}
    for line in PINS.read_text("utf-8").splitlines():
        if line.startswith("# group: "):
            group = line.removeprefix("# group: ").split()[0]
            found[group] = []
        elif line and not line.startswith("#"):
            found[group].append(line)
    return found


def _ensure(target, pins):
    # What is installed depends on the interpreter too.
    wanted = "\n".join([sys.version, *pins])
    stamp = target / ".pins"
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    print(f"installing {', '.join(pins)}", flush=True)
    shutil.rmtree(target, ignore_errors=True)
    if target.name == PLUGINS:
        # Without dependencies: aws-cdk-lib alone is 428 MB, and has to be the project's own.
        _pip(sys.executable, pins, "--no-deps", "--target", str(target))
    else:
        subprocess.run([sys.executable, "-m", "venv", str(target)], check=True)
        _pip(str(target / "bin" / "python"), pins)
    stamp.write_text(wanted, "utf-8")


def _pip(python, pins, *options):
    quiet = ("--quiet", "--no-compile", "--disable-pip-version-check", "--no-input")
    done = subprocess.run(
        [python, "-m", "pip", "install", *quiet, *options, *pins],
        env={**os.environ, "PIP_RETRIES": os.environ.get("PIP_RETRIES", "1")},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotInstalled(
            f"{', '.join(pins)} must be installed once from a package registry, which "
            f"failed: {last}"
        )


if __name__ == "__main__":
    try:
        ensure(*map(Path, sys.argv[1:]))
    except NotInstalled as error:
        sys.exit(str(error))
