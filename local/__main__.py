"""``python -m local``: the whole site, with its CDN, on this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local import edge, release, supervisor
from local.aws import cdk
from local.environment import forget_foreign_aws
from local.progress import Progress
from local.record import require_record
from local.state import CHECKOUT, State

_NOT_UP = 3
# As shells say it of a command that Ctrl-C ended.
_INTERRUPTED = 130
# What listens where a command brings it up, besides the edge's TLS.
_PORTS = {"up": ("aws", "edge", "django", "web"), "edge": ("aws", "edge")}


def main() -> int:
    try:
        return _main()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None


def _main() -> int:
    arguments = _parser().parse_args()
    # A umask of its own: the state holds a secret key and a database.
    os.umask(0o077)
    forget_foreign_aws()
    state = State(folder=arguments.state.resolve())
    progress = Progress()
    match arguments.command:
        case "up":
            wanted = _wanted_ports(arguments)
            supervisor.up(state, arguments.environment, wanted, progress)
        case "edge":
            wanted = _wanted_ports(arguments)
            edge.edge(state, arguments.origin, arguments.environment, wanted, progress)
        case "status":
            return _status(state, as_json=arguments.json)
        case "release":
            release.release(state, arguments.version, progress)
        case "down":
            return 0 if supervisor.down(state, progress) else 1
        case "cdk":
            return _cdk(state, arguments.arguments)
    return 0


def _wanted_ports(arguments: argparse.Namespace) -> dict[str, int | None]:
    listening = [*_PORTS[arguments.command], *(["tls"] if arguments.tls else [])]
    return {name: getattr(arguments, f"{name}_port") for name in listening}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument(
        "--state",
        type=Path,
        default=CHECKOUT / ".local",
        help="the folder for everything that is written (default: .local)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="deploy, start all, and stay until Ctrl-C")
    alone = commands.add_parser(
        "edge", help="the CDN alone, in front of a site of your own, until Ctrl-C"
    )
    alone.add_argument(
        "--origin",
        required=True,
        metavar="ADDRESS:PORT",
        help="where your server listens on this machine, such as 127.0.0.1:8081",
    )
    for parsed, ports in ((up, _PORTS["up"]), (alone, _PORTS["edge"])):
        parsed.add_argument(
            "--environment", default="dev", help="of cdk.json (default: dev)"
        )
        parsed.add_argument(
            "--tls", action="store_true", help="serve files with TLS as well"
        )
        for name in (*ports, "tls"):
            parsed.add_argument(
                f"--{name}-port", type=_port, help="default: one that is free"
            )
    status = commands.add_parser("status", help="what runs, and where")
    status.add_argument("--json", action="store_true")
    ship = commands.add_parser("release", help="ship the next build, or go back to one")
    ship.add_argument("version", nargs="?", help="default: the next number")
    commands.add_parser("down", help="end all processes")
    tool = commands.add_parser(
        "cdk", help="the CDK CLI against the local AWS, such as: cdk diff"
    )
    tool.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be from 1 to 65535, got {text!r}")


def _status(state: State, *, as_json: bool) -> int:
    found = supervisor.status(state)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        print(_table(found) if found["up"] else "not up")
    return 0 if found["up"] else _NOT_UP


def _table(found: Mapping[str, object]) -> str:
    shown = (
        *("site", "static", "media", "private", "tls"),
        *("aws", "stack", "build", "state"),
    )
    return "\n".join(f"{name:<8}{found[name]}" for name in shown if found.get(name))


def _cdk(state: State, arguments: list[str]) -> int:
    return cdk.run(state, require_record(state).ports.aws, arguments)


if __name__ == "__main__":
    sys.exit(main())
