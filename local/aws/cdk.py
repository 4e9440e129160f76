"""The real CDK CLI, run so that it can reach the local AWS and nothing else."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from local.aws.emulator import endpoint, stack_exists
from local.environment import ACCOUNT, REGION, aws_environment, node_folder
from local.state import CHECKOUT, State, read_json, write_atomically

BOOTSTRAP_STACK = "CDKToolkit"


def command(*arguments: str) -> list[str]:
    """The CLI's command line.

    :raises SystemExit: when npm's package is not installed.
    """
    cli = CHECKOUT / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not cli.exists():
        raise SystemExit("the CDK CLI must be installed: run 'make install'")
    return [str(node_folder() / "node"), str(cli), "--no-notices", *arguments]


def run(
    state: State, port: int, arguments: Sequence[str], *, quiet: bool = False
) -> int:
    """Run one command of the CLI against the local AWS and give its exit code.

    A quiet one writes to a log and shows it only when the command fails.
    """
    log = state.log("cdk")
    with log.open("w", encoding="utf-8") if quiet else nullcontext() as output:
        code = subprocess.run(
            command(*with_local_options(arguments)),
            cwd=CHECKOUT,
            env=aws_environment(state, endpoint(port)),
            stdin=subprocess.DEVNULL if quiet else None,
            stdout=output,
            stderr=subprocess.STDOUT if quiet else None,
            check=False,
        ).returncode
    if quiet and code:
        print(log.read_text("utf-8"), file=sys.stderr)
    return code


def with_local_options(arguments: Sequence[str]) -> list[str]:
    """What the emulator needs to be told by.

    Its change sets call every change of a distribution a replacement, so a diff compares
    templates.
    """
    given = list(arguments)
    if given[:1] == ["diff"] and not any(a.startswith("--method") for a in given):
        given.append("--method=template")
    return given


def site_stack(environment: str) -> tuple[str, str]:
    """Name and origin of an environment's stack, from the committed cdk.json.

    Whether the rest of the file is right, the CDK app says when it is synthesized.

    :raises SystemExit: when it has no such environment, or one for another account.
    """
    path = CHECKOUT / "cdk.json"
    try:
        context = json.loads(path.read_text("utf-8"))["context"]
        environments = context["environments"]
        names = ", ".join(environments)
        site = context["site"]
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(
            f"{path} must have a context with site and environments: {error}"
        ) from None
    if environment not in environments:
        raise SystemExit(
            f"--environment must be one of those in cdk.json: {names}, got {environment!r}"
        )
    described = environments[environment]
    account = described.get("account", ACCOUNT)
    if account != ACCOUNT:
        raise SystemExit(
            f"--environment must be one without an account in cdk.json, got {environment!r}: "
            f"it belongs to {account}, and the local AWS is {ACCOUNT}"
        )
    origin = described.get("origin")
    name = origin.get("domain_name") if isinstance(origin, dict) else origin
    return f"{site}-cdn-{environment}", str(name)


def deploy(
    state: State, port: int, stack: str, *, beside: Mapping[str, str] | None = None
) -> bool:
    """Bring the stack to the state of the checkout. False when it already was.

    :param beside: Another stack, as ``local.aws.demo_app`` knows it. Its outputs join those
        of the first. Default: none.
    :raises SystemExit: when the CLI fails; what it said has been shown.
    """
    described = json.dumps(beside)
    stacks = [stack, beside["stack"]] if beside else [stack]
    fingerprint = _fingerprint(f"{stack} {described}")
    is_current = (
        read_json(state.deployed).get("fingerprint") == fingerprint
        and state.outputs.exists()
        and all(stack_exists(port, name) for name in stacks)
    )
    if is_current:
        return False
    if not stack_exists(port, BOOTSTRAP_STACK):
        bootstrap = ["bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", ""]
        _require(run(state, port, bootstrap, quiet=True), "cdk bootstrap")
    written = state.temporary / "cdn-outputs.json"
    written.unlink(missing_ok=True)
    arguments = [
        *("deploy", *stacks, "--require-approval", "never"),
        *("--output", str(state.cdk_out), "--outputs-file", str(written)),
    ]
    if beside:
        arguments += [
            *("--app", "python3 -m local.aws.demo_app", "--concurrency", "2"),
            *("--context", f"private={described}"),
        ]
    _require(run(state, port, arguments, quiet=True), f"cdk deploy {stack}")
    outputs = json.loads(written.read_text("utf-8"))
    together = {name: value for one in stacks for name, value in outputs[one].items()}
    write_atomically(state.outputs, json.dumps({stack: together}, indent=2), mode=0o644)
    write_atomically(state.deployed, json.dumps({"fingerprint": fingerprint}))
    return True


def _require(code: int, what: str) -> None:
    if code:
        raise SystemExit(f"{what} failed with exit code {code}")


def _fingerprint(asked: str) -> str:
    digest = hashlib.sha256(asked.encode())
    for path in _inputs():
        digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    """Every file that decides the template."""
    for name in ("app.py", "cdk.json", "package-lock.json", "requirements.txt"):
        yield CHECKOUT / name
    yield CHECKOUT / "local" / "aws" / "demo_app.py"
    for folder in ("stacks", "constructs_lib", "cdn_model", "dj_cloudfront"):
        yield from sorted((CHECKOUT / folder).rglob("*.py"))
