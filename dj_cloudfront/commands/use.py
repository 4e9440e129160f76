"""Say which build this server serves, so that no prune on any server removes it."""

from __future__ import annotations

import socket
from typing import Any

from django.core.management.base import CommandError, CommandParser

from dj_cloudfront.commands._options import (
    as_command_error,
    build_in_service,
    builds_root,
)
from dj_cloudfront.commands.console import Console


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "version",
        nargs="?",
        metavar="VERSION",
        help="the build (default: the one of the settings)",
    )
    parser.add_argument(
        "--server",
        metavar="NAME",
        help="the name of this server (default: its host name)",
    )
    parser.add_argument(
        "--forget",
        metavar="NAME",
        help="drop a server that is gone for good, in place of declaring a build",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(
    console: Console,
    *,
    version: str | None,
    server: str | None,
    forget: str | None,
    **_: Any,
) -> None:
    if forget is None:
        _register(console, version, server)
    elif version is None and server is None:
        _unregister(console, forget)
    else:
        raise CommandError(
            "forget must be given alone, such as --forget web-1, without VERSION and --server"
        )


def _register(console: Console, version: str | None, server: str | None) -> None:
    from dj_cloudfront.builds.in_use import check_server, register_server

    with as_command_error("declaring a build", builds_root()):
        build = version or build_in_service()
        if build is None:
            raise CommandError(
                "VERSION must be given, such as 'cdn use 2026-11-23.1', because the settings "
                "have local URLs, which name no build"
            )
        name = check_server(server if server is not None else socket.gethostname())
        before = register_server(builds_root(), build, server=name)
    console.write_json({"server": name, "version": build, "before": before})
    console.write(f"{name} serves {build}{_was(before, build)}")


def _was(before: str | None, build: str) -> str:
    if before == build:
        return ", as before"
    return "" if before is None else f", and no longer {before}"


def _unregister(console: Console, server: str) -> None:
    from dj_cloudfront.builds.in_use import check_server, unregister_server

    with as_command_error("forgetting a server", builds_root()):
        name = check_server(server)
        before = unregister_server(builds_root(), name)
    console.write_json({"server": name, "version": None, "before": before})
    console.write(f"{name} is forgotten; it served {before or 'no known build'}")
