"""Remove builds that are out of service for long; without --yes, say which."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser

from dj_cloudfront.builds.retention import in_words
from dj_cloudfront.commands._options import (
    add_rules,
    as_command_error,
    build_in_service,
    builds_root,
    days,
    iso,
    rules_of,
    table,
)
from dj_cloudfront.commands.list import warn_of_absent
from dj_cloudfront.commands.terminal import Terminal

if TYPE_CHECKING:
    from dj_cloudfront.builds.pruning import Outcome

_HEAD = ("VERSION", "", "WHY")


def add_arguments(parser: CommandParser) -> None:
    add_rules(parser)
    parser.add_argument(
        "--trash",
        type=days,
        default=timedelta(days=1),
        metavar="DAYS",
        help="what is in the trash for so long is deleted; 0 deletes at once (default: 1)",
    )
    parser.add_argument(
        "--yes", action="store_true", help="do it; without, only say what would be done"
    )


def run(
    terminal: Terminal,
    *,
    current: str | None,
    trash: timedelta,
    yes: bool,
    **options: Any,
) -> None:
    from dj_cloudfront.builds.pruning import preview, prune

    with as_command_error("pruning", builds_root()):
        act = prune if yes else preview
        outcome = act(
            builds_root(),
            current=current or _build_in_service(),
            rules=rules_of(options),
            trash_for=trash,
        )
    _say(terminal, outcome, trash, yes)
    terminal.result(_data(outcome, yes))
    if outcome.failures:
        raise CommandError("not everything was done: " + "; ".join(outcome.failures))


def _build_in_service() -> str:
    found = build_in_service()
    if found is None:
        raise CommandError(
            "current must be given, such as --current 2026-11-23.1, because the settings have "
            "local URLs, which do not say which build is in service"
        )
    return found


def _say(terminal: Terminal, outcome: Outcome, trash: timedelta, yes: bool) -> None:
    goes = "goes" if yes else "would go"
    rows = [
        (one.version, goes if one.verdict == "prune" else "stays", one.reason)
        for one in reversed(outcome.decisions)
    ]
    terminal.say(table(_HEAD, rows, right=set()))
    deleted = "deleted" if yes else "would be deleted"
    for version in outcome.deleted:
        terminal.say(f"{deleted} for good: {version}")
    for name in outcome.incomplete_builds:
        terminal.say(f"{deleted}, as nobody finished it: {name}")
    _say_how_to_bring_back(terminal, outcome, trash)
    if not outcome.inventory.servers:
        terminal.warn(
            "no server has said which build it serves, so a build counts as superseded when "
            "the next one was published: run 'manage.py cdn use' in each release"
        )
    warn_of_absent(terminal, outcome.inventory)
    if not yes:
        terminal.say("nothing was changed: add --yes to do it")


def _say_how_to_bring_back(
    terminal: Terminal, outcome: Outcome, trash: timedelta
) -> None:
    if not outcome.moved:
        return
    terminal.say(
        "in the trash, and deleted by the first prune after "
        f"{in_words(trash.total_seconds())}; until then, bring one back by:"
    )
    for one in outcome.moved:
        back = shlex.join(("mv", str(one.path), f"{outcome.inventory.root}/"))
        terminal.say(f"  {back}")


def _data(outcome: Outcome, yes: bool) -> dict[str, Any]:
    return {
        "root": str(outcome.inventory.root),
        "done": yes,
        "builds": [
            {
                "version": one.version,
                "verdict": one.verdict,
                "reasons": list(one.reasons),
                "superseded": iso(one.superseded),
            }
            for one in reversed(outcome.decisions)
        ],
        "moved": [
            {"version": one.version, "path": str(one.path)} for one in outcome.moved
        ],
        "deleted": outcome.deleted,
        "leftovers": outcome.incomplete_builds,
        "failures": outcome.failures,
    }
