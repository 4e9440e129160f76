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
    rules_of,
)
from dj_cloudfront.commands.console import Console, in_bytes, iso, table
from dj_cloudfront.commands.list import warn_of_absent

if TYPE_CHECKING:
    from dj_cloudfront.builds.pruning import PruneResult

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
    console: Console,
    *,
    current: str | None,
    trash: timedelta,
    yes: bool,
    **options: Any,
) -> None:
    from dj_cloudfront.builds.pruning import preview, prune

    with as_command_error("pruning", builds_root()):
        act = prune if yes else preview
        result = act(
            builds_root(),
            current=current or _build_in_service(),
            rules=rules_of(options),
            trash_for=trash,
        )
    _write_summary(console, result, trash, yes)
    console.write_json(_data(result, yes))
    if result.failures:
        raise CommandError("not everything was done: " + "; ".join(result.failures))


def _build_in_service() -> str:
    found = build_in_service()
    if found is None:
        raise CommandError(
            "current must be given, such as --current 2026-11-23.1, because the settings have "
            "local URLs, which do not say which build is in service"
        )
    return found


def _write_summary(
    console: Console, result: PruneResult, trash: timedelta, yes: bool
) -> None:
    goes = "goes" if yes else "would go"
    rows = [
        (one.version, goes if one.verdict == "prune" else "stays", one.reason)
        for one in reversed(result.decisions)
    ]
    console.write(table(_HEAD, rows, right=set(), columns=console.columns))
    deleted = "deleted" if yes else "would be deleted"
    for version in result.deleted:
        console.write(f"{deleted} for good: {version}")
    for name in result.incomplete_builds:
        console.write(f"{deleted}, as it was never finished: {name}")
    if result.hashed_folders:
        console.write(
            f"{deleted} for good, as no build names them: {len(result.hashed_folders)} "
            "hashed folders"
        )
    if result.doubtful:
        console.warn(
            f"{len(result.doubtful)} hashed folders stay, because {result.unreadable[0]} may "
            "name them and has no index that can be read: remove it if no page needs it"
        )
    if result.moved:
        console.write(
            "in the trash, and deleted by the first prune after "
            f"{in_words(trash.total_seconds())}; until then, bring one back by:"
        )
    for trashed in result.moved:
        back = shlex.join(("mv", str(trashed.path), f"{result.inventory.root}/"))
        console.write(f"  {back}")
    if not result.inventory.servers:
        console.warn(
            "no server has said which build it serves, so a build counts as superseded when "
            "the next one was published: run 'manage.py cdn use' in each release"
        )
    warn_of_absent(console, result.inventory)
    if not yes and result.pruned:
        from dj_cloudfront.builds.inventory import freed

        size = freed(result.inventory, result.pruned)
        console.write(f"would free, once it is deleted for good: {in_bytes(size)}")
    if not yes:
        console.write("nothing was changed: add --yes to do it")


def _data(result: PruneResult, yes: bool) -> dict[str, Any]:
    return {
        "root": str(result.inventory.root),
        "done": yes,
        "builds": [
            {
                "version": decision.version,
                "verdict": decision.verdict,
                "reasons": list(decision.reasons),
                "superseded": iso(decision.superseded),
            }
            for decision in reversed(result.decisions)
        ],
        "moved": [
            {"version": trashed.version, "path": str(trashed.path)}
            for trashed in result.moved
        ],
        "deleted": result.deleted,
        "incomplete_builds": result.incomplete_builds,
        "hashed_folders": result.hashed_folders,
        "failures": result.failures,
    }
